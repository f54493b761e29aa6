/** What the program needs from a database engine. Types only; `adapters/mariadb` has the real ones: MariaDB, and Galera. */
import type { GtidRange } from '../core/divergence.ts'
import type { LeadMark } from '../core/parted.ts'
import type { KnownMode, Role, VrrpState } from '../core/vocabulary.ts'
import type { Call } from './systemd.ts'

/** Where a Galera member stands: what its `SHOW GLOBAL STATUS LIKE 'wsrep_%'` says, to the letter where it has a word. */
export interface Membership {
  /** wsrep_cluster_status: only a member of the primary component takes statements. */
  readonly component: 'Primary' | 'non-Primary' | 'Disconnected'
  /** wsrep_local_state_comment: `Synced`, `Donor/Desynced`, `Joined`, `Joining…`, `Initialized`. */
  readonly state: string
  /** wsrep_ready. */
  readonly ready: boolean
  /** wsrep_cluster_size: members of the component that this one sees. */
  readonly size: number
  /** Addresses of them, this one included (wsrep_incoming_addresses without the ports). */
  readonly members: readonly string[]
  /** wsrep_cluster_state_uuid; its zeros when there is none. */
  readonly uuid: string
  /** wsrep_last_committed; -1: none. */
  readonly seqno: number
  /** @@wsrep_desync: it falls behind on purpose, and the others do not wait for it. */
  readonly desynced: boolean
  /** wsrep_local_recv_queue: write sets that wait to be applied here. */
  readonly queue: number
  /** wsrep_flow_control_paused since the last FLUSH STATUS: share of the time in which the cluster waited, 0 to 1. */
  readonly paused: number
  /** @@read_only: clients are refused, the other members' write sets are applied. */
  readonly readOnly: boolean
  /** The last rows of apmode.lead, the newest first; empty: none, or unknown. */
  readonly leads: readonly LeadMark[]
}

/** Why a database does not answer; expected, so it is a value. */
export interface DatabaseAway {
  readonly answers: false
  /**
   * `down`: nothing listens. `hung`: it accepts and does not answer within the limit. `full`: too many connections.
   * `denied`: our account is refused. `unsupported`: MySQL, or a MariaDB that is too old. `error`: anything else.
   */
  readonly reason: 'down' | 'hung' | 'full' | 'denied' | 'unsupported' | 'error'
  /** A sentence for a person: what was tried, what was found. */
  readonly detail: string
}

export interface ReplicationStatus {
  /** `host:port` of the primary that this database is configured to follow. */
  readonly source: string
  /** Slave_IO_Running, to the letter. */
  readonly io: 'Yes' | 'No' | 'Connecting' | 'Preparing'
  readonly sql: boolean
  /** Seconds_Behind_Master; null means unknown, never "no lag". */
  readonly lagSeconds: number | null
  /** gtid_slave_pos. */
  readonly gtid: string
  /** Gtid_IO_Pos: what has been received. */
  readonly received: string
  readonly errno: number
  readonly error: string
}

export interface DatabasePresent {
  readonly answers: true
  readonly version: string
  /** @@server_id: what is written here carries it. */
  readonly serverId: string
  /** @@global.read_only is OFF; of a Galera member also: it is ready, in the primary component. */
  readonly writable: boolean
  /** Where it stands in its Galera cluster; null: it is in none. */
  readonly cluster: Membership | null
  /** Does a commit wait until a replica has it (semi-sync, the primary's part)? */
  readonly commitsWithPeer: boolean
  /** null: not configured as a replica. */
  readonly replication: ReplicationStatus | null
  /** gtid_binlog_pos. */
  readonly binlogPosition: string
  /** gtid_binlog_state: the last sequence number of each server in each domain. */
  readonly binlogState: string
  /** Addresses of connected replicas (Binlog Dump threads); of the other members of a Galera component. */
  readonly replicas: readonly string[]
  /** Last row of apmode.lead, null when there is none. */
  readonly lead: Lead | null
}

export type DatabaseStatus = DatabasePresent | DatabaseAway

/** One row of the table apmode.lead: who may write, since when, why (G1). */
export interface Lead {
  readonly epoch: number
  readonly node: string
  /** ISO 8601 UTC. */
  readonly at: string
  readonly reason: string
  /** Position at the promotion. */
  readonly gtid: string
}

/** What the peer's database says when asked directly over TCP, within `timeoutMs`. */
export interface PeerStatus {
  readonly reachable: boolean
  /** null: unknown. */
  readonly writable: boolean | null
  /** Where it stands in its Galera cluster; null: in none, or unknown. */
  readonly cluster: Membership | null
  readonly detail: string
  /** The peer's gtid_slave_pos (what it has applied); empty when unknown. */
  readonly applied: string
  /** The peer's gtid_binlog_pos. */
  readonly binlogPosition: string
  /** The peer's gtid_binlog_state; empty when unknown. */
  readonly binlogState: string
  /** The peer's commits wait for this machine (semi-sync, the primary's part); null: unknown. */
  readonly commitsWithPeer: boolean | null
  /** Last row of its apmode.lead; null: none, or unknown. */
  readonly lead: Lead | null
  readonly leadKnown: boolean
  /** The machine is there and nothing listens on the port. */
  readonly refused: boolean
}

