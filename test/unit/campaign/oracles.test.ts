/** Each oracle is silent when all is well, and says what is broken when it is. */
import { describe, expect, test } from 'vitest'
import { type Evidence, judge, ORACLES } from '../../campaign/oracles.ts'
import { accountFor, entry, HOLDER, STANDBY, WELL } from './example.ts'

const said = (evidence: Partial<Evidence>) =>
  judge({ ...WELL, ...evidence }).map(({ oracle, sentence }) => `${oracle}: ${sentence}`)

test('nothing is said of a pair that is well', () => {
  expect(said({})).toEqual([])
})

describe('broken', () => {
  test.each<[string, Partial<Evidence>, RegExp]>([
    ['an acknowledged row is missing', { lost: ['VIP 17'] }, /^nothing-lost: 1 acknowledged .*VIP 17/],
    ['the lead cannot be asked', { lost: null }, /^nothing-lost: .*could not be asked/],
    ['both were writable', { bothWritable: [{ from: 1000, to: 1012 }] }, /^one-writer: both writable for 12 ms/],
    ['a person was needed after a single fault', { cameBack: false }, /^comes-back/],
    ['the way home ended nowhere', { missing: 'nobody serves' }, /^way-home: .*nobody serves/],
    ['the data differs', { data: { host1: 'a', host2: 'b' } }, /^same-data: .*host1: a · host2: b/],
    ['a secret was found', { secrets: ['the journal of host1'] }, /^no-secret: the journal of host1/],
  ])('%s', (_, evidence, expected) => {
    const sentences = said(evidence)
    expect(sentences).toHaveLength(1)
    expect(sentences[0]).toMatch(expected)
  })

  test('the VIP is on both, or on neither', () => {
    const both = [accountFor(HOLDER), accountFor({ ...STANDBY, holder: true })]
    expect(said({ accounts: both })).toEqual(['one-vip: the VIP is on host1 and host2'])
    const none = [accountFor({ ...HOLDER, holder: false }), accountFor(STANDBY)]
    expect(said({ accounts: none })).toEqual(['one-vip: the VIP is on no machine'])
  })

  test.each([
    ['mode', { mode: 's' }, /mode ap, it is s/],
    ['holder', { holder: false }, /holder true, it is false/],
    ['writable', { writable: false }, /writable true, it is false/],
    ['units', { units: [] }, /mariadb.service is active, it is undefined/],
  ] as const)('status says something else of the %s than the machine', (_, truth, expected) => {
    const account = accountFor(HOLDER)
    const sentences = said({ accounts: [{ ...account, truth: { ...account.truth, ...truth } }, accountFor(STANDBY)] })
    expect(sentences.some((sentence) => sentence.startsWith('status-true') && expected.test(sentence))).toBe(true)
  })

  test('two identical lines of history in a row, not two that differ in their result', () => {
    const line = entry('ap', 'ap', 'drift')
    expect(said({ histories: { host1: [line, { ...line, at: 'later' }] } })).toEqual([
      'history: host1: two identical lines in a row: later drift',
    ])
    expect(said({ histories: { host1: [line, { ...line, result: 'failed' }] } })).toEqual([])
  })

  test('a change of mode without its line, between two lines and after the last', () => {
    const between = [entry('ap', 's', 'one'), entry('m', 'ap', 'two')]
    expect(said({ histories: { host1: between } }).join()).toMatch(/no line tells how the mode went from s to m/)
    const after = [entry('ap', 'm', 'one')]
    expect(said({ histories: { host1: after } }).join()).toMatch(/ends in m, the mode file says ap/)
    expect(said({ histories: { host1: after }, historyMayHaveGaps: true })).toEqual([])
  })
})

test('what must not be held against the pair is not', () => {
  expect(said({ cameBack: false, mustComeBack: false })).toEqual([])
  expect(said({ missing: 'nobody serves', data: { host1: 'a', host2: 'b' } })).toHaveLength(1)
})

test('every oracle has a plain name and a key of its own', () => {
  expect(new Set(ORACLES.map(({ key }) => key)).size).toBe(ORACLES.length)
  for (const { title } of ORACLES) expect(title.length).toBeGreaterThan(15)
})
