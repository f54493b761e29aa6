/** The topologies of the campaign: what is whole, what a person types, and each oracle, silent when all is well. */
import { describe, expect, test } from 'vitest'
import type { Status } from '../../../src/ports/control.ts'
import type { Typed } from '../../campaign/home.ts'
import { roundOf } from '../../campaign/schedule.ts'
import { TOPOLOGIES } from '../../campaign/topologies/all.ts'
import { nextTyped, whatIsMissing } from '../../campaign/topologies/home.ts'
import { type Evidence, judge } from '../../campaign/topologies/oracles.ts'
import { accountFor, entry, HOLDER, STANDBY } from './example.ts'

const plain = { engine: 'none', writable: null, peer: null } as const
const ONE: Status = { ...HOLDER, ...plain }
const TWO: Status = { ...STANDBY, ...plain }
const THREE: Status = { ...TWO, node: 'host3' }
const next = (command: string) => ({ command: `apmode ${command}`, on: null, why: 'because' })

test('keys of topologies are unique, and so are those of the faults of each', () => {
  expect(new Set(TOPOLOGIES.map(({ key }) => key)).size).toBe(TOPOLOGIES.length)
  for (const { faults } of TOPOLOGIES) expect(new Set(faults.map(({ key }) => key)).size).toBe(faults.length)
})

test('a pair never loses both machines to one fault; of three it may lose two', () => {
  for (const { key, faults } of TOPOLOGIES) {
    const places = Array.from({ length: 200 }, (_, index) => roundOf('places', index + 1, faults)).flatMap(
      ({ strikes }) => strikes.map(({ place }) => place),
    )
    expect([key, places.includes('both')]).toEqual([key, key === 'trio'])
  }
})

describe('whole', () => {
  test('one carries the VIP, the others stand by, in ap, fit, and nobody asks for anything', () => {
    expect(whatIsMissing([ONE, TWO, THREE], {})).toBeNull()
  })

  test.each<[string, readonly (Status | null)[], RegExp]>([
    ['a machine is silent', [ONE, null], /does not answer/],
    ['one is in m', [ONE, { ...TWO, mode: 'm' }], /host2 is in m/],
    ['one is on its way', [ONE, { ...TWO, being: 's' }], /being s/],
    ['one is unfit', [ONE, { ...TWO, fit: false, reasons: ['a reason'] }], /host2 is unfit: a reason/],
    ['one asks for a command', [ONE, { ...TWO, next: next('start') }], /host2 asks for apmode start/],
    ['one is in fault', [ONE, { ...TWO, vrrp: 'fault' }], /host2 is fault/],
    ['two carry the VIP', [ONE, { ...ONE, node: 'host2' }], /on 2 machines/],
    ['nobody carries the VIP', [{ ...TWO, node: 'host1' }, TWO], /on 0 machines/],
  ])('not when %s', (_, seen, expected) => {
    expect(whatIsMissing(seen, {})).toMatch(expected)
  })

  test('a topology may ask for more', () => {
    expect(whatIsMissing([ONE, TWO], { isMissing: ({ node }) => `not ${node}` })).toBe('not host1')
  })
})

test('a person types what status proposes where it proposes it, and on the one that serves last', () => {
  expect(nextTyped([ONE, TWO])).toBeNull()
  expect(nextTyped([null, { ...TWO, next: { ...next('rejoin'), on: 'host1' } }])).toBeNull()
  const alone = { ...ONE, mode: 's', next: next('set ap') } as const
  expect(nextTyped([alone, { ...TWO, mode: 'm', next: next('rejoin') }])).toEqual({
    machine: 'host2',
    command: 'rejoin',
  })
  expect(nextTyped([alone, TWO])).toEqual({ machine: 'host1', command: 'set ap' })
  const down = [
    { ...ONE, holder: false, next: next('start') },
    { ...TWO, next: next('start') },
  ]
  const refused = { machine: 'host1', command: 'start', exit: 3, at: 0, said: '' }
  expect([nextTyped(down)?.machine, nextTyped(down, [refused])?.machine]).toEqual(['host1', 'host2'])
})

