/** Everything that the checks of `apmode doctor` judge, by name. Types only; `host/doctor` looks, `look.ts` says how a look ends. */
import type { Status } from '../../ports/control.ts'
import type { Presence, ReplicationStatus } from '../../ports/database.ts'
import type { UnitExamination } from '../../ports/examination.ts'
import type { HookList } from '../../ports/hooks.ts'
import type { Config } from '../config.ts'
import type { Ruleset } from './firewall.ts'
import type { Directive } from './keepalived-file.ts'
import type { ModeFact, PathFact, Ran } from './look.ts'

/** Columns by name, values as the server wrote them. */
export type Values = Readonly<Record<string, string>>

export interface Facts {
  /** Where the configuration is, and its faults as `apmode config check` says them. */
  readonly configuration: { readonly path: string; readonly faults: readonly string[] }
  readonly config: Config
  /** The short name of the configuration in the file: `host/fingerprint.ts`. */
  readonly fingerprint: string
  /** What is wrong with the password file; null: nothing. */
  readonly password: string | null
  readonly fifo: PathFact | null
  readonly unfit: { readonly file: PathFact | null; readonly text: string }
  readonly modeFile: ModeFact & { readonly file: PathFact | null }
  readonly state: { readonly folder: PathFact | null; readonly file: PathFact | null }

  readonly hooks: HookList

  /** null: there is no keepalived.conf. */
  readonly keepalivedPath: PathFact | null
  readonly keepalivedFile: { readonly file: PathFact; readonly tree: readonly Directive[] }
  /** `keepalived -t`. */
  readonly keepalivedTest: Ran
  /** The path of each script, and every part of it that somebody else than root can change. */
  readonly scripts: readonly { readonly path: string; readonly there: boolean; readonly weak: readonly string[] }[]

  /** By the name that was asked for: the service units, the boot unit, the supervisor's own. */
  readonly units: ReadonlyMap<string, UnitExamination>
  /** Why the supervisor does not answer; null: it does. */
  readonly supervisor: string | null
  readonly status: Status

  /** Why the own database does not answer; null: it does. */
  readonly database: string | null
  readonly variables: Values
  readonly counters: Values
  /** The options with which mariadbd would start now, normalised. */
  readonly startOptions: Values
  /** The global rights of each replication account that is there, and how many it has beside them. */
  readonly accounts: ReadonlyMap<string, { readonly rights: readonly string[]; readonly more: number }>
  /** `'name'@'host'` of those who may write on a read-only server. */
  readonly privileged: readonly string[]
  readonly tables: { readonly fragile: readonly string[]; readonly keyless: readonly string[] }
  /** What the binary log leaves out or takes only. */
  readonly binlogFilter: string
  /** Sessions of the replication account from the peer's address. */
  readonly peerSessions: number
  readonly replica: ReplicationStatus | null
  /** What the supervisor of this machine has said last in `apmode.node`. */
  readonly ownWord: Presence | null

  /** Why no connection to the peer's database port comes about; null: it does. */
  readonly reach: string | null
  /** Why the replication account does not get in at the peer; null: it does. */
  readonly login: string | null
  readonly peerServer: {
    readonly version: string
    readonly serverId: string
    /** How far its clock is ahead of ours. */
    readonly clockAheadMs: number
    /** By how much that may be wrong: the time on the way. */
    readonly clockErrorMs: number
    readonly readOnly: boolean
  }
  readonly peerWord: { readonly presence: Presence | null; readonly ageMs: number | null }
  readonly peerReplica: ReplicationStatus | null

  readonly interfaces: readonly InterfaceFact[]
  /** Who needs the VIP's address before the VIP is here. */
  readonly binding: {
    /** net.ipv4.ip_nonlocal_bind, or that of IPv6, is 1. */
    readonly nonlocal: boolean
    /** Units that run everywhere and listen on the VIP now. */
    readonly bound: readonly string[]
    /** Those that do not run, since their last start found no such address here. */
    readonly refused: readonly string[]
  }
  readonly firewall: Ruleset
  /** What is wrong with each witness; null: it answered. */
  readonly witness: readonly { readonly address: string; readonly problem: string | null }[]
  /** What is wrong with the read-only port of each other machine of a cluster; null: it says where its data stands. */
  readonly neighbours: readonly { readonly name: string; readonly at: string; readonly problem: string | null }[]
  /** Why the read-only port does not answer; null: it does. */
  readonly health: string | null

  readonly disks: readonly DiskFact[]
  readonly denials: readonly string[]
  readonly versions: { readonly keepalived: string; readonly systemd: string }
  /** Of the apmode that looks. */
  readonly apmode: string
  readonly programs: readonly { readonly name: string; readonly needed: string; readonly there: boolean }[]
  /** The journal is kept on disk. */
  readonly journal: boolean
}

export interface InterfaceFact {
  readonly name: string
  readonly up: boolean
  readonly carrier: boolean
  /** With prefix length. */
  readonly addresses: readonly string[]
}

export interface DiskFact {
  readonly folder: string
  readonly holds: string
  /** With less than this it is tight. */
  readonly needsMb: number
  readonly freeMb: number
  /** null: the file system does not count them. */
  readonly freeFiles: number | null
}
