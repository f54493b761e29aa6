/**
 * The one serial loop: jobs run one after the other, never two at once. Invariant (G8): a job that withdraws aborts the
 * grants of the job that runs when it arrives; nothing else is ever interrupted. It knows nothing of what the jobs do.
 */
export interface Job {
  readonly name: string
  /** It may take rights away: grants in progress stop for it. */
  readonly withdraws: boolean
  /** Queued jobs with the same key are done once, at the place of the last. */
  readonly key?: string
  run(grants: AbortSignal): Promise<void>
}

export class JobQueue {
  readonly #waiting: Job[] = []
  readonly #onFailure: (job: Job, thrown: unknown) => void
  #running: { readonly job: Job; readonly grants: AbortController; readonly since: number } | null = null
  #drained: Promise<void> = Promise.resolve()
  #closed = false

  constructor(onFailure: (job: Job, thrown: unknown) => void) {
    this.#onFailure = onFailure
  }

  /** False: the queue is closed, the job is not done. */
  push(job: Job): boolean {
    if (this.#closed) return false
    if (job.key !== undefined) {
      const same = this.#waiting.findIndex((waiting) => waiting.key === job.key)
      if (same >= 0) this.#waiting.splice(same, 1)
    }
    this.#waiting.push(job)
    if (job.withdraws) this.#running?.grants.abort(new Error(`G8 newest wins: ${job.name} takes over`))
    if (this.#running === null) this.#drained = this.#drain()
    return true
  }

  /** What runs now and since when (monotonic ms); null: idle. */
  get running(): { readonly name: string; readonly since: number } | null {
    return this.#running === null ? null : { name: this.#running.job.name, since: this.#running.since }
  }

  /** Takes no new job, aborts grants, and resolves when the running job has ended. */
  async close(): Promise<void> {
    this.#closed = true
    this.#waiting.length = 0
    this.#running?.grants.abort(new Error('the supervisor stops'))
    await this.#drained
  }

  async #drain(): Promise<void> {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      const grants = new AbortController()
      this.#running = { job, grants, since: performance.now() }
      // A withdrawal that waits behind this job already counts.
      if (this.#waiting.some((waiting) => waiting.withdraws))
        grants.abort(new Error('G8 newest wins: a withdrawal waits'))
      try {
        await job.run(grants.signal)
      } catch (thrown) {
        this.#onFailure(job, thrown)
      }
      this.#running = null
    }
  }
}
