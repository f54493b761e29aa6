/**
 * How long nothing has been heard, counted in short ticks: one that comes late means that this process itself stood still, and
 * what was said meanwhile has yet to be read. Invariant: the signal is aborted only after so long in which it could have heard.
 */
const TICKS = 10

export class Silence {
  readonly #silent = new AbortController()
  readonly #timer: NodeJS.Timeout
  #ticks = 0
  #tickedAt = performance.now()

  constructor(patienceMs: number) {
    const everyMs = patienceMs / TICKS
    this.#timer = setInterval(() => {
      const now = performance.now()
      const late = now - this.#tickedAt > 2 * everyMs
      this.#tickedAt = now
      this.#ticks = late ? 0 : this.#ticks + 1
      if (this.#ticks >= TICKS) this.#silent.abort()
    }, everyMs)
  }

  get signal(): AbortSignal {
    return this.#silent.signal
  }

  /** Something was heard. */
  broken(): void {
    this.#ticks = 0
  }

  end(): void {
    clearInterval(this.#timer)
  }
}
