/** What `apmode init` needs of the machine that it sets up. Types only; it runs as root, in its own process, once. */
import type { PresentFile, WantedFile } from '../core/init/files.ts'
import type { Found } from '../core/init/found.ts'
import type { KnownMode } from '../core/vocabulary.ts'

export interface Account {
  readonly user: string
  readonly host: string
}

export interface PlacedFile {
  readonly path: string
  /** Where the file that was there is now; null: there was none. */
  readonly backup: string | null
}

export type Secret = { readonly ok: true; readonly secret: string } | { readonly ok: false; readonly problem: string }

export interface SetupMachine {
  /** Why nothing can be set up here by this user; null: nothing stands against it. */
  readonly obstacle: string | null
  readonly configPath: string
  readonly nodePath: string
  /** Host name, interfaces, and which of these units systemd knows. Throws ApmodeError. */
  find(units: readonly string[]): Promise<Found>
  /** The address that a name has here (/etc/hosts, DNS); null: none, or no answer in time. */
  addressOf(name: string): Promise<string | null>
  /** null: there is no such file. Throws ApmodeError `storage`. */
  read(path: string): PresentFile | null
  folderExists(path: string): boolean
  /** The replication password, refused where others can read it; as the supervisor reads it. */
  secret(path: string): Secret
  modeOf(path: string): KnownMode
  newPassword(): string
  /** All of them, or none: what was written is taken back when one fails. Throws ApmodeError `storage`. */
  place(files: readonly WantedFile[]): readonly PlacedFile[]
  /** Are the accounts there, with this password and these privileges? null: the database does not answer. */
  accountsHold(
    socket: string,
    accounts: readonly Account[],
    privileges: readonly string[],
    password: string,
  ): Promise<boolean | null>
  /** Throws ApmodeError; its sentence has no part of the statements. */
  runSql(socket: string, sql: string): Promise<void>
  reloadSystemd(): Promise<void>
  /** Each throws ApmodeError with systemd's words when the job does not succeed. */
  start(unit: string): Promise<void>
  stop(unit: string): Promise<void>
  /** A running supervisor reads the configuration again. */
  signalSupervisor(): Promise<void>
  /** Frees what it holds open. */
  close(): void
}
