/**
 * A few rounds of the campaign on each topology without a database pair (docs/reliability.md), of a fixed seed: the recipes as
 * they stand, the package, real machines. A broken oracle fails with its evidence and with the command that repeats it.
 */
import { describe, expect, test } from 'vitest'
import { TOPOLOGIES } from '../campaign/topologies/all.ts'
import { lineOfRound, reportOfRound, topologyCampaign } from '../campaign/topologies/campaign.ts'
import type { TopologyResult } from '../campaign/topologies/round.ts'
import { whyNoLab } from './lab/requirements.ts'

const ROUNDS = 3
const LIMIT_MS = 300_000
/** Each with faults that last short: it is `npm run campaign` that takes its time. */
const SEEDS: Readonly<Record<string, string>> = {
  haproxy: '262',
  holder: '266',
  trio: '261',
  galera: '1417',
}

describe.skipIf(whyNoLab() !== null)('a short campaign', () => {
  // Two members of Galera have tests enough of their own here (recipe-galera-pair).
  test.each(TOPOLOGIES.filter(({ key }) => key in SEEDS))(
    'on $key: whatever is done to them, every oracle is kept',
    async (topology) => {
      const results: TopologyResult[] = []
      const replaced: string[] = []
      const say = (sentence: string) => process.stderr.write(`${sentence}\n`)
      await topologyCampaign({
        topology,
        seed: SEEDS[topology.key] ?? '1',
        from: 1,
        rounds: ROUNDS,
        endsAt: null,
        faults: topology.faults,
        keepGoing: true,
        onProgress: say,
        onRound: ({ number, strikes }) =>
          say(`round ${number}: ${strikes.map(({ fault, place }) => `${fault} (${place})`).join(' + ')}`),
        onEvent: ({ ms, what }) => say(`  ${`+${ms} ms`.padStart(10)}  ${what}`),
        onResult(result) {
          results.push(result)
          say(`  ${lineOfRound(result)}`)
        },
        onReplaced: (reason) => replaced.push(reason),
      })
      expect(replaced).toEqual([])
      expect(results).toHaveLength(ROUNDS)
      const reports = results.filter(({ broken }) => broken.length > 0).map((result) => reportOfRound(result, topology))
      expect(reports.join('\n\n')).toBe('')
    },
    LIMIT_MS,
  )
})
