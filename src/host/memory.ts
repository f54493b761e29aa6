/** What cannot be looked up, and what was seen last: the observer's, for whoever does the steps and tells of them. Types only. */
import type { PeerStatus } from '../ports/database.ts'
import type { Sight } from './sight.ts'
import type { Starts } from './starts.ts'

export interface Memory {
  /** Epoch milliseconds; null: never seen. */
  peerAttachedAt: number | null
  fenced: boolean
  /** The database was killed, and starts as a replica if systemd starts it again. */
  startsAsReplica: boolean
  /** Units that are down because apmode stopped them or never started them: no failure. */
  readonly downExpected: Set<string>
  /** The last look at the peer. */
  peer: PeerStatus | null
  /** Monotonic; when that look began. */
  peerAt: number
  /** Monotonic; when the peer's database last answered. */
  peerHeardAt: number
  readonly sight: Sight
  /** Starts of the holder's units that came to nothing. */
  readonly starts: Starts
}
