/** What the supervisor counts of itself while it runs, for monitoring. Types only. Nothing of it survives a restart. */
import type { StepName } from '../core/step.ts'
import type { HistoryEntry } from './storage.ts'

export interface Durations {
  readonly count: number
  readonly seconds: number
}

/** How often something took no longer than each of `BOUNDS_SECONDS`; each bucket counts what the ones before it do not. */
export interface Histogram extends Durations {
  readonly buckets: readonly number[]
}

export interface TransitionMeter {
  /** One of a bounded list; whatever else made the machine look is `other`. */
  readonly event: string
  readonly results: Readonly<Record<HistoryEntry['result'], number>>
  readonly durations: Histogram
}

export interface StepMeter extends Durations {
  readonly step: StepName
  readonly failed: number
}

/** The supervisor's own process; null: unknown. */
export interface ProcessMeter {
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly virtualBytes: number | null
  readonly openFiles: number | null
  readonly mostFiles: number | null
  /** Epoch seconds. */
  readonly startedAt: number
}

export interface Meters {
  readonly transitions: readonly TransitionMeter[]
  readonly steps: readonly StepMeter[]
  readonly process: ProcessMeter
}
