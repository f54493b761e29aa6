/**
 * One round on the machines of a topology: faults, mending, the wait for an answer, the way home, the evidence.
 * Invariant: it always ends, leaves every fault mended, and tells what happened as a value; it throws only when the machines
 * were not whole at its beginning.
 */
import type { Machine } from '../../pair/apmode-pair.ts'
import { startSampler } from '../../pair/lab/sampler.ts'
import { waitFor } from '../../pair/lab/wait.ts'
import { accountOf, historyAfter, newestDecision, storyOf } from '../evidence.ts'
import type { Fault } from '../fault.ts'
import type { Typed } from '../home.ts'
import { falsehoods } from '../oracles.ts'
import { randomOf } from '../random.ts'
import type { Event } from '../round.ts'
import { isSingle, type Round } from '../schedule.ts'
import { mendAll, type Placed, strikeAndMend } from '../strikes.ts'
import { BLIND, UNTOLD } from './faults.ts'
import { goHome, whatIsMissing } from './home.ts'
import { type Broken, type Evidence, judge } from './oracles.ts'
import type { Standing, Topology } from './topology.ts'

export interface TopologyResult {
  readonly round: Round
  readonly begun: string
  readonly tookMs: number
  readonly events: readonly Event[]
  readonly outageMs: number | null
  readonly typed: readonly Typed[]
  readonly broken: readonly Broken[]
  /** Each machine's own words; empty when no oracle is broken. */
  readonly stories: readonly string[]
  readonly whole: boolean
}

const BEGIN_PATIENCE_MS = 15_000
const ANSWER_PATIENCE_MS = 20_000
const HOME_PATIENCE_MS = 90_000
const AGREEMENT_PATIENCE_MS = 10_000
/** For the machines to agree again on who has the VIP, after what kept them apart has been mended. */
const SETTLED_MS = 2000

export async function playTopologyRound(
  topology: Topology,
  standing: Standing,
  round: Round,
  onEvent: (event: Event) => void,
): Promise<TopologyResult> {
  const { nodes } = standing
  await isWhole(topology, standing)
  const scenes = await scenesOf(standing, round, topology.faults)
  const decisions = await Promise.all(nodes.map(newestDecision))
  const sampler = startSampler(standing)
  await waitFor(() => nodes.every(({ name }) => sampler.vip.some(({ node }) => node === name)), {
    patienceMs: BEGIN_PATIENCE_MS,
    reason: 'a sample of each machine',
  })
  const struckAt = Date.now()
  const events: Event[] = []
  const tell = (what: string) => {
    const event = { ms: Date.now() - struckAt, what }
    events.push(event)
    onEvent(event)
  }
  await Promise.all(scenes.map((scene) => strikeAndMend(scene, tell, [])))
  await mendAll(standing, scenes, tell)
  const mendedAt = Date.now()
  const cameBack = await answered(standing, mendedAt)
  tell(cameBack ? 'a client is answered' : 'no answer comes back by itself')
  const typed: Typed[] = []
  const missing = await goHome(nodes, topology, {
    patienceMs: HOME_PATIENCE_MS,
    onTyped(command) {
      typed.push(command)
      tell(`${command.machine} # apmode ${command.command} → exit ${command.exit}`)
    },
  })
  if (missing === null) await answered(standing, Date.now())
  tell(missing === null ? 'whole' : `not whole: ${missing}`)
  const { bothHolders } = await sampler.stop()
  const outageMs = longestGap(standing.answers(), struckAt)
  const blind = scenes.some(({ fault }) => BLIND.includes(fault.key))
  const evidence: Evidence = {
    ...(await told(nodes, decisions)),
    vip: sampler.vip,
    bothHolders,
    apart: standing.apart?.().filter(({ to }) => to >= struckAt) ?? [],
    untold: scenes.filter(({ fault }) => UNTOLD.includes(fault.key)).map(({ machine }) => machine.name),
    excused: blind ? { from: struckAt, to: mendedAt + SETTLED_MS } : null,
    single: isSingle(round) && scenes.every(({ fault }) => fault.personsDecision !== true),
    outageMs,
    withinMs: topology.withinMs,
    cameBack,
    lost: missing === null ? ((await standing.lost?.()) ?? []) : [],
    typed,
    missing,
  }
  const broken = judge(evidence)
  return {
    round,
    begun: new Date(struckAt).toISOString(),
    tookMs: Date.now() - struckAt,
    events,
    outageMs,
    typed,
    broken,
    stories: broken.length === 0 ? [] : await Promise.all(nodes.map((node) => storyOf(node, struckAt))),
    whole: missing === null,
  }
}

async function isWhole(topology: Topology, standing: Standing): Promise<void> {
  let missing: string | null = null
  const whole = async () => {
    missing = whatIsMissing(await Promise.all(standing.nodes.map((node) => node.status())), topology)
    return missing === null
  }
  await waitFor(whole, { patienceMs: BEGIN_PATIENCE_MS, reason: 'whole machines', everyMs: 100 }).catch((thrown) => {
    throw new Error(`${thrown}: ${missing}`)
  })
  if (!(await answered(standing, Date.now()))) throw new Error('cannot begin a round: no client is answered')
}

async function scenesOf({ nodes, names }: Standing, round: Round, faults: readonly Fault[]): Promise<Placed[]> {
  const holding = await Promise.all(nodes.map((node) => node.holdsVip()))
  const holder = nodes.find((_, index) => holding[index] === true)
  const others = nodes.filter((node) => node !== holder)
  if (holder === undefined) throw new Error('cannot begin a round: nobody has the VIP')
  return round.strikes.flatMap((strike, index) => {
    const fault = faults.find(({ key }) => key === strike.fault)
    if (fault === undefined) throw new Error(`cannot strike: there is no fault ${strike.fault}`)
    const other = randomOf(round.seed, 'other', round.number, index).pick(others)
    const machines = strike.place === 'both' ? [holder, other] : [strike.place === 'holder' ? holder : other]
    return machines.map((machine) => {
      const random = randomOf(round.seed, 'strike', round.number, index, machine.name)
      return { strike, fault, machine, peer: machine === holder ? other : holder, pair: { names }, random }
    })
  })
}

/** False: no answer within the patience. */
function answered(standing: Standing, since: number): Promise<boolean> {
  const there = () => (standing.answers().at(-1) ?? 0) > since + 100
  return waitFor(there, { patienceMs: ANSWER_PATIENCE_MS, reason: 'an answer' }).catch(() => false)
}

/** Null: no answer after that moment. */
function longestGap(answers: readonly number[], since: number): number | null {
  const gaps = answers.flatMap((at, index) => (at < since ? [] : [at - (answers[index - 1] ?? at)]))
  return gaps.length === 0 ? null : Math.round(Math.max(...gaps))
}

/** What the machines say of themselves, once they have had a moment to come to rest. */
async function told(
  nodes: readonly Machine[],
  decisions: readonly (string | null)[],
): Promise<Pick<Evidence, 'accounts' | 'histories'>> {
  let accounts: Evidence['accounts'] = []
  const agree = async () => {
    accounts = await Promise.all(nodes.map(accountOf))
    return accounts.every((account) => falsehoods(account).length === 0)
  }
  const reason = 'a status that agrees with the machine'
  await waitFor(agree, { patienceMs: AGREEMENT_PATIENCE_MS, reason, everyMs: 300 }).catch(() => {})
  const histories = await Promise.all(
    nodes.map(async (node, index) => {
      const entries = await historyAfter(node, decisions[index] ?? null).catch(() => [])
      return [node.name, entries] as const
    }),
  )
  return { accounts, histories: Object.fromEntries(histories) }
}
