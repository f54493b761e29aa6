/**
 * How this machine stood in its Galera cluster when it was looked at last, and since when it is in no primary component.
 * Invariant: whole is only who was seen whole in a primary component; a database that went away, or a machine that stood still,
 * must prove it again: what it says of its component then may be older than what the others decided.
 */
import { catchesUp, isApart, isPrimary, type Remembered } from '../core/cluster.ts'
import type { DatabaseAway, Membership, PeerStatus } from '../ports/database.ts'

export class Member {
  readonly #leaseMs: number
  #whole = false
  /** Monotonic; when it was last seen in a primary component. */
  #primaryAt = Number.NEGATIVE_INFINITY
  /** When it was first seen in none; null: it is in one, or was not seen. */
  #lostAt: number | null = null
  /** Nothing that it says before this moment proves anything. */
  #believedFrom = Number.NEGATIVE_INFINITY
  #seen: Membership | null = null
  /** The peer is in a primary component of its own. */
  apart = false

  /** `leaseMs`: for so long nobody has gone on without a member that was whole. */
  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs
  }

  /** A look that began at `begun`, at the member with this address; `peer`: looked at just now. True: the two are apart. */
  look(
    own: Membership,
    peer: PeerStatus | null,
    seen: { address: string; begun: number; stoodStill: boolean },
  ): boolean {
    if (seen.stoodStill) this.#interrupted(seen.begun)
    this.#seen = own
    this.apart = isApart(own, peer, seen.address)
    this.#lostAt = isPrimary(own) ? null : (this.#lostAt ?? seen.begun)
    if (isPrimary(own) && seen.begun >= this.#believedFrom) {
      this.#primaryAt = seen.begun
      this.#whole = catchesUp({ ...own, desynced: false }, true) === null
    }
    return this.apart
  }

  /** The database does not answer: one that is down starts again with what the others give it. */
  away(reason: DatabaseAway['reason'], now: number): void {
    if (reason !== 'down') {
      this.#interrupted(now)
      return
    }
    this.#whole = false
    this.#seen = null
    this.#lostAt = null
    this.apart = false
  }

  #interrupted(now: number): void {
    this.#whole = false
    this.#believedFrom = now + this.#leaseMs
  }

  /** `answeredAt`: when a witness last did; null: none is configured. */
  remembered(now: number, answeredAt: number | null): Remembered {
    const lostMs = isPrimary(this.#seen) ? 0 : now - this.#primaryAt
    const witnessed = answeredAt === null || (this.#lostAt !== null && answeredAt > this.#lostAt)
    return { whole: this.#whole, lately: lostMs < this.#leaseMs, lostMs, witnessed }
  }

  /** What turned, in words that are compared only; empty: there is no cluster. */
  get words(): string {
    if (this.#seen === null) return ''
    const { component, state, ready, members, desynced, readOnly } = this.#seen
    return [component, state, ready, members.join(), desynced, readOnly, this.apart].join(' ')
  }

  get lost(): boolean {
    return this.#seen !== null && !isPrimary(this.#seen)
  }
}
