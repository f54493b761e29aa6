/** Who wants to hear that something may be different now. Invariant: a listener that fails disturbs nobody. */
export class Changes {
  readonly #listeners = new Set<() => void>()

  /** Returns how to stop listening. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  tell(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener()
      } catch {
        this.#listeners.delete(listener)
      }
    }
  }
}
