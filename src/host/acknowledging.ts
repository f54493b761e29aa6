/**
 * Does the peer still acknowledge what this primary commits? Invariant: it is given up only after a silence that is longer
 * than any lease of a replica, or when nothing listens there; one that is attached and acknowledges nothing is trusted
 * again ever later. Pure bookkeeping over monotonic milliseconds.
 */
import type { Lineage } from '../core/lineage.ts'
import type { Acknowledgements, PeerStatus } from '../ports/database.ts'
import { RECOVERY_MS, STUCK_FIRST_MS, STUCK_MOST_MS } from './pace.ts'

export class Acknowledging {
  /** The acknowledgement cannot come. */
  gone = false
  /** How long a silent peer is waited for. */
  readonly goneMs: number
  /** When all was last in order; null: this machine does not lead. */
  #inOrderAt: number | null = null
  #received = 0
  /** Looks in a row that found commits waiting and no acknowledgement since the look before. */
  #missed = 0
  /** When commits last waited in vain. */
  #missedAt = Number.NEGATIVE_INFINITY
  #stuckMs = STUCK_FIRST_MS
  #trustAgainAt = 0

  constructor(goneMs: number) {
    this.goneMs = goneMs
  }

  /** Commits wait, or did until a moment ago. */
  stalled(now: number): boolean {
    return now - this.#missedAt < RECOVERY_MS
  }

  known(now: number): Pick<Lineage, 'stalled' | 'peerGone'> {
    return { stalled: this.stalled(now), peerGone: this.gone }
  }

  /** This machine does not lead now. */
  rest(): void {
    this.#inOrderAt = null
    this.#missed = 0
    this.#missedAt = Number.NEGATIVE_INFINITY
  }

  /** Nothing that was found out counts any more. */
  forget(): void {
    this.rest()
    this.gone = false
  }

  /** One look at the primary. `acknowledged` null: commits do not wait. */
  inOrder(attached: boolean, acknowledged: Acknowledgements | null, now: number): boolean {
    this.#inOrderAt ??= now
    if (!attached || !this.#progresses(acknowledged)) {
      // A commit that waits at one look may have begun just before it.
      this.#missed += 1
      if (acknowledged !== null && this.#missed > 1) this.#missedAt = now
      return false
    }
    this.#missed = 0
    this.#inOrderAt = now
    if (now >= this.#trustAgainAt) this.gone = false
    return true
  }

  /** What a look at the peer says of one that is not in order. `cutOff`: it is this machine that nobody hears. */
  missed(peer: PeerStatus | null, attached: boolean, cutOff: boolean, now: number): void {
    const refused = peer?.refused === true
    const silent = now - (this.#inOrderAt ?? now) >= this.goneMs && !cutOff
    if (this.gone || !(refused || silent)) return
    this.gone = true
    // One whose machine has gone stays listed as attached for minutes; it may be trusted as soon as it is back.
    const stuck = attached && peer?.reachable === true
    this.#trustAgainAt = stuck ? now + this.#stuckMs : 0
    this.#stuckMs = stuck ? Math.min(this.#stuckMs * 2, STUCK_MOST_MS) : STUCK_FIRST_MS
  }

  #progresses(acknowledged: Acknowledgements | null): boolean {
    if (acknowledged === null) return true
    const moved = acknowledged.received !== this.#received
    this.#received = acknowledged.received
    return acknowledged.waiting === 0 || moved
  }
}
