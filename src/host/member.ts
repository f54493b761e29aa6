/**
 * How this machine stood in its Galera cluster when it was looked at last, and since when it is in no primary component.
 * Invariant: whole is only who was seen whole in a primary component; a database that went away, or a machine that stood still,
 * must prove it again: what it says of its component then may be older than what the others decided.
 */
import { catchesUp, isApart, isPrimary, type Remembered } from '../core/cluster.ts'
import type { Config } from '../core/config.ts'
import { endsOfParted, partedAt } from '../core/parted.ts'
import type { DatabaseAway, Membership, PeerStatus } from '../ports/database.ts'
import type { SavedMember } from '../ports/storage.ts'

const NOTHING: SavedMember = { unrecorded: false, ended: null }

export class Member {
  readonly #self: { readonly name: string; readonly address: string; readonly first: boolean; readonly peer: string }
  readonly #leaseMs: number
  #whole = false
  /** Of the last primary component. */
  #size = 0
  /** Monotonic; when it was last seen in a primary component. */
  #primaryAt = Number.NEGATIVE_INFINITY
  /** When it was first seen in none; null: it is in one, or was not seen. */
  #lostAt: number | null = null
  /** Nothing that it says before this moment proves anything. */
  #believedFrom = Number.NEGATIVE_INFINITY
  #seen: Membership | null = null
  #partedAt: number | null = null
  #foremostUntil = Number.NEGATIVE_INFINITY
  /** It has come back, and was not compared with the peer yet. */
  strange = true
  /** It was in a primary component since its database answers: one that joins is in none for a moment, and has lost nothing. */
  #wasIn = false
  /** The peer is in a primary component of its own. */
  #apart = false
  #saved = NOTHING
  #save = () => {}

  /** `leaseMs`: for so long nobody has gone on without a member that was whole. */
  constructor({ node, nodes, peer }: Pick<Config, 'node' | 'nodes' | 'peer'>, leaseMs: number) {
    const first = nodes[0]?.name === node.name
    this.#self = { name: node.name, address: node.address, first, peer: peer?.name ?? '' }
    this.#leaseMs = leaseMs
  }

  /** What was remembered when the supervisor before this one ended. `save`: what is remembered now is other than before. */
  keep(saved: SavedMember | undefined, save: () => void): void {
    this.#saved = saved ?? NOTHING
    this.#save = save
  }

  /** For the state file; empty where there is nothing to remember. */
  get saved(): { readonly member?: SavedMember } {
    const { unrecorded, ended } = this.#saved
    return unrecorded || ended !== null ? { member: this.#saved } : {}
  }

  /** On the disk when it returns, if the disk takes it. */
  change(change: Partial<SavedMember>): void {
    const saved = { ...this.#saved, ...change }
    if (JSON.stringify(saved) === JSON.stringify(this.#saved)) return
    this.#saved = saved
    this.#save()
  }

  /** A look that began at `begun`; `peer`: looked at just now. True: the two are apart. */
  look(own: Membership, peer: PeerStatus | null, seen: { begun: number; stoodStill: boolean }): boolean {
    if (seen.stoodStill) this.#interrupted(seen.begun)
    this.#seen = own
    this.#apart = isApart(own, peer, this.#self.address)
    this.#compare(own, peer)
    this.#wasIn ||= isPrimary(own)
    this.#lostAt = isPrimary(own) ? null : (this.#lostAt ?? seen.begun)
    if (isPrimary(own)) {
      this.#size = own.size
      // Of a loss that comes after this nobody has been asked.
      this.foremost(Number.NEGATIVE_INFINITY)
    }
    if (isPrimary(own) && seen.begun >= this.#believedFrom) {
      this.#primaryAt = seen.begun
      this.#whole = catchesUp({ ...own, desynced: false }, true) === null
    }
    return this.#apart
  }

  /** Outside a primary component, or of a peer that is, nothing is at stake. */
  #compare(own: Membership, peer: PeerStatus | null): void {
    const theirs = peer?.cluster ?? null
    if (theirs === null || !isPrimary(own) || !isPrimary(theirs) || this.#apart) return
    this.strange = false
    const epoch = endsOfParted(own, theirs, this.#self) ? partedAt(own, theirs) : null
    this.#partedAt = epoch
    this.change({ ended: epoch === null ? null : { epoch, node: this.#self.peer } })
  }

  /** The database does not answer: one that is down starts again with what the others give it. */
  away(reason: DatabaseAway['reason'], now: number): void {
    if (reason !== 'down') {
      this.#interrupted(now)
      return
    }
    this.#whole = false
    this.#seen = null
    this.#wasIn = false
    this.#lostAt = null
    this.strange = true
    this.#apart = false
    this.foremost(Number.NEGATIVE_INFINITY)
  }

  /** Everybody was asked, for this loss; until then it counts. */
  foremost(until: number): void {
    this.#foremostUntil = until
  }

  #interrupted(now: number): void {
    this.#whole = false
    this.#believedFrom = now + this.#leaseMs
  }

  /** `answeredAt`: when a witness last did; null: none is configured. */
  remembered(now: number, answeredAt: number | null): Remembered {
    const lostMs = isPrimary(this.#seen) ? 0 : now - this.#primaryAt
    const witnessed = answeredAt === null || (this.#lostAt !== null && answeredAt > this.#lostAt)
    return {
      whole: this.#whole,
      size: this.#size,
      lately: lostMs < this.#leaseMs,
      lostMs,
      witnessed,
      partedAt: this.#partedAt,
      foremost: now < this.#foremostUntil,
      joining: this.#seen !== null && !this.#wasIn,
      ...this.#saved,
    }
  }

  /** What turned, in words that are compared only; empty: there is no cluster. */
  get words(): string {
    if (this.#seen === null) return ''
    const { component, state, ready, members, desynced, readOnly } = this.#seen
    const { ended } = this.#saved
    return [component, state, ready, members, desynced, readOnly, this.#apart, this.#partedAt, ended?.epoch].join(' ')
  }

  /** Something is at stake now: it is in no component, or a silent peer is still counted to it. */
  isUneasy(peer: PeerStatus | null): boolean {
    return this.lost || (this.#seen !== null && peer?.reachable === false)
  }

  get lost(): boolean {
    return this.#wasIn && !isPrimary(this.#seen)
  }
}
