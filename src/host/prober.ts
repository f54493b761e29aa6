/**
 * Asks what seems to run whether it works, and says so when the answer changes. Invariant: a verdict is bad only when no
 * attempt has succeeded for the whole bound, not counting time in which this process itself did not run; a bad one turns
 * good with the first success. It changes nothing: the supervisor looks again.
 */
import type { Clock } from '../ports/clock.ts'
import type { Probe } from '../ports/probe.ts'

export interface Watched {
  readonly probe: Probe
  /** No success for this long is a failure. */
  readonly withinMs: number
  /** It is asked only while this is true; when it becomes true, the time begins anew. */
  due(): boolean
}

export interface Verdict {
  readonly about: string
  readonly ok: boolean
  /** What is wrong and since when; empty when it is well. */
  readonly sentence: string
}

/** Attempts in one bound: enough that one lost answer, or one slow one, is no alarm. */
const ATTEMPTS = 4
/** The verdict falls a little before the bound, so that what follows from it still falls within. */
const EARLY = 0.8
/** Ticks from one attempt to the next: the verdict falls on a tick. One timer serves all, since each costs a wake-up. */
const TICKS = 2
const MOST_OFTEN_MS = 50
const AT_LEAST_EVERY_MS = 500

interface Running {
  readonly watched: Watched
  readonly everyMs: number
  lastOk: number
  lastTick: number
  wasDue: boolean
  ok: boolean
  lastTrouble: string
  nextAttempt: number
  /** Attempts under way. */
  attempts: number
}

export class Prober {
  readonly #running = new Map<string, Running>()
  #timer: NodeJS.Timeout | null = null
  readonly #clock: Clock
  readonly #onChange: (verdict: Verdict) => void

  constructor(clock: Clock, onChange: (verdict: Verdict) => void) {
    this.#clock = clock
    this.#onChange = onChange
  }

  start(probes: readonly Watched[]): void {
    for (const watched of probes) {
      const everyMs = Math.min(Math.max(watched.withinMs / ATTEMPTS, MOST_OFTEN_MS), AT_LEAST_EVERY_MS)
      const now = this.#clock.elapsed()
      const running: Running = {
        watched,
        everyMs,
        lastOk: now,
        lastTick: now,
        wasDue: false,
        ok: true,
        lastTrouble: '',
        nextAttempt: now,
        attempts: 0,
      }
      this.#running.set(watched.probe.about, running)
    }
    const all = [...this.#running.values()]
    if (all.length === 0) return
    const tickMs = Math.min(...all.map(({ everyMs }) => everyMs)) / TICKS
    this.#timer = setInterval(() => {
      for (const running of all) this.#tick(running, tickMs)
    }, tickMs)
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#running.clear()
  }

  /** null: it is not asked about that. */
  verdict(about: string): Verdict | null {
    const running = this.#running.get(about)
    return running === undefined ? null : verdictOf(running)
  }

  #tick(running: Running, tickMs: number): void {
    const now = this.#clock.elapsed()
    const late = now - running.lastTick - tickMs
    running.lastTick = now
    // A process that did not run heard no answers: that time is nobody's silence.
    if (late > tickMs) running.lastOk += late
    if (!running.watched.due()) {
      running.wasDue = false
      this.#judge(running, true)
      return
    }
    if (!running.wasDue) {
      running.wasDue = true
      running.lastOk = now
    }
    if (now - running.lastOk >= running.watched.withinMs * EARLY) this.#judge(running, false)
    // A second attempt beside a slow one, so that one stuck connection is not taken for a stuck service; never more.
    // A tick that comes a little early must not cost a whole one.
    if (now + tickMs / 2 < running.nextAttempt || running.attempts >= 2) return
    running.nextAttempt = now + running.everyMs
    void this.#attempt(running, now)
  }

  async #attempt(running: Running, begun: number): Promise<void> {
    running.attempts += 1
    // Not AbortSignal.timeout: its timer would go on after the answer and end in an exception that nobody wants.
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(), running.watched.withinMs)
    const trouble = await running.watched.probe.attempt(limit.signal)
    clearTimeout(timer)
    running.attempts -= 1
    if (this.#running.get(running.watched.probe.about) !== running || !running.wasDue) return
    if (trouble !== null) {
      running.lastTrouble = trouble
      return
    }
    running.lastOk = Math.max(running.lastOk, begun)
    this.#judge(running, true)
  }

  #judge(running: Running, ok: boolean): void {
    if (running.ok === ok) return
    running.ok = ok
    this.#onChange(verdictOf(running))
  }
}

function verdictOf({ watched, ok, lastTrouble }: Running): Verdict {
  const { about } = watched.probe
  if (ok) return { about, ok, sentence: '' }
  const why = lastTrouble === '' ? 'no answer' : lastTrouble
  return { about, ok, sentence: `${about} has not passed its check for ${watched.withinMs / 1000} s: ${why}` }
}
