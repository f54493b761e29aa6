/**
 * What the program needs to replace the data of this machine by a copy of its peer's. Types only; `adapters/clone` is the
 * real one. The host stops and starts the database between the calls; here nothing knows of modes, units or the VIP.
 */
import type { Primary } from './database.ts'
import type { Call } from './systemd.ts'

/** `logical`: mariadb-dump over a SQL connection. `physical`: mariadb-backup over ssh. */
export type CloneMethod = 'logical' | 'physical'

/** Where this machine's data is, and what is there now. */
export interface DataFolder {
  readonly path: string
  /**
   * `whole`: the data of a server. `incomplete`: a copy that was not finished, worth nothing. `divided`: a move of the old
   * data was interrupted, some of it is here and some beside. `empty`: nothing of a server.
   */
  readonly state: 'whole' | 'incomplete' | 'divided' | 'empty'
  /** Old data that an earlier run has set aside and nobody has asked to keep; oldest first. */
  readonly aside: readonly string[]
  /** The newest old data that stands aside, kept or not: what `putBack` takes; null: none. */
  readonly old: string | null
  /** Bytes that a copy may take: what is free there, and what a copy that was not finished takes now. */
  readonly room: number
  /** Why it cannot be replaced, a sentence each; empty: it can. */
  readonly obstacles: readonly string[]
}

/** The other side, and the way there. */
export interface CloneSource {
  /** About how many bytes its data has on a disk; null: it could not be found out. */
  readonly bytes: number | null
  /** About how many bytes of it come over the network. */
  readonly transfer: number | null
  /** Why it cannot be copied this way, each a sentence with what helps; empty: it can. */
  readonly obstacles: readonly string[]
}

export interface CloneProgress {
  /** What is done now, for a person: `copy the data of host1`. */
  readonly what: string
  readonly doneBytes: number
  /** An estimate; null: not known. */
  readonly totalBytes: number | null
  readonly bytesPerSecond: number
  /** null: not known. */
  readonly leftSeconds: number | null
}

export interface CloneWatch {
  /** At least once a second while it works. */
  readonly onProgress: (progress: CloneProgress) => void
  readonly signal: AbortSignal
}

export interface CloneOrder {
  readonly method: CloneMethod
  readonly from: Primary
  /** As `CloneSource` has it, for the progress. */
  readonly transfer: number | null
}

/** Every method throws ApmodeError; in the order in which they are used. */
export interface Cloner {
  /** Looks at the disk; changes nothing. */
  folder(call: Call): Promise<DataFolder>
  /** Looks at the other side; changes nothing. Never throws for something that is missing: see `obstacles`. */
  source(order: Omit<CloneOrder, 'transfer'>, call: Call): Promise<CloneSource>
  /** Ends what an interrupted run may have left running. */
  settle(call: Call): Promise<void>
  /**
   * Moves the old data aside, on the same filesystem, and marks the folder as incomplete; nothing to move is fine. Returns
   * where the old data is (null: there was none). `keep`: it is not to be removed in the end. The server must not run.
   */
  setAside(keep: boolean, call: Call): Promise<string | null>
  /** Fills the empty folder so far that the server starts with it. The server must not run. */
  fill(order: CloneOrder, watch: CloneWatch): Promise<void>
  /**
   * Brings in what is still missing, into the running server: all the data (logical), or its position alone (physical).
   * Invariant: the position is set last; before that no primary would let the server follow.
   */
  load(order: CloneOrder, watch: CloneWatch): Promise<void>
  /** The copy is whole: the mark is taken away, durably. */
  complete(call: Call): Promise<void>
  /** Undoes: throws the incomplete copy away and puts `old` back. The server must not run. */
  putBack(old: string, call: Call): Promise<void>
  /** Removes the old data that nobody has asked to keep; returns what was removed. */
  removeOld(call: Call): Promise<readonly string[]>
}
