/** What a round does is decided by its seed and number alone. */
import { describe, expect, test } from 'vitest'
import { FAULTS } from '../../campaign/faults/all.ts'
import { isSingle, roundOf } from '../../campaign/schedule.ts'

const rounds = (seed: string, count: number) =>
  Array.from({ length: count }, (_, index) => roundOf(seed, index + 1, FAULTS))

describe('a round', () => {
  test('is the same however it is reached', () => {
    expect(roundOf('s', 117, FAULTS)).toEqual(rounds('s', 117).at(-1))
    expect(roundOf('s', 1, FAULTS)).not.toEqual(roundOf('t', 1, FAULTS))
  })

  test('has one, two or three faults, each where it makes sense, for a time that it may last', () => {
    for (const { strikes } of rounds('s', 300)) {
      expect([1, 2, 3]).toContain(strikes.length)
      for (const { fault: key, place, atMs, lastsMs } of strikes) {
        const fault = FAULTS.find((candidate) => candidate.key === key)
        expect(fault?.places).toContain(place)
        expect(lastsMs).toBeGreaterThanOrEqual(fault?.lastsMs[0] ?? Number.NaN)
        expect(lastsMs).toBeLessThanOrEqual(fault?.lastsMs[1] ?? Number.NaN)
        expect(atMs).toBeGreaterThanOrEqual(0)
      }
      expect(strikes[0]?.atMs).toBe(0)
    }
  })

  test('begins with each fault once before one comes again', () => {
    const firsts = (from: number) =>
      rounds('s', from + FAULTS.length)
        .slice(from)
        .map(({ strikes }) => strikes[0]?.fault)
    for (const from of [0, FAULTS.length]) expect(new Set(firsts(from)).size).toBe(FAULTS.length)
    expect(firsts(0)).not.toEqual(firsts(FAULTS.length))
  })

  test('is single only with one fault on one machine', () => {
    const strike = { fault: 'x', place: 'holder', atMs: 0, lastsMs: 1 } as const
    const round = { seed: 's', number: 1 }
    expect(isSingle({ ...round, strikes: [strike] })).toBe(true)
    expect(isSingle({ ...round, strikes: [strike, strike] })).toBe(false)
    expect(isSingle({ ...round, strikes: [{ ...strike, place: 'both' }] })).toBe(false)
  })
})

describe('the list of faults', () => {
  test('has unique keys, plain names, and times in order', () => {
    expect(new Set(FAULTS.map(({ key }) => key)).size).toBe(FAULTS.length)
    expect(new Set(FAULTS.map(({ title }) => title)).size).toBe(FAULTS.length)
    for (const { key, places, lastsMs } of FAULTS) {
      expect(key).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(places.length).toBeGreaterThan(0)
      expect(lastsMs[0]).toBeLessThanOrEqual(lastsMs[1])
    }
  })
})
