import { describe, expect, test } from 'vitest'
import { strikeDelayMs } from '../../../bench/failover/campaign.ts'
import type { Design } from '../../../bench/failover/design.ts'
import { FAULTS } from '../../../bench/failover/faults.ts'

const design: Pick<Design, 'looksEveryMs'> = { looksEveryMs: { network: 100, dead: 10_000, hung: 1000 } }
const killed = FAULTS.find(({ key }) => key === 'database-killed')
if (killed === undefined) throw new Error('no such fault')

describe('the moment of the strike', () => {
  test('is spread over the whole interval in which the design looks, one part for each run', () => {
    const delays = Array.from({ length: 10 }, (_, index) => strikeDelayMs(design, killed, index, 10, 0.5))
    expect(delays).toEqual([500, 1500, 2500, 3500, 4500, 5500, 6500, 7500, 8500, 9500])
  })
  test('is by chance within its part', () => {
    expect(strikeDelayMs(design, killed, 0, 10, 0)).toBe(0)
    expect(strikeDelayMs(design, killed, 0, 10, 1)).toBe(1000)
    expect(strikeDelayMs(design, killed, 0, 1, 0.9)).toBe(9000)
  })
})

test('the faults are the eleven, each with a key of its own', () => {
  expect(new Set(FAULTS.map(({ key }) => key)).size).toBe(11)
})
