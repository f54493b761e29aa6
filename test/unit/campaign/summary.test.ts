/** What a campaign comes to, and what is said of a round. */
import { expect, test } from 'vitest'
import { FAULTS } from '../../campaign/faults/all.ts'
import { replayOf, reportOf, roundLine } from '../../campaign/report.ts'
import type { RoundResult } from '../../campaign/round.ts'
import { summaryOf, textSummary } from '../../campaign/summary.ts'

const strike = { fault: 'power-off', place: 'holder', atMs: 0, lastsMs: 1000 } as const
const GOOD: RoundResult = {
  round: { seed: 's', number: 1, strikes: [strike] },
  begun: '2026-01-01T00:00:00.000Z',
  tookMs: 9000,
  events: [{ ms: 1, what: 'host1 (holder): power off' }],
  struck: ['power-off'],
  acknowledged: 100,
  lost: 0,
  bothWritableMs: 0,
  bothHoldersMs: 0,
  outageMs: 300.4,
  person: null,
  broken: [],
  stories: [],
  whole: true,
}
const BAD: RoundResult = {
  ...GOOD,
  round: { seed: 's', number: 2, strikes: [strike, strike] },
  struck: ['power-off', 'freeze'],
  lost: 2,
  outageMs: 5000,
  person: 'host1: start',
  broken: [{ oracle: 'nothing-lost', sentence: '2 acknowledged rows are not on the lead: VIP 1, VIP 2' }],
  stories: ['── host1: apmode status'],
}

test('the summary adds up, and tells single faults from several', () => {
  expect(summaryOf([GOOD, BAD, GOOD], 1)).toMatchObject({
    rounds: 3,
    single: 2,
    faults: { 'power-off': 3, freeze: 1 },
    acknowledged: 300,
    lost: 2,
    outageMedianMs: 300,
    outageMaxMs: 5000,
    personsAfterOne: 0,
    personsAfterSeveral: 1,
    pairsReplaced: 1,
    broken: { 'nothing-lost': 1 },
  })
})

test('of no rounds there is a summary too', () => {
  expect(summaryOf([], 0)).toMatchObject({ rounds: 0, outageMedianMs: null, outageMaxMs: null, broken: {} })
})

test('the text names each oracle as kept or broken, and each fault that was struck', () => {
  const text = textSummary(summaryOf([GOOD, BAD], 0), FAULTS)
  expect(text).toMatch(/BROKEN +every acknowledged row is on the lead: in 1 rounds/)
  expect(text).toMatch(/kept +never are both databases writable/)
  expect(text).toMatch(/2 × power off/)
})

test('a good round is a line; a broken one tells how to repeat it, what was done, and what the machines say', () => {
  expect(roundLine(GOOD)).toBe('kept; 9.0 s; 100 acknowledged, 0 lost; 300 ms without a write')
  expect(roundLine(BAD)).toMatch(/^BROKEN: nothing-lost; .*a person was needed \(host1: start\)/)
  const report = reportOf(BAD, replayOf(BAD.round, FAULTS.slice(0, 2), FAULTS))
  const [first, second] = FAULTS
  expect(report).toContain(`again: npm run campaign -- --seed s --round 2 --faults ${first?.key},${second?.key}\n`)
  expect(report).toContain('BROKEN nothing-lost: 2 acknowledged rows')
  expect(report).toContain('+1 ms  host1 (holder): power off')
  expect(report).toContain('── host1: apmode status')
  expect(replayOf(BAD.round, FAULTS, FAULTS)).toBe('npm run campaign -- --seed s --round 2')
})