const AT = Date.parse('2026-01-01T00:00:00.000Z')
const WELL: Evidence = {
  accounts: [accountFor(ONE), accountFor(TWO)],
  histories: { host1: [entry('ap', 'ap', 'MASTER')], host2: [] },
  vip: [
    { node: 'host1', value: false, at: AT - 5000 },
    { node: 'host1', value: true, at: AT },
    { node: 'host2', value: true, at: AT - 5000 },
    { node: 'host2', value: false, at: AT - 10 },
  ],
  bothHolders: [],
  apart: [],
  excused: null,
  untold: [],
  single: true,
  outageMs: 300,
  withinMs: 5000,
  cameBack: true,
  lost: [],
  typed: [],
  missing: null,
}
const typed = (machine: string, command: string, exit = 0): Typed => ({ machine, command, exit, at: AT, said: '' })
const said = (evidence: Partial<Evidence>) =>
  judge({ ...WELL, ...evidence }).map(({ oracle, sentence }) => `${oracle}: ${sentence}`)

describe('an oracle', () => {
  test('says nothing of machines that are well', () => {
    expect(said({})).toEqual([])
    expect(said({ typed: [typed('host1', 'rejoin'), typed('host2', 'set ap')] })).toEqual([])
  })

  test.each<[string, Partial<Evidence>, RegExp]>([
    ['nobody was answered by itself', { cameBack: false }, /^answers: .*by itself/],
    ['a write is gone', { lost: ['host1 lacks 1 acknowledged writes, 7 the first'] }, /^nothing-lost: host1 lacks/],
    ['an answer took too long', { outageMs: 5001 }, /^answers: 5001 ms without an answer/],
    ['no answer came any more', { outageMs: null }, /^answers: no answer any more/],
    ['two carried the VIP', { bothHolders: [{ from: AT, to: AT + 300 }] }, /^one-holder: two holders for 300 ms/],
    ['two components took writes', { apart: [{ from: AT, to: AT + 70 }] }, /^one-component: .* for 70 ms/],
    ['the way home ended nowhere', { missing: 'nobody serves' }, /^way-home: not whole: nobody serves/],
    [
      'one command was not enough',
      { typed: [typed('host1', 'start'), typed('host1', 'start')] },
      /^way-home: .*one more/,
    ],
    ['a command that status proposed failed', { typed: [typed('host1', 'start', 1)] }, /^way-home: .*exit 1/],
    ['no line tells of a move', { histories: { host1: [] } }, /^moves-told: host1: no line tells/],
    ['a change of mode has no line', { histories: { host1: [entry('ap', 'm', 'MASTER')] } }, /^history: host1/],
    [
      'status and machine differ',
      { accounts: [accountFor(ONE), { ...accountFor(TWO), status: null }] },
      /^status-true/,
    ],
  ])('speaks when %s', (_, evidence, expected) => {
    const sentences = said(evidence)
    expect(sentences).toHaveLength(1)
    expect(sentences[0]).toMatch(expected)
  })

  test('asks for no time and no single command after several faults, and excuses two holders that do not see each other', () => {
    expect(said({ single: false, outageMs: 60_000, typed: [typed('host1', 'start', 1)] })).toEqual([])
    const both = [{ from: AT, to: AT + 500 }]
    expect(said({ bothHolders: both, excused: { from: AT - 1, to: AT + 600 } })).toEqual([])
    expect(said({ bothHolders: both, excused: { from: AT - 1, to: AT + 400 } })).toHaveLength(1)
    expect(said({ bothHolders: [{ from: AT, to: AT + 110 }] })).toEqual([])
  })

  test('wants no line of a machine without a supervisor, nor for a VIP that came for a moment', () => {
    expect(said({ histories: { host1: [] }, untold: ['host1'] })).toEqual([])
    const brief = [...WELL.vip, { node: 'host1', value: false, at: AT + 500 }]
    expect(said({ vip: brief, histories: { host1: [] } })).toEqual([])
  })

  test('takes the line of an operator who takes the machine out for that of a VIP which comes meanwhile', () => {
    const at = new Date(AT + 1300).toISOString()
    const out = (event: string, ms: number) => ({ ...entry('ap', 'ap', event), event, source: 'operator', at, ms })
    const outWithin = (event: string, ms: number) =>
      said({ histories: { host1: [{ ...out(event, ms), to: { mode: 'ap', role: 'active', vrrp: 'stop' } }] } })
    expect(outWithin('stop', 1400)).toEqual([])
    expect(outWithin('stop', 1200)).toHaveLength(1)
    expect(outWithin('start', 1400)).toHaveLength(1)
  })
})
