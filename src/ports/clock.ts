/** Time, so that tests can hold it. Types only. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Monotonic milliseconds, for durations. */
  elapsed(): number
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
