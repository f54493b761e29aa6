/** What an operator asks for, command by command. Types only. */
import type { Mode } from '../core/vocabulary.ts'

export interface SetRequest {
  readonly mode: Mode
  /** Also start (`ap`, `s`) or stop (`m`) every service unit. */
  readonly now: boolean
  /** The person takes the responsibility for what a guard or a check refuses. */
  readonly force: boolean
}

/** `apmode handover`: the peer takes over on purpose. */
export interface HandoverRequest {
  /** End what holds up the fence: long transactions, table locks. */
  readonly kill: boolean
  /** For the whole of it; null: `handover_timeout` of the configuration. */
  readonly timeoutMs: number | null
}

/** `apmode rejoin`: the way back of a machine that fell out. */
export interface RejoinRequest {
  /** Although the configuration is not the same on both machines. */
  readonly force: boolean
  /** How long the data is waited for; null: as long as it takes. It goes on catching up after that. */
  readonly timeoutMs: number | null
}

/** `apmode reclone`: a fresh copy of the data from the machine that leads. */
export interface RecloneRequest {
  /** With mariadb-backup over ssh, instead of a dump over SQL. */
  readonly physical: boolean
  /** Although nothing is wrong with the data, or what only this machine has cannot be kept. */
  readonly force: boolean
  /** The old data stays where it was put aside. */
  readonly keepOld: boolean
}

/** `apmode bootstrap`: the first member of a Galera cluster that has no primary component. */
export interface BootstrapRequest {
  /** Machines that are gone for good. */
  readonly without: readonly string[]
  /** Where machines stand that cannot say it, by name: `UUID:SEQNO`. */
  readonly positions: Readonly<Record<string, string>>
}
