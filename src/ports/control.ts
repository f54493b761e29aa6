/**
 * What the supervisor can be asked, whoever asks: the control socket, the read-only HTTP, a test. Types only.
 * The host implements `Control`; `adapters/control` puts it on HTTP. Operator's commands never overlap: the host does one
 * thing at a time, and a caller that goes away does not stop what it has begun.
 */

import type { MemberRow } from '../core/bootstrap.ts'
import type { Check, CheckResult } from '../core/checks.ts'
import type {
  ActiveState,
  Engine,
  KnownMode,
  Mode,
  Role,
  Runs,
  UnitFileState,
  UnitKind,
  VrrpState,
} from '../core/vocabulary.ts'

import type { MemberView } from './cluster.ts'
import type { Lead, Membership, ReplicationStatus } from './database.ts'
import type { BootstrapRequest, HandoverRequest, RecloneRequest, RejoinRequest, SetRequest } from './requests.ts'

import type { HistoryEntry, StepRecord } from './storage.ts'
import type { VrrpEvent } from './vrrp.ts'

/** What `apmode mode` says. */
export interface ModeView {
  readonly mode: KnownMode
  /** The mode that a change is on its way to; null at rest. */
  readonly being: Mode | null
  /** Why the mode is `unreadable`; null otherwise. */
  readonly problem: string | null
}

export interface UnitView {
  readonly name: string
  readonly kind: UnitKind
  readonly runs: Runs
  readonly active: ActiveState
  readonly file: UnitFileState
  /** It was started in vain too often: it waits for a person's word (`apmode start`). */
  readonly givenUp: boolean
}

export interface PeerView {
  readonly name: string
  readonly address: string
  readonly reachable: boolean | null
  readonly writable: boolean | null
  /** The peer's replica is connected to this machine's database. */
  readonly attached: boolean | null
  /** What the peer last said of itself (table apmode.node in its database); null: it could not be read. */
  readonly mode: KnownMode | null
  readonly role: Role | null
  readonly vrrp: VrrpState | null
  readonly fit: boolean | null
  readonly reasons: readonly string[]
  readonly version: string | null
  /** When it said so, by its own clock; it says it again every 30 s. */
  readonly saidAt: string | null
  /** How its database replicates; null: it is no replica, or could not be asked. */
  readonly replication: ReplicationStatus | null
  /** As `gtid` of this machine. */
  readonly gtid: string | null
}

/** A Galera member, in its own words (`wsrep_…`), and whether it may be asked for reads and writes now. */
export interface ClusterView extends Omit<Membership, 'leads'> {
  readonly serves: boolean
}

/** `apmode status --json`, to the letter (booleans: true, false, null = unknown; times: ISO 8601 UTC). */
export interface Status {
  /** This machine's name in the configuration. */
  readonly node: string
  readonly codename: string
  readonly engine: Engine
  readonly mode: KnownMode
  readonly being: Mode | null
  readonly role: Role
  readonly vrrp: VrrpState
  /** The VIP is on this machine's interface. */
  readonly holder: boolean | null
  /** The database accepts writes. */
  readonly writable: boolean | null
  /** A write is acknowledged when the peer has it too (semi-sync); null: unknown, or this machine does not accept writes. */
  readonly commitsWithPeer: boolean | null
  /** This machine may carry the VIP. */
  readonly fit: boolean | null
  /** Why not fit, and why something is not as the posture wants it: a sentence each; empty when all is well. */
  readonly reasons: readonly string[]
  /** The last transaction in this machine's binary log (gtid_binlog_pos); null: the database does not answer. */
  readonly gtid: string | null
  /** What must hold here now, in one sentence. */
  readonly posture: string
  /** In the configured order. */
  readonly units: readonly UnitView[]
  /** null: not configured as a replica, or the database does not answer. */
  readonly replication: ReplicationStatus | null
  /** Where the database stands in its Galera cluster; null: in none, or it does not answer. */
  readonly cluster: ClusterView | null
  /** null: a single machine is configured, or more than two. */
  readonly peer: PeerView | null
  /** All other machines, in the order of the file. Nothing else is known of more than one: this machine's `vrrp` says what VRRP sees. */
  readonly peers: readonly { readonly name: string; readonly address: string }[]
  readonly lead: Lead | null
  /** The newest line of the history. */
  readonly lastChange: HistoryEntry | null
  readonly version: string
  /** What cannot be done or read at the moment (the bus, the FIFO, a full disk), a sentence each. */
  readonly problems: readonly string[]
  /** The command that an operator would sensibly type next, with why; null when there is nothing to do. */
  readonly next: NextCommand | null
}

export interface NextCommand {
  readonly command: string
  /** The machine on which it is typed; null: this one. */
  readonly on: string | null
  readonly why: string
}

/** A line for one that watches. */
export type Watched =
  | { readonly type: 'status'; readonly status: Status }
  /** A new line of the history. */
  | { readonly type: 'entry'; readonly entry: HistoryEntry }
  /** Nothing has happened; the supervisor is there. */
  | { readonly type: 'beat' }

