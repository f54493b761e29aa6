import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Checks } from '../../../src/host/checks.ts'
import type { Settler } from '../../../src/host/settle.ts'
import { World } from '../../fakes/world.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the tracked file is held against what was settled last, and never in the middle of a change', () => {
  const world = new World().running(true)
  const told: string[] = []
  const checks = new Checks(world.parts(), (sentence) => void told.push(sentence))
  const settler = { state: { mode: 'ap' }, last: { judgement: { unfit: ['no mode has been set'] } } }
  let resting = false
  checks.start(settler as unknown as Settler, () => resting)
  try {
    vi.advanceTimersByTime(5_000)
    expect(told).toEqual([])
    resting = true
    vi.advanceTimersByTime(1_000)
    expect(told).toEqual(['the tracked file is not as it was written'])
  } finally {
    checks.stop()
  }
})
