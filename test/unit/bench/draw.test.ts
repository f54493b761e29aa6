import { describe, expect, test } from 'vitest'
import { drawTimes, placeOf } from '../../../bench/failover/draw.ts'
import { runOf, SOME_RUNS } from './runs.ts'

describe('the axis', () => {
  test('is logarithmic: each tenfold is as far as the one before', () => {
    const [ten, hundred, thousand, tenThousand] = [10, 100, 1000, 10_000].map(placeOf) as [
      number,
      number,
      number,
      number,
    ]
    expect(hundred - ten).toBeCloseTo(thousand - hundred)
    expect(tenThousand - thousand).toBeCloseTo(thousand - hundred)
  })
  test('ends at both ends, and never is beyond', () => {
    expect(placeOf(0)).toBe(placeOf(10))
    expect(placeOf(60_000)).toBe(placeOf(20_000))
    expect(placeOf(Number.POSITIVE_INFINITY)).toBeGreaterThan(placeOf(60_000))
  })
})

describe('the picture', () => {
  const picture = drawTimes({ runs: SOME_RUNS })
  test('has a bar with its number for each fault and design', () => {
    expect(picture.match(/<rect class="(product|tuned|original)" x="210"/g)).toHaveLength(7)
    for (const label of [
      '90 ms',
      '130 ms, 9 lost',
      'never in 2 of 3',
      '320 ms',
      '3.5 s, both writable',
      '1.8 s',
      'never',
    ]) {
      expect(picture).toContain(`>${label}</text>`)
    }
  })
  test('has a whisker only where the 95th percentile is elsewhere', () => {
    expect(picture.match(/class="whisker" d=/g)).toHaveLength(2)
  })
  test('is readable in the dark, and by those who do not see it', () => {
    expect(picture).toContain('prefers-color-scheme: dark')
    expect(picture).toContain('role="img"')
    expect(picture).toContain('disk full: apmode 1.8 s, bash, original never')
  })
  test('holds nothing that is not XML', () => {
    expect(picture.match(/<(?!\/|[a-z])/g)).toBeNull()
    expect(drawTimes({ runs: [runOf('product', 'nic-down', null)] })).not.toMatch(/NaN|Infinity|undefined/)
    expect(drawTimes({ runs: [] })).not.toMatch(/NaN|Infinity|undefined/)
  })
})
