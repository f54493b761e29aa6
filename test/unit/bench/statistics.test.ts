import { describe, expect, test } from 'vitest'
import type { Run } from '../../../bench/failover/result.ts'
import { median, percentile, ratio, summarize } from '../../../bench/failover/statistics.ts'
import { runOf } from './runs.ts'

const NEVER = Number.POSITIVE_INFINITY

describe('median', () => {
  test('is the value in the middle, or the mean of the two', () => {
    expect(median([30, 10, 20])).toBe(20)
    expect(median([40, 10, 20, 30])).toBe(25)
    expect(median([9])).toBe(9)
  })
  test('sorts by size and not as text', () => {
    expect(median([9, 100, 1000])).toBe(100)
  })
  test('is never when half of the runs, or the middle one, never end', () => {
    expect(median([NEVER, 10, NEVER])).toBe(NEVER)
    expect(median([NEVER, 10])).toBe(NEVER)
    expect(median([NEVER, NEVER])).toBe(NEVER)
    expect(median([NEVER, 10, 20])).toBe(20)
  })
  test('of nothing is not a number', () => {
    expect(median([])).toBeNaN()
  })
  test('leaves what it was given as it was', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })
})

describe('percentile', () => {
  test('is by nearest rank: of ten runs the 95th is the worst, of twenty the second worst', () => {
    const twenty = Array.from({ length: 20 }, (_, index) => index + 1)
    expect(percentile(twenty.slice(0, 10), 0.95)).toBe(10)
    expect(percentile(twenty, 0.95)).toBe(19)
    expect(percentile([7], 0.95)).toBe(7)
  })
  test('counts what never ends as the longest', () => {
    expect(percentile([NEVER, 1, 2], 0.95)).toBe(NEVER)
    expect(percentile([NEVER, 1, 2], 0.5)).toBe(2)
  })
})

describe('ratio', () => {
  test('says how many times as long the other one takes', () => {
    expect(ratio(5000, 100)).toBe(50)
  })
  test('is infinite when only the other one never ends, and nothing when this one never does', () => {
    expect(ratio(NEVER, 100)).toBe(NEVER)
    expect(ratio(5000, NEVER)).toBeNaN()
    expect(ratio(NEVER, NEVER)).toBeNaN()
  })
})

describe('summarize', () => {
  const runs: Run[] = [
    runOf('product', 'power-off', 300, { bothWritableMs: 4 }),
    runOf('product', 'power-off', 500, { lost: 2 }),
    runOf('product', 'power-off', null, { lost: null, bothWritableAtEnd: true }),
    runOf('product', 'nic-down', 1),
    runOf('original', 'power-off', 2),
  ]
  test('takes the runs of one design and one fault, and counts what never ended', () => {
    expect(summarize(runs, 'product', 'power-off')).toMatchObject({
      runs: 3,
      never: 1,
      medianMs: 500,
      p95Ms: NEVER,
      worstMs: NEVER,
    })
  })
  test('adds up what was lost and says when it is not known of a run', () => {
    expect(summarize(runs, 'product', 'power-off')).toMatchObject({ lost: 2, lostKnown: false })
    expect(summarize(runs, 'product', 'nic-down')).toMatchObject({ lost: 0, lostKnown: true })
  })
  test('gives the longest time with two writable databases', () => {
    expect(summarize(runs, 'product', 'power-off')).toMatchObject({ bothWritableMs: 4, bothWritableAtEnd: true })
  })
  test('is nothing where there were no runs', () => {
    expect(summarize(runs, 'tuned', 'power-off')).toBeNull()
  })
})
