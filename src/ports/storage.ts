/** What the program keeps on disk: the mode file, the state, the history, and keepalived's tracked file. Types only. */
import type { Claim } from '../core/lineage.ts'
import type { Ended } from '../core/parted.ts'
import type { KnownMode, Mode, Role } from '../core/vocabulary.ts'

export interface ModeRecord {
  readonly mode: KnownMode
  /** The mode that a change was on its way to when the file was last written (`being m`); null when at rest. */
  readonly being: Mode | null
  /** When `unreadable`: what was found there, for a person. */
  readonly problem: string | null
}

export interface ModeFile {
  read(): ModeRecord
  /** Writes `being m`: atomic, durable (fsync of file and folder). Throws ApmodeError `storage`. */
  writeBeing(mode: Mode): void
  /** Writes `m`: atomic, durable. Throws ApmodeError `storage`. */
  write(mode: Mode): void
  /** Called when somebody else changed the file. Returns the unsubscription. */
  watch(listener: () => void): () => void
}

/** What survives a restart beside the mode. A file that cannot be read counts as absent and is said in the log. */
export interface SavedState {
  readonly role: Role
  /** Epoch milliseconds of the last time that the peer's replica was seen attached; null: never. */
  readonly peerAttachedAt: number | null
  /** What this machine knows of its own right to write (G2). */
  readonly claim: Claim
  /** The data of this machine is being replaced, as a sentence; null: it is not. Until it is done, nothing follows with it. */
  readonly cloning: string | null
  /** Of a member of a Galera cluster; absent: nothing of it must be remembered. */
  readonly member?: SavedMember
}

export interface SavedMember {
  /** A primary component is being formed, or was: apmode.lead has no row of it yet (G6). */
  readonly unrecorded: boolean
  /** It has ended for the peer (G3); null: it has not, or both were seen in one component with the same past since. */
  readonly ended: Ended | null
}

export interface StateFile {
  read(): SavedState | null
  write(state: SavedState): void
  /** Removes it, which a full disk allows: what is not known is doubted, what is wrong would be believed. Never throws. */
  forget(): void
}

export interface StepRecord {
  readonly step: string
  readonly sentence: string
  readonly ms: number
  readonly ok: boolean
  readonly detail: string
}

export interface HistoryEntry {
  /** ISO 8601 UTC. */
  readonly at: string
  /** What happened: `master`, `set m`, `start`, `drift`, … */
  readonly event: string
  /** Where it came from: `fifo`, `notify`, `operator`, `systemd`, `supervisor`. */
  readonly source: string
  readonly from: { readonly mode: KnownMode; readonly role: Role; readonly vrrp: string }
  readonly to: { readonly mode: KnownMode; readonly role: Role; readonly vrrp: string }
  /** The decision in one sentence: the log line and the line of `apmode history` are this text. */
  readonly sentence: string
  readonly steps: readonly StepRecord[]
  readonly ms: number
  /** `aborted`: a newer event took over (G8). */
  readonly result: 'done' | 'failed' | 'aborted' | 'refused'
}

export interface History {
  /** Appends one line; a full disk is reported by the return value, never thrown. */
  append(entry: HistoryEntry): { readonly ok: boolean; readonly detail: string }
  /** The newest `count` entries, oldest first; lines that cannot be read are left out. */
  newest(count: number): HistoryEntry[]
}

/** keepalived's tracked file: 1 means unfit. */
export interface UnfitFile {
  read(): boolean | null
  write(unfit: boolean): void
}
