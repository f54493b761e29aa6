import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Prober, type Verdict } from '../../../src/host/prober.ts'
import type { Clock } from '../../../src/ports/clock.ts'

const WITHIN_MS = 2000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

interface Subject {
  answer: string | null | 'silent'
  due: boolean
  /** Added to the clock without a tick: the process did not run. */
  stalledMs: number
}

function watching(): { subject: Subject; verdicts: { at: number; verdict: Verdict }[]; prober: Prober } {
  const subject: Subject = { answer: null, due: true, stalledMs: 0 }
  const clock: Clock = {
    now: () => Date.now(),
    elapsed: () => Date.now() + subject.stalledMs,
    sleep: async () => {},
  }
  const begun = clock.elapsed()
  const verdicts: { at: number; verdict: Verdict }[] = []
  const prober = new Prober(clock, (verdict) => verdicts.push({ at: clock.elapsed() - begun, verdict }))
  const probe = {
    about: 'api.service',
    attempt: (signal: AbortSignal) =>
      subject.answer === 'silent'
        ? new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('no answer')))
        : Promise.resolve(subject.answer),
  }
  prober.start([{ probe, withinMs: WITHIN_MS, due: () => subject.due }])
  return { subject, verdicts, prober }
}

describe('the prober', () => {
  test('finds a service that is silent, or answers wrongly, within the bound', async () => {
    for (const answer of ['silent', 'answers 500'] as const) {
      const { subject, verdicts, prober } = watching()
      await vi.advanceTimersByTimeAsync(5000)
      expect(verdicts).toEqual([])
      subject.answer = answer
      await vi.advanceTimersByTimeAsync(WITHIN_MS)
      expect(verdicts).toHaveLength(1)
      expect(verdicts[0]?.verdict.ok).toBe(false)
      prober.stop()
    }
  })

  test('one success in the bound is no alarm', async () => {
    const { subject, verdicts, prober } = watching()
    for (let round = 0; round < 20; round += 1) {
      subject.answer = 'answers 500'
      await vi.advanceTimersByTimeAsync(WITHIN_MS * 0.45)
      subject.answer = null
      await vi.advanceTimersByTimeAsync(WITHIN_MS * 0.3)
    }
    expect(verdicts).toEqual([])
    prober.stop()
  })

  test('the first success ends the alarm', async () => {
    const { subject, verdicts, prober } = watching()
    subject.answer = 'answers 500'
    await vi.advanceTimersByTimeAsync(3000)
    subject.answer = null
    await vi.advanceTimersByTimeAsync(600)
    expect(verdicts.map(({ verdict }) => verdict.ok)).toEqual([false, true])
    prober.stop()
  })

  test('time in which this process did not run is nobody’s silence', async () => {
    const { subject, verdicts, prober } = watching()
    await vi.advanceTimersByTimeAsync(1000)
    subject.stalledMs += 60_000
    await vi.advanceTimersByTimeAsync(1000)
    expect(verdicts).toEqual([])
    prober.stop()
  })

  test('what is not due is not asked, and begins anew', async () => {
    const { subject, verdicts, prober } = watching()
    subject.due = false
    subject.answer = 'answers 500'
    await vi.advanceTimersByTimeAsync(10_000)
    subject.due = true
    await vi.advanceTimersByTimeAsync(WITHIN_MS * 0.7)
    expect(verdicts).toEqual([])
    await vi.advanceTimersByTimeAsync(WITHIN_MS * 0.3)
    expect(verdicts).toHaveLength(1)
    prober.stop()
  })
})
