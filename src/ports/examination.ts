/**
 * What `apmode doctor` needs of the machine, its systemd and both databases: looks, and nothing that changes anything. Types
 * only. It needs no supervisor.
 */
import type { Config } from '../core/config.ts'
import type { ModeFact, PathFact, Ran } from '../core/doctor/look.ts'
import type { UnitFileState } from '../core/vocabulary.ts'
import type { Presence, Primary, ReplicationStatus } from './database.ts'
import type { HookList } from './hooks.ts'
import type { Call } from './systemd.ts'

/** A unit as systemd has it now, in its own words. */
export interface UnitExamination {
  readonly name: string
  /** The primary name: another one where `name` is an alias. */
  readonly id: string
  /** LoadState: `loaded`, `not-found`, `masked`, … */
  readonly load: string
  readonly active: string
  readonly file: UnitFileState
  /** FragmentPath; empty: there is none. */
  readonly fragment: string
  readonly dropIns: readonly string[]
  /** Its files are newer than what systemd has read. */
  readonly stale: boolean
  /** When it last changed its state; a reload counts. Epoch milliseconds, 0: never. */
  readonly changedAtMs: number
  /** Restart= and RestartSec= in milliseconds; '' where it is no service. */
  readonly restart: string
  readonly restartMs: number
  /** The words of ExecStart=. */
  readonly command: readonly string[]
}

/** A connection to a MariaDB that only asks. */
export interface Sql {
  readonly version: string
  /** Values as the server wrote them. Rejects with ApmodeError at the limit. */
  rows(statement: string, limitMs: number): Promise<readonly Readonly<Record<string, string | null>>[]>
  /** What the supervisor of `node` has written there; null: nothing. */
  presence(node: string, limitMs: number): Promise<Presence | null>
  /** null: it is no replica. */
  replica(limitMs: number): Promise<ReplicationStatus | null>
  close(): void
}

/** What there is of a configuration; `config` null: it has faults. */
export interface Loaded {
  readonly path: string
  readonly faults: readonly string[]
  readonly config: Config | null
}

export interface Examination {
  /** Without the password, which is looked at for itself. */
  configuration(): Loaded
  /** What is wrong with the file of a password; null: nothing. */
  passwordProblem(path: string): string | null
  mode(path: string): ModeFact
  hooks(): HookList
  /** null: there is nothing. Follows links. */
  stat(path: string): Promise<PathFact | null>
  /** Where the path leads, without links. */
  realpath(path: string): Promise<string>
  /** The text of a file, its last `most` bytes. Rejects where it cannot be read. */
  text(path: string, most: number): Promise<string>
  free(folder: string): Promise<{ readonly freeMb: number; readonly freeFiles: number | null }>
  /** No shell. Rejects where there is no such program, or at the limit. */
  run(argv: readonly string[], call: Call): Promise<Ran>
  /** Where a program is; null: nowhere. */
  program(name: string): string | null
  /** Resolves when the connection is there. */
  connect(host: string, port: number, call: Call): Promise<void>
  /** The JSON with which the supervisor answers a GET. */
  ask(path: string, call: Call): Promise<unknown>
  /** The status of a GET. */
  get(host: string, port: number, path: string, call: Call): Promise<number>
  units(names: readonly string[], call: Call): Promise<readonly UnitExamination[]>
  systemdVersion(call: Call): Promise<string>
  local(socket: string, call: Call): Promise<Sql>
  remote(peer: Primary, call: Call): Promise<Sql>
  /** Epoch milliseconds. */
  now(): number
}
