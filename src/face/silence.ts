/**
 * How long nothing has been heard, counted in ticks of this process: while it stands still (Ctrl-Z, Ctrl-S) none is counted, and
 * what was said meanwhile is read before the next one. Invariant: aborted only after so long in which it could have heard.
 */
const TICKS = 10

export class Silence {
  readonly #silent = new AbortController()
  readonly #timer: NodeJS.Timeout
  #ticks = 0

  constructor(patienceMs: number) {
    this.#timer = setInterval(() => {
      this.#ticks += 1
      if (this.#ticks >= TICKS) this.#silent.abort()
    }, patienceMs / TICKS)
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
