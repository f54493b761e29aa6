/**
 * What the peer last said of itself (table apmode.node) and how it replicates: for `status`, and for G4 (could it take over?).
 * Asked in the background, so that the answer is there when this machine fails. Invariant: only a fresh "unfit" counts; what
 * is unknown is not unfit.
 */
import type { PeerDetails } from '../ports/database.ts'
import { LIMITS } from './limits.ts'
import { ASK_PEER_MS, FITNESS_MS } from './pace.ts'
import { type Parts, primaryOf } from './parts.ts'

export class PeerWord {
  readonly #parts: Parts
  readonly #onChange: () => void
  #details: PeerDetails | null = null
  #unfitAt = Number.NEGATIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | null = null

  constructor(parts: Parts, onChange: () => void) {
    this.#parts = parts
    this.#onChange = onChange
  }

  /** null: its database did not answer when it was asked last. */
  get details(): PeerDetails | null {
    return this.#details
  }

  unfit(now: number): boolean {
    return now - this.#unfitAt < FITNESS_MS
  }

  /** Asks if it was not asked for a while. Returns at once. */
  keepAsking(now: number): void {
    if (now - this.#askedAt > ASK_PEER_MS) void this.ask()
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
    this.#askedAt = begun
    const details = await database.examinePeer(primary, config.peer.name, { timeoutMs: LIMITS.peerLook * 5 })
    this.#unfitAt = details?.presence?.fit === false ? begun : Number.NEGATIVE_INFINITY
    const same = JSON.stringify(details) === JSON.stringify(this.#details)
    this.#details = details
    if (!same) this.#onChange()
  }
}
