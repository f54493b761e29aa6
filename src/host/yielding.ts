/** Since when has keepalived given the VIP to another master? Pure bookkeeping over monotonic milliseconds. */
import { YIELD_MS } from './pace.ts'

export class Yielding {
  /** null: it has not. */
  #since: number | null = null

  yields(now: number): void {
    this.#since ??= now
  }

  leads(): void {
    this.#since = null
  }

  /** The other master may have taken the lead; before, it cannot have acknowledged anything alone. */
  forLong(now: number): boolean {
    return this.#since !== null && now - this.#since > YIELD_MS
  }
}
