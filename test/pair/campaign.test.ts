/**
 * A few rounds of the campaign (docs/reliability.md) on two real machines: those of a fixed seed, and those of
 * APMODE_CAMPAIGN_SEED when it is set. A broken oracle fails with its evidence and with the command that repeats it.
 */
import { describe, expect, test } from 'vitest'
import { campaign } from '../campaign/campaign.ts'
import { FAULTS } from '../campaign/faults/all.ts'
import { replayOf, reportOf, roundLine } from '../campaign/report.ts'
import type { RoundResult } from '../campaign/round.ts'
import { LAB_SECRET } from './apmode-pair.ts'
import { whyNoLab } from './lab/requirements.ts'

const obstacle = whyNoLab()
const ROUNDS = 4
const LIMIT_MS = 600_000
const SEEDS = ['3', process.env.APMODE_CAMPAIGN_SEED ?? ''].filter((seed) => seed !== '')

describe.skipIf(obstacle !== null)('a short campaign', () => {
  test.each(SEEDS)(
    'of seed %s: whatever is done to the pair, every oracle is kept',
    async (seed) => {
      const results: RoundResult[] = []
      const replaced: string[] = []
      const say = (sentence: string) => process.stderr.write(`${sentence}\n`)
      await campaign({
        seed,
        from: 1,
        rounds: ROUNDS,
        endsAt: null,
        faults: FAULTS,
        keepGoing: true,
        secret: LAB_SECRET,
        onProgress: say,
        onRound: ({ number, strikes }) =>
          say(`round ${number}: ${strikes.map(({ fault, place }) => `${fault} (${place})`).join(' + ')}`),
        onEvent: () => {},
        onResult(result) {
          results.push(result)
          say(`  ${roundLine(result)}`)
        },
        onReplaced: (reason) => replaced.push(reason),
      })
      expect(replaced).toEqual([])
      expect(results).toHaveLength(ROUNDS)
      const broken = results.filter((result) => result.broken.length > 0)
      const reports = broken.map((result) => reportOf(result, replayOf(result.round, FAULTS, FAULTS)))
      expect(broken.length, reports.join('\n\n')).toBe(0)
    },
    LIMIT_MS,
  )
})