export type { Check, CheckItem, CheckResult } from '../core/checks.ts'
export type { BootstrapRequest, HandoverRequest, RecloneRequest, RejoinRequest, SetRequest } from './requests.ts'

/** `apmode start`, `stop`, `restart`: all service units, in order or in reverse. */
export const UNIT_COMMANDS = ['start', 'stop', 'restart'] as const
export type UnitCommand = (typeof UNIT_COMMANDS)[number]

/** What is told while a command works. */
export type Progress =
  /** A step begins. */
  | { readonly type: 'begin'; readonly step: string; readonly sentence: string }
  /** A step ended, well or not. */
  | ({ readonly type: 'step' } & StepRecord)
  /** How far something long is; each takes the place of the one before. */
  | { readonly type: 'progress'; readonly sentence: string }
  /** Anything else worth knowing: waiting for the peer, waiting for another command to end. */
  | { readonly type: 'note'; readonly sentence: string }

/** How a command ended. `exit` is the exit code of the client (spec section 5). */
export interface CommandResult {
  /** 0 done or nothing to do, 1 failed, 2 bad configuration, 3 refused by a guard and nothing changed, 5 still going on. */
  readonly exit: 0 | 1 | 2 | 3 | 5
  readonly sentence: string
  readonly done: readonly StepRecord[]
  /** Sentences of the steps that were wanted and not reached. */
  readonly notDone: readonly string[]
  /** Name of the guard (`G2 no stale lead`) when `exit` is 3. */
  readonly refusedBy?: string
  /** Of a Galera cluster: where each machine stands, in the order of the file. */
  readonly members?: readonly MemberRow[]
}

export type PlanRequest =
  | { readonly command: 'set'; readonly mode: Mode; readonly now: boolean; readonly force: boolean }
  | { readonly command: 'handover'; readonly kill: boolean }
  | { readonly command: 'rejoin'; readonly force: boolean }
  | ({ readonly command: 'reclone' } & RecloneRequest)
  | ({ readonly command: 'bootstrap' } & BootstrapRequest)
  | { readonly command: 'notify'; readonly state: VrrpEvent['state'] }
  | { readonly command: UnitCommand }

export interface PlannedStep {
  readonly step: string
  /** It takes a right away, or gives one. */
  readonly effect: 'withdraw' | 'grant'
  readonly sentence: string
  /** What it would send, one line each: D-Bus calls, SQL, files. Secrets masked. */
  readonly calls: readonly string[]
}

/** What would be done now; nothing was changed. */
export interface PlanView {
  /** As in the history: `set m`, `master`, `start`. */
  readonly event: string
  readonly from: HistoryEntry['from']
  readonly to: HistoryEntry['to']
  /** The decision in one sentence. */
  readonly sentence: string
  /** What must hold afterwards, in one sentence. */
  readonly posture: string
  /** What is looked at first, a sentence each; empty: only the guards. */
  readonly checks: readonly string[]
  /** In order; empty: nothing to do. */
  readonly steps: readonly PlannedStep[]
  /** The guard that would refuse it, and why; null when it would be done. */
  readonly refusedBy: string | null
  /** `bootstrap`: where each machine stands. */
  readonly members?: readonly MemberRow[]
}

export interface Control {
  /** Queues the event and returns at once. `accepted` false: another instance, or stopping; `sentence` says which. */
  notify(event: VrrpEvent): { readonly accepted: boolean; readonly sentence: string }
  mode(): ModeView
  /** Looks at everything (bounded), never throws for something that is away: that is what `null` and `reasons` are for. */
  status(): Promise<Status>
  /** The same from memory, without a look: at once, and always. Before the first look most of it is unknown. */
  known(): Status
  /** Something of `known` may be different now; often called, with nothing. Returns how to stop listening. */
  onChange(listener: () => void): () => void
  /** The newest `count` entries, oldest first. */
  history(count: number): HistoryEntry[]
  /** From what is known already; it is asked every second by keepalived and must not wait for anything slow. */
  check(what: readonly Check[]): CheckResult | Promise<CheckResult>
  set(request: SetRequest, onProgress: (progress: Progress) => void): Promise<CommandResult>
  units(command: UnitCommand, onProgress: (progress: Progress) => void): Promise<CommandResult>
  handover(request: HandoverRequest, onProgress: (progress: Progress) => void): Promise<CommandResult>
  rejoin(request: RejoinRequest, onProgress: (progress: Progress) => void): Promise<CommandResult>
  reclone(request: RecloneRequest, onProgress: (progress: Progress) => void): Promise<CommandResult>
  bootstrap(request: BootstrapRequest, onProgress: (progress: Progress) => void): Promise<CommandResult>
  /** This machine's part of its Galera cluster, from memory; null: it has none. */
  cluster(): MemberView | null
  plan(request: PlanRequest): Promise<PlanView>
  /** For `GET /health`: the serial loop has answered lately. */
  alive(): { readonly ok: boolean; readonly sentence: string }
}
