/** What the bond to the peer asks for, and whom it tells. Types only. */
import type { State } from '../core/state.ts'
import type { DatabaseStatus, PeerStatus } from '../ports/database.ts'

export interface BondSources {
  state(): State
  /** A look at the own database that is remembered. */
  lookAtDatabase(timeoutMs: number): Promise<DatabaseStatus | null>
  /** A look at the peer's database that is remembered; null: there is none. */
  lookAtPeer(timeoutMs: number): Promise<PeerStatus | null>
  /** Something turned; as a sentence. `withdraws`: a right may have to be taken away. */
  onTurn(sentence: string, withdraws: boolean): void
}
