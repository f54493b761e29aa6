/** What the demo says: pure parts of it. */
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { endOf } from '../../../scripts/demo/moments.ts'
import { counted, wrapped } from '../../../scripts/demo/screen.ts'
import { timelineOf } from '../../../scripts/demo/timeline.ts'
import { type Facts, promisesOf } from '../../../scripts/demo/verdict.ts'
import type { HistoryEntry } from '../../../src/ports/storage.ts'

describe('a line wider than 80 columns', () => {
  const status =
    '  last change  2 s ago: MASTER: mode ap → s, VRRP backup → master; alone, carries the VIP: serves (450 ms)'

  test('is broken at spaces, and goes on below its last column', () => {
    const lines = wrapped(status).split('\n')
    expect(lines).toHaveLength(2)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines[1]).toMatch(/^ {15}\S/)
    expect(lines.map((line) => line.trim()).join(' ')).toBe(status.trim())
  })

  test('is measured without its colours', () => {
    const coloured = `\u001b[2m${'a'.repeat(70)}\u001b[22m bcd`
    expect(wrapped(coloured)).toBe(coloured)
    expect(stripVTControlCharacters(wrapped(`${coloured} ${'e'.repeat(20)}`))).toContain('bcd\n')
  })
})

test('numbers are grouped by thousands', () => {
  expect([0, 999, 1000, 1234567].map(counted)).toEqual(['0', '999', '1,000', '1,234,567'])
})

test('the end of a step is the end of its entry less what came after', () => {
  const step = (name: string, ms: number) => ({ step: name, sentence: '', ms, ok: true, detail: '' })
  const at = { mode: 's', role: 'standby', vrrp: 'master' } as const
  const entry: HistoryEntry = {
    at: '2026-01-01T00:00:01.000Z',
    event: 'master',
    source: 'fifo',
    from: at,
    to: at,
    sentence: '',
    steps: [step('drain', 5), step('allow-writes', 7), step('change-files', 300)],
    ms: 330,
    result: 'done',
  }
  expect(endOf(entry, 'allow-writes')).toBe(Date.parse('2026-01-01T00:00:00.700Z'))
  expect(endOf(entry, 'follow')).toBeUndefined()
})

test('a timeline counts from the fault and stays within 80 columns', () => {
  const moments = [
    { at: 990, who: 'client', what: 'before' },
    { at: 1000, who: 'host1', what: 'fault' },
    { at: 1100, who: 'client', what: 'served' },
    { at: 3000, who: 'host1', what: 'put away', afterwards: true },
  ]
  const lines = timelineOf(moments, (_style, text) => text, { struckAt: 1000, servedAt: 1100 }).split('\n')
  expect(lines.map((line) => line.trim().split(' ms')[0])).toEqual(['-10', '0', '100', '2000'])
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
})

describe('the demo is kept to its promises', () => {
  const good: Facts = {
    acknowledged: 1000,
    lost: { host2: 0, host1: 0 },
    bothWritableMs: 0,
    gapMs: 123.4,
    wayHomeGapMs: 20,
    holder: 'host1',
    other: 'host2',
    otherServed: true,
    whole: true,
  }
  const kept = (facts: Partial<Facts>) => promisesOf({ ...good, ...facts }).every((promise) => promise.kept)

  test('all of them hold', () => expect(kept({})).toBe(true))
  test.each<Partial<Facts>>([
    { otherServed: false },
    { lost: { host2: 1, host1: 0 } },
    { lost: { host2: 0, host1: Number.NaN } },
    { acknowledged: 0 },
    { bothWritableMs: 0.2 },
    { whole: false },
  ])('%j breaks one', (facts) => expect(kept(facts)).toBe(false))
})
