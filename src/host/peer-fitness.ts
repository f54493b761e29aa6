/**
 * Could the peer take over, as it says itself (table apmode.node)? Asked in the background while it may matter, so that the
 * answer is there when this machine fails (G4). Invariant: only a fresh "unfit" counts; what is unknown is not unfit.
 */
import { LIMITS } from './limits.ts'
import { FITNESS_MS } from './pace.ts'
import { type Parts, primaryOf } from './parts.ts'

export class PeerFitness {
  readonly #parts: Parts
  #unfitAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  unfit(now: number): boolean {
    return now - this.#unfitAt < FITNESS_MS
  }

  /** One question at a time; resolves with its answer. Never rejects. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #ask(): Promise<void> {
    const { database, config, clock } = this.#parts
    const primary = primaryOf(config)
    if (database === null || primary === null || config.peer === null) return
    const begun = clock.elapsed()
    const details = await database.examinePeer(primary, config.peer.name, { timeoutMs: LIMITS.peerLook * 5 })
    this.#unfitAt = details?.presence?.fit === false ? begun : Number.NEGATIVE_INFINITY
  }
}
