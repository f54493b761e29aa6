/**
 * Keeps what JobRemoved said, job by job, for whoever waits for it.
 * Invariant: a result is delivered exactly once, whether it came before or after somebody began to wait (the signal
 * can be handled before the reply that names the job). It knows no bus and no clock.
 */
import type { JobResult } from '../../ports/systemd.ts'

/** Results of other people's jobs come too; a boot has a few hundred. */
const KEPT = 1000

const RESULTS: readonly JobResult[] = ['done', 'canceled', 'timeout', 'failed', 'dependency', 'skipped']

/** JobRemoved's word; one that the port does not know (`assert`, `unsupported`, `collected`, `once`) reads as `failed`. */
export interface JobEnd {
  readonly result: JobResult
  readonly word: string
}

export class Jobs {
  readonly #ended = new Map<string, JobEnd>()
  readonly #waiting = new Map<string, Set<{ resolve: (end: JobEnd) => void; reject: (reason: unknown) => void }>>()

  removed(job: string, word: string): void {
    const end = { result: RESULTS.find((result) => result === word) ?? 'failed', word }
    const waiting = this.#waiting.get(job)
    if (waiting !== undefined) {
      this.#waiting.delete(job)
      for (const { resolve } of waiting) resolve(end)
      return
    }
    this.#ended.set(job, end)
    for (const oldest of this.#ended.keys()) {
      if (this.#ended.size <= KEPT) break
      this.#ended.delete(oldest)
    }
  }

  /** Settles with the job's end, or with `abandon`'s reason. Two requests that systemd merged wait for the same job. */
  end(job: string): { readonly ended: Promise<JobEnd>; readonly abandon: (reason: unknown) => void } {
    const ended = this.#ended.get(job)
    if (ended !== undefined) return { ended: Promise.resolve(ended), abandon: () => {} }
    const waiting = this.#waiting.get(job) ?? new Set()
    let abandon = (_reason: unknown) => {}
    const end = new Promise<JobEnd>((resolve, reject) => {
      const waiter = { resolve, reject }
      this.#waiting.set(job, waiting.add(waiter))
      abandon = (reason) => {
        waiting.delete(waiter)
        if (waiting.size === 0 && this.#waiting.get(job) === waiting) this.#waiting.delete(job)
        reject(reason)
      }
    })
    return { ended: end, abandon }
  }

  /** The bus is gone, results may have passed unheard: everybody who waits is told, and nothing old is kept. */
  lost(reason: unknown): void {
    const waiting = [...this.#waiting.values()].flatMap((set) => [...set])
    this.#waiting.clear()
    this.#ended.clear()
    for (const { reject } of waiting) reject(reason)
  }
}
