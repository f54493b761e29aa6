/**
 * What is counted of each decision and each step. Pure: it keeps numbers and knows no clock. Invariant: every series is
 * there from the beginning, at zero: a rate sees the first failure only where there was a zero before it.
 */
import type { Histogram, Meters, StepMeter, TransitionMeter } from '../ports/meters.ts'
import type { HistoryEntry, StepRecord } from '../ports/storage.ts'
import type { StepName } from './step.ts'
import { stepNamesOf } from './step-names.ts'
import type { Engine } from './vocabulary.ts'

/** From a step of a healthy pair to a drain that reaches its limit. */
export const BOUNDS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

/** Events with a series of their own: words of keepalived, commands, the start. */
export const COUNTED_EVENTS = [
  'master',
  'backup',
  'fault',
  'stop',
  'died',
  'set ap',
  'set m',
  'set s',
  'handover',
  'maintenance',
  'reclone',
  'resume',
] as const
const OTHER = 'other'
const RESULTS = ['done', 'failed', 'aborted', 'refused'] as const satisfies readonly HistoryEntry['result'][]

export class Counting {
  readonly #transitions = new Map([...COUNTED_EVENTS, OTHER].map((event) => [event, new Transition(event)]))
  readonly #steps: ReadonlyMap<string, Step>

  constructor(engine: Engine = 'mariadb') {
    this.#steps = new Map(stepNamesOf(engine).map((step) => [step, new Step(step)]))
  }

  /** A decision that moved something or did something. */
  decided({ event, result, ms }: Pick<HistoryEntry, 'event' | 'result' | 'ms'>): void {
    const transition = this.#transitions.get(event) ?? this.#transitions.get(OTHER)
    transition?.add(result, ms / 1000)
  }

  did({ step, ok, ms }: Pick<StepRecord, 'step' | 'ok' | 'ms'>): void {
    this.#steps.get(step)?.add(ok, ms / 1000)
  }

  counted(): Pick<Meters, 'transitions' | 'steps'> {
    return {
      transitions: [...this.#transitions.values()].map((one) => one.meter()),
      steps: [...this.#steps.values()].map((one) => one.meter()),
    }
  }
}

class Transition {
  readonly #event: string
  readonly #results = Object.fromEntries(RESULTS.map((result) => [result, 0])) as Record<HistoryEntry['result'], number>
  readonly #buckets: number[] = BOUNDS_SECONDS.map(() => 0)
  #seconds = 0
  #count = 0

  constructor(event: string) {
    this.#event = event
  }

  add(result: HistoryEntry['result'], seconds: number): void {
    this.#results[result] += 1
    this.#count += 1
    this.#seconds += seconds
    const bucket = BOUNDS_SECONDS.findIndex((bound) => seconds <= bound)
    if (bucket >= 0) this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
  }

  meter(): TransitionMeter {
    const durations: Histogram = { count: this.#count, seconds: this.#seconds, buckets: [...this.#buckets] }
    return { event: this.#event, results: { ...this.#results }, durations }
  }
}

class Step {
  readonly #step: StepName
  #failed = 0
  #count = 0
  #seconds = 0

  constructor(step: StepName) {
    this.#step = step
  }

  add(ok: boolean, seconds: number): void {
    if (!ok) this.#failed += 1
    this.#count += 1
    this.#seconds += seconds
  }

  meter(): StepMeter {
    return { step: this.#step, failed: this.#failed, count: this.#count, seconds: this.#seconds }
  }
}