/** What a supervisor says of its own machine, in its own database, where the other one reads it. */
export interface Presence {
  readonly node: string
  readonly version: string
  readonly mode: KnownMode
  readonly role: Role
  readonly vrrp: VrrpState
  readonly fit: boolean | null
  /** Why not, at most 500 characters. */
  readonly reasons: string
  /** The hash of its configuration. */
  readonly configuration: string
  /** Free space of its database's folders; null: unknown. */
  readonly freeMb: number | null
  /** ISO 8601 UTC, by the clock of that machine. */
  readonly at: string
}

export interface PeerDetails {
  /** null: it has said nothing. */
  readonly presence: Presence | null
  /** null: it is no replica. */
  readonly replication: ReplicationStatus | null
  readonly replicationKnown: boolean
}

/** Something that would hold up a fence, or get past it. */
export interface Obstacle {
  readonly kind: 'transaction' | 'table lock' | 'statement' | 'privileged'
  readonly thread: number
  readonly user: string
  readonly host: string
  readonly ms: number
  readonly sentence: string
}

/** How the acknowledgements of a primary come in (semi-sync). */
export interface Acknowledgements {
  /** Commits that wait for one now. */
  readonly waiting: number
  /** Transactions that got one, since the server started. */
  readonly received: number
}

export interface FenceOutcome {
  /** True only when @@global.read_only was read back as on after the last change, or nothing listens any more. */
  readonly proven: boolean
  /** How many client connections were killed on the way. */
  readonly killed: number
  readonly detail: string
}

export interface Primary {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Read at the moment of use; never kept. */
  readonly passwordFile: string
}

export interface Database {
  /** Keeps administrator connections open from now on (and open again when lost); never throws. */
  open(): void
  close(): Promise<void>
  /** Never throws for an expected condition: see DatabaseAway. */
  observe(call: Call): Promise<DatabaseStatus>
  /** Asks for a sign of life, on a connection of its own. null: it answered; otherwise why not, in a sentence. Never throws. */
  ping(call: Call): Promise<string | null>
  /** The folders that it writes to (data, binary log), as the server names them; empty while it has never answered. */
  folders(): readonly string[]
  /** Makes the database refuse every client write, and proves it. Idempotent. Never longer than `timeoutMs`. */
  fence(call: Call): Promise<FenceOutcome>
  /**
   * Stops receiving, then waits until everything received is applied (field: STOP SLAVE IO_THREAD, then the SQL thread up to Gtid_IO_Pos).
   * `complete` false: the limit came first; `detail` says how far it got, `left` how many transactions are not applied.
   */
  drain(call: Call): Promise<{ readonly complete: boolean; readonly detail: string; readonly left: number }>
  /** STOP SLAVE (both threads), bounded. Idempotent: nothing to do when it is not a replica. */
  stopReplication(call: Call): Promise<void>
  /** Forgets the primary (RESET SLAVE ALL); keeps gtid_slave_pos. Only after stopReplication. */
  forgetPrimary(call: Call): Promise<void>
  /** Writes the next row of apmode.lead (creating the table when there is none) although the database is read-only. */
  recordLead(row: { node: string; reason: string }, call: Call): Promise<Lead>
  /** How the acknowledgements come in. Throws ApmodeError. */
  acknowledgements(call: Call): Promise<Acknowledgements>
  /**
   * Writes these transactions of the own binary log as SQL that a person can read to a new file in `folder`; returns its
   * path. Throws ApmodeError.
   */
  keepTransactions(ranges: readonly GtidRange[], folder: string, call: Call): Promise<string>
  /** Ends the connections that feed the replica at `address`; one that lives connects again. Throws ApmodeError. */
  disconnectReplica(address: string, call: Call): Promise<void>
  /** Switches the primary's part of semi-sync on or off. */
  commitWithPeer(on: boolean, call: Call): Promise<void>
  /** A Galera member falls behind without holding up the others (wsrep_desync), or no longer. Throws `refused` where there is no cluster. */
  desync(on: boolean, call: Call): Promise<void>
  /**
   * Makes the members that this one sees the primary component (`pc.bootstrap`); returns once it takes statements. Throws
   * `refused` where there is no cluster, or it is in a primary component already.
   */
  formComponent(call: Call): Promise<void>
  /** read_only = 0. Throws `refused` when a replication thread runs. */
  allowWrites(call: Call): Promise<void>
  /** CHANGE MASTER TO … by GTID and START SLAVE; only on a read-only database (throws `refused` otherwise). */
  follow(primary: Primary, call: Call): Promise<void>
  /** A direct look at the peer's database over TCP. */
  observePeer(peer: Primary, call: Call): Promise<PeerStatus>
  /** Says how this machine is, in its own database and not in its binary log. Throws ApmodeError. */
  announce(presence: Omit<Presence, 'at'>, call: Call): Promise<void>
  /** How the peer `node` is, as far as its database tells; null: it does not answer. */
  examinePeer(peer: Primary, node: string, call: Call): Promise<PeerDetails | null>
  /** Milliseconds since the peer's supervisor last asked this database anything; null: it is not connected. */
  heardFrom(peer: Pick<Primary, 'host' | 'user'>, call: Call): Promise<number | null>
  /** What would hold up a fence now. Throws ApmodeError. */
  obstacles(limits: { readonly transactionMs: number }, call: Call): Promise<readonly Obstacle[]>
  /** Waits until the peer has applied everything that this database's binlog holds. */
  waitForPeer(peer: Primary, call: Call): Promise<{ readonly complete: boolean; readonly detail: string }>
}
