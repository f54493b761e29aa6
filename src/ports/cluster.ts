/**
 * What the program needs to know of a Galera cluster whose database does not run: positions on the disk, and what the others
 * say of theirs. Types only; `adapters/cluster` has the real ones.
 */
import type { Position, SavedPosition } from '../core/galera-state.ts'
import type { Membership } from './database.ts'
import type { Call } from './systemd.ts'

/** What a machine says of its member, at `GET /cluster`. Told from memory. */
export interface MemberView {
  readonly node: string
  /** A database process runs, or is on its way; null: systemd does not say. */
  readonly running: boolean | null
  /** wsrep_cluster_status; null: the database does not say. */
  readonly component: Membership['component'] | null
  /** wsrep_local_state_comment. */
  readonly state: string | null
  /** Of its history; null: not known. */
  readonly uuid: string | null
  readonly seqno: number | null
  readonly safeToBootstrap: boolean | null
  /** Where the position is from; null: it is not known. */
  readonly known: 'running' | 'grastate.dat' | 'recovered' | null
  /** It is about to form the primary component: nobody else may at this moment. */
  readonly forming: boolean
  /** It has ended for another member (G3): its data does not count, and nobody joins it. Absent: it has not. */
  readonly ended?: boolean
  /** Why the position is not known; empty: it is. */
  readonly detail: string
}

export interface ClusterFiles {
  /** grastate.dat; null: there is none. Throws ApmodeError `storage` when it cannot be read or understood. */
  saved(call: Call): Promise<SavedPosition | null>
  /**
   * The position of a database that did not end well, from its own logs. Only where none runs; one that starts meanwhile waits
   * until this has ended. Throws ApmodeError.
   */
  recover(call: Call): Promise<Position>
  /** Takes gvwstate.dat away, with which a member would form again a component that the others have left behind. Durable. */
  forgetView(call: Call): Promise<void>
  /**
   * It was the only member when its database ended: the last one to leave in order (safe_to_bootstrap), or alone in its view
   * (gvwstate.dat). Nobody can have gone on without it. Throws ApmodeError `storage`.
   */
  wasAlone(call: Call): Promise<boolean>
  /** safe_to_bootstrap: 1, durable. Throws ApmodeError `refused` where the file is of another history than `expected`. */
  allowBootstrap(expected: Position, call: Call): Promise<void>
  /** safe_to_bootstrap: 0, durable: what was allowed came to nothing. Only where no database runs. */
  forbidBootstrap(call: Call): Promise<void>
}

export interface ClusterNeighbours {
  /** What the supervisor at this address says. Throws ApmodeError when it does not, or cannot be understood. */
  ask(address: string, call: Call): Promise<MemberView>
}
