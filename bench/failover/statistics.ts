/**
 * The few numbers that the tables and the picture show. Pure. Invariant: a run in which the service never came back
 * counts as longer than any other; it is never left out.
 */
import type { DesignKey } from './design.ts'
import type { Run } from './result.ts'

/** Milliseconds; Infinity: never. NaN: there were no runs. */
export type Duration = number

/** Of an even count the mean of the two in the middle; one of them Infinity: Infinity. */
export function median(values: readonly Duration[]): Duration {
  const sorted = [...values].sort(ascending)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  return (lower + upper) / 2
}

/** By nearest rank: the smallest value that at least this share of the values does not exceed. */
export function percentile(values: readonly Duration[], share: number): Duration {
  const sorted = [...values].sort(ascending)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** How many times as long `other` takes; Infinity: `own` ends and `other` never does; NaN: not comparable. */
export function ratio(other: Duration, own: Duration): number {
  if (own === Number.POSITIVE_INFINITY || own === 0) return Number.NaN
  return other / own
}

/** Infinity minus Infinity is NaN, which sorts nothing. */
function ascending(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

export interface Summary {
  readonly design: DesignKey
  readonly fault: string
  readonly runs: number
  /** Runs in which the service did not come back. */
  readonly never: number
  readonly medianMs: Duration
  readonly p95Ms: Duration
  readonly worstMs: Duration
  /** In all runs together; of those of which it is known. */
  readonly lost: number
  readonly lostKnown: boolean
  readonly acknowledged: number
  readonly bothWritableMs: Duration
  readonly bothWritableAtEnd: boolean
  readonly bothHoldersMs: Duration
}

export function summarize(runs: readonly Run[], design: DesignKey, fault: string): Summary | null {
  const own = runs.filter((run) => run.design === design && run.fault === fault)
  if (own.length === 0) return null
  const outages = own.map((run) => run.outageMs ?? Number.POSITIVE_INFINITY)
  return {
    design,
    fault,
    runs: own.length,
    never: own.filter((run) => run.outageMs === null).length,
    medianMs: median(outages),
    p95Ms: percentile(outages, 0.95),
    worstMs: Math.max(...outages),
    lost: own.reduce((sum, run) => sum + (run.lost ?? 0), 0),
    lostKnown: own.every((run) => run.lost !== null),
    acknowledged: own.reduce((sum, run) => sum + run.acknowledged, 0),
    bothWritableMs: Math.max(...own.map((run) => run.bothWritableMs)),
    bothWritableAtEnd: own.some((run) => run.bothWritableAtEnd),
    bothHoldersMs: Math.max(...own.map((run) => run.bothHoldersMs)),
  }
}
