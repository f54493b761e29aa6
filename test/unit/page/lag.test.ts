import { describe, expect, test } from 'vitest'
import { heightOf, lagWords, pathOf, type Sample, SPAN_MS, sampled } from '../../../src/page/lag.ts'

const at = (ms: number, lag: number | null): Sample => ({ at: ms, lag })

describe('the lag of the last minutes', () => {
  test('a level that lasts is one sample', () => {
    const series = [at(1000, 0), at(2000, 0), at(3000, 4)].reduce<readonly Sample[]>(sampled, [])
    expect(series).toEqual([at(1000, 0), at(3000, 4)])
  })

  test('what is older than the span goes, but for the one that holds at its beginning', () => {
    const now = 10 * SPAN_MS
    const series = [at(0, 1), at(10, 2), at(now - 10, 3)].reduce<readonly Sample[]>(sampled, [])
    expect(sampled(series, at(now, 4))).toEqual([at(10, 2), at(now - 10, 3), at(now, 4)])
  })

  test('it never grows without end', () => {
    let series: readonly Sample[] = []
    for (let index = 0; index < 5000; index++) series = sampled(series, at(index, index))
    expect(series.length).toBeLessThanOrEqual(600)
    expect(series.at(-1)).toEqual(at(4999, 4999))
  })

  test('the height is a round number that is not below any sample', () => {
    expect([[], [at(0, 0)], [at(0, 3)], [at(0, null), at(1, 61)], [at(0, 9000)]].map(heightOf)).toEqual([
      1, 1, 5, 300, 10_800,
    ])
  })

  test('a level lasts until the next sample, the last one until now', () => {
    const now = SPAN_MS
    expect(pathOf([at(0, 0), at(now / 2, 1)], now, 1)).toBe('M0 98L50 98L50 2L100 2')
  })

  test('an unknown lag is a gap and not zero', () => {
    const now = SPAN_MS
    const path = pathOf([at(0, 0), at(now / 4, null), at(now / 2, 1)], now, 1)
    expect(path).toBe('M0 98L25 98M50 2L100 2')
    expect(pathOf([at(0, null)], now, 1)).toBe('')
  })

  test('it is told in words too', () => {
    expect(lagWords([at(0, 7), at(1, 2)], 'host2')).toBe('The lag of host2: 2 s now, 7 s at most.')
    expect(lagWords([at(0, 7), at(1, null)], 'host2')).toBe('The lag of host2: unknown now, 7 s at most.')
    expect(lagWords([at(0, null)], 'host2')).toBe('The lag of host2 is unknown.')
  })
})
