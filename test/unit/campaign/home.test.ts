/** What a person types next, from what both machines say. */
import { describe, expect, test } from 'vitest'
import type { Status } from '../../../src/ports/control.ts'
import { nextTyped, whatIsMissing } from '../../campaign/home.ts'
import { HOLDER, STANDBY } from './example.ts'

const after = (holder: Partial<Status>, standby: Partial<Status>, waitedMs = 0) => {
  const wish = nextTyped(
    [
      { ...HOLDER, ...holder },
      { ...STANDBY, ...standby },
    ],
    waitedMs,
  )
  return wish === null ? null : `${wish.machine}: ${wish.command}`
}
const stopped = HOLDER.units.map((unit) => ({ ...unit, active: 'inactive' as const }))
const next = (command: string) => ({ command: `apmode ${command}`, on: null, why: 'because' })

describe('the next command', () => {
  test('is none when the pair is whole, and when a machine does not answer', () => {
    expect(after({}, {})).toBeNull()
    expect(nextTyped([HOLDER, null], 1_000_000)).toBeNull()
  })

  test('while one serves: the other one first, then the one that serves', () => {
    expect(after({ mode: 's' }, { mode: 'm' })).toBe('host2: rejoin')
    expect(after({}, { fit: false, reasons: ['G6 diverged: …'] })).toBe('host2: reclone')
    expect(after({ mode: 's' }, { units: stopped })).toBe('host2: start')
    expect(after({ mode: 's' }, {})).toBe('host1: set ap')
    expect(after({ role: 'standby' }, {})).toBe('host1: set ap')
    const detached = { ...HOLDER, mode: 's', peer: null } as const
    expect(after(detached, {})).toBeNull()
  })

  test('while nobody serves: what status says, on the machine with the newest lead first', () => {
    const down = { holder: false, writable: false, units: stopped, next: next('start') }
    expect(after(down, { ...down, lead: HOLDER.lead })).toBe('host1: start')
    expect(after(down, { ...down, lead: { epoch: 9, node: 'host2', at: '', reason: '', gtid: '' } })).toBe(
      'host2: start',
    )
    expect(after({ ...down, next: null }, { ...down, mode: 'm', next: next('set ap --now') })).toBe(
      'host2: set ap --now',
    )
  })

  test('a guard is overridden only after a long wait, and only on the machine with the newest lead', () => {
    const waiting = { holder: false, writable: false, next: null }
    expect(after(waiting, waiting, 10_000)).toBeNull()
    expect(after(waiting, waiting, 60_000)).toBe('host1: set s --force')
  })
})

describe('what is missing', () => {
  const missing = (holder: Partial<Status>, standby: Partial<Status>) =>
    whatIsMissing([
      { ...HOLDER, ...holder },
      { ...STANDBY, ...standby },
    ])

  test('is nothing when the pair is whole, whichever machine leads', () => {
    expect(missing({}, {})).toBeNull()
    expect(whatIsMissing([STANDBY, HOLDER])).toBeNull()
  })

  test('is said in a sentence', () => {
    expect(missing({ holder: false }, {})).toBe('nobody serves')
    expect(missing({ mode: 's' }, {})).toBe('host1 is in s, not in ap')
    expect(missing({}, { mode: 'm' })).toBe('host2 is in m, not in ap')
    expect(missing({}, { fit: false, reasons: ['G6 diverged'] })).toBe('host2 is unfit: G6 diverged')
    expect(missing({}, { replication: null })).toBe('host2 does not follow')
    expect(missing({ commitsWithPeer: false }, {})).toBe('host1 acknowledges alone')
    expect(whatIsMissing([HOLDER, null])).toBe('a machine does not answer')
  })
})
