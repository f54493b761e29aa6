/**
 * A replica's proof that it has every write that its primary acknowledged. Invariant: it begins with the look that proved it,
 * two in a row, and goes on only with looks that find it so; what would let the primary acknowledge alone ends it at once. A
 * port that refuses proves nothing: a firewall can do that too. Pure bookkeeping over monotonic milliseconds.
 */
import { covers } from '../core/gtid.ts'
import type { PeerStatus, ReplicationStatus } from '../ports/database.ts'

export class Lease {
  readonly #lastsMs: number
  /** `async`: nobody waits for anybody; being attached is all there is. */
  readonly #async: boolean
  #at = Number.NEGATIVE_INFINITY
  /** The position from which on the primary waits for this replica; null: it does not, or not known to. */
  #goal: string | null = null
  #proved = false

  constructor(lastsMs: number, async: boolean) {
    this.#lastsMs = lastsMs
    this.#async = async
  }

  valid(now: number): boolean {
    return now - this.#at < this.#lastsMs
  }

  /** The next one must be proved from the beginning; this one lasts as long as it lasts. */
  interrupt(): void {
    this.#goal = null
  }

  drop(): void {
    this.#goal = null
    this.#at = Number.NEGATIVE_INFINITY
  }

  /** A look at this replica, begun before the one at its primary. */
  look(replication: ReplicationStatus | null, peer: PeerStatus, begun: number): void {
    const waits = this.#async || peer.commitsWithPeer === true || peer.writable === false
    // What it acknowledges alone from now on, this replica may never get.
    if (!waits) {
      this.drop()
      return
    }
    const runs = replication !== null && replication.io === 'Yes' && replication.sql && replication.errno === 0
    if (!runs) {
      this.interrupt()
      return
    }
    // What it acknowledged before it waited for this replica must have come too; what comes later, comes first here.
    const first = this.#goal === null
    if (this.#goal === null || !(this.#async || peer.commitsWithPeer)) {
      this.#goal = peer.binlogPosition
      this.#proved = false
    }
    // Between one look and its decision the primary may be about to go on alone: it takes two.
    if (first) return
    this.#proved ||= covers(replication.received, this.#goal)
    if (this.#proved) this.#at = begun
  }
}
