/**
 * G9 over time: does this machine see anybody? Invariant: a holder that sees neither the peer nor a witness knows it, and has
 * fenced itself, before a peer of it that cannot see it takes over: the one looks often, the other waits.
 */
import type { Lineage } from '../core/lineage.ts'
import type { PeerStatus } from '../ports/database.ts'
import type { Witness } from '../ports/witness.ts'
import { WITNESS_SILENT_MS, YIELD_MS } from './pace.ts'

export class Outlook {
  readonly #witness: Witness | null
  readonly #others: Witness | null
  /** Looks in a row at which neither answered. */
  #blind = 0
  #peerSeenAt = Number.NEGATIVE_INFINITY
  /** When the VIP was first seen here, this time; null: it is not here. */
  #vipAt: number | null = null

  /** `others`: they themselves, by ping; null: somebody else tells whether they answer. */
  constructor(witness: Witness | null, others: Witness | null = null) {
    this.#witness = witness
    this.#others = others
  }

  /** Resolves when what is seen means something. */
  async begin(): Promise<void> {
    this.#others?.open()
    await Promise.all([this.#witness?.known(), this.#others?.known()])
  }

  end(): void {
    this.#others?.close()
  }

  /** null: none is configured. */
  get witness(): boolean | null {
    return this.#witness?.seen() ?? null
  }

  /** When a witness last answered; null: none is configured. */
  get answeredAt(): number | null {
    return this.#witness?.answeredAt() ?? null
  }

  /** No witness answers for a moment already: time to look whether the peer does. */
  doubtful(now: number): boolean {
    return this.#witness !== null && now - this.#witness.answeredAt() >= WITNESS_SILENT_MS
  }

  /** Nothing is in doubt: that counts as an answer. */
  isCalm(now: number): boolean {
    if (this.doubtful(now)) return false
    this.answered(true)
    return true
  }

  cutOff(now: number): boolean {
    return this.#blind > 1 && this.doubtful(now)
  }

  /** The VIP came, and since then no witness said that it is the peer who is gone; or the peer still needs time to fence. */
  unwitnessed(now: number): boolean {
    if (this.#witness === null || this.#vipAt === null || this.#others?.seen() === true) return false
    return this.#witness.answeredAt() < this.#vipAt || now - this.#peerSeenAt < YIELD_MS
  }

  known(now: number): Pick<Lineage, 'witness' | 'unwitnessed' | 'cutOff'> {
    return { witness: this.witness, unwitnessed: this.unwitnessed(now), cutOff: this.cutOff(now) }
  }

  vip(here: boolean, now: number): void {
    if (!here) this.#vipAt = null
    else this.#vipAt ??= now
  }

  /** A look at the peer that began at `begun`; null: there is none to look at. */
  looked(peer: PeerStatus | null, begun: number): void {
    if (peer?.reachable === true || peer?.refused === true) this.#peerSeenAt = begun
  }

  /** The others were not looked at: a ping says whether one of them is there. */
  pinged(now: number): void {
    this.answered(!this.doubtful(now) || this.#others?.seen() === true)
  }

  /** Whether the peer answers, asked because no witness does. */
  answered(seen: boolean): void {
    this.#blind = seen ? 0 : this.#blind + 1
  }
}
