/** The campaign on a topology: its machines, its rounds, and what is said of them. */

import { reportOf } from '../report.ts'
import type { Event } from '../round.ts'
import { playRounds, type RoundsOrder } from '../rounds.ts'
import { isSingle } from '../schedule.ts'
import { duration } from '../summary.ts'
import { TOPOLOGY_ORACLES } from './oracles.ts'
import { playTopologyRound, type TopologyResult } from './round.ts'
import type { Standing, Topology } from './topology.ts'

export interface TopologyOrder extends RoundsOrder<TopologyResult> {
  readonly topology: Topology
  readonly onEvent: (event: Event) => void
}

export async function topologyCampaign(order: TopologyOrder): Promise<void> {
  const topology = { ...order.topology, faults: order.faults }
  await playRounds<Standing, TopologyResult>(order, {
    start: () => topology.start(order.onProgress),
    play: (standing, round) => playTopologyRound(topology, standing, round, order.onEvent),
  })
}

export function lineOfRound({ broken, tookMs, outageMs, typed }: TopologyResult): string {
  const verdict =
    broken.length === 0 ? 'kept' : `BROKEN: ${[...new Set(broken.map(({ oracle }) => oracle))].join(', ')}`
  const words = typed.map(({ machine, command }) => `${machine}: ${command}`)
  const parts = [
    duration(tookMs),
    `${duration(outageMs)} without an answer`,
    ...(words.length === 0 ? [] : [`typed ${words.join(', ')}`]),
  ]
  return `${verdict}; ${parts.join('; ')}`
}

export function reportOfRound(result: TopologyResult, { key }: Topology): string {
  const { number, seed } = result.round
  const replay = `npm run campaign -- --topology ${key} --seed ${seed} --round ${number}`
  return reportOf(result, replay, `${key}: `)
}

/** What the rounds come to, as text. */
export function tableOfRounds(results: readonly TopologyResult[], { key, faults }: Topology): string {
  const struck = results.flatMap(({ round }) => round.strikes.map(({ fault }) => fault))
  const outages = results.flatMap(({ outageMs }) => (outageMs === null ? [] : [outageMs])).sort((a, b) => a - b)
  const rows = [
    ['topology', key],
    [
      'rounds',
      `${results.length}, ${results.filter(({ round }) => isSingle(round)).length} with a single fault on one machine`,
    ],
    ['faults struck', `${struck.length} of ${new Set(struck).size} kinds (there are ${faults.length})`],
    ['without an answer, median of the rounds', duration(outages[Math.floor((outages.length - 1) / 2)] ?? null)],
    ['without an answer, longest', duration(outages.at(-1) ?? null)],
    ['commands typed', String(results.reduce((sum, { typed }) => sum + typed.length, 0))],
  ]
  const oracles = TOPOLOGY_ORACLES.map(({ key: oracle, title }) => {
    const count = results.filter(({ broken }) => broken.some((one) => one.oracle === oracle)).length
    return count === 0 ? `  kept    ${title}` : `  BROKEN  ${title}: in ${count} rounds`
  })
  return [...rows.map(([name = '', value]) => `${name.padEnd(44)} ${value}`), '', ...oracles].join('\n')
}
