import { describe, expect, test } from 'vitest'
import { divergence, rangeText } from '../../../src/core/divergence.ts'

describe('what only one machine has', () => {
  test.each([
    ['', '', ''],
    ['0-1-5', '0-1-5', ''],
    ['0-1-5', '0-1-9', ''],
    ['0-1-105', '0-1-103,0-2-200', '0-1-104…105'],
    ['0-1-5,0-2-6', '0-1-5', '0-2-6'],
    ['0-1-5,0-2-9', '0-1-5,0-2-7', '0-2-8…9'],
    // A machine that was cloned: its own binary log is young, its position is not.
    ['0-2-400,0-1-1000', ',0-1-1000', ''],
    ['0-2-400,0-1-1001', ',0-1-1000', '0-2-1…400, 0-1-1001'],
    ['0-1-5,3-1-2', '0-1-5', '3-1-1…2'],
    ['0-1-18446744073709551615', '0-1-18446744073709551614', '0-1-18446744073709551615'],
    ['garbage', '0-1-2', ''],
  ])('%s beside %s: %s', (own, theirs, ranges) => {
    expect(divergence(own, theirs).map(rangeText).join(', ')).toBe(ranges)
  })
})
