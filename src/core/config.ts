/**
 * The configuration as the rest of the program sees it: complete (every default filled in), checked, immutable.
 * `config/parse.ts` makes it from the text of /etc/apmode/apmode.toml. It holds paths of secrets, never a secret.
 */
import type { Engine, Role, Runs, UnitKind } from './vocabulary.ts'

export interface NodeConfig {
  readonly name: string
  /** IPv4 or IPv6 address that VRRP and replication use; unicast. */
  readonly address: string
  readonly interface: string
  /** The role until one is persisted. */
  readonly role: Role
  /** It takes the VIP back from a machine that serves, when it has been fit for `preemptDelay`. */
  readonly preempt: boolean
}

export interface VrrpConfig {
  /** Address with prefix length, as `192.168.33.100/24`. */
  readonly vip: string
  readonly virtualRouterId: number
  /** Seconds, as keepalived has it. */
  readonly advertInterval: number
  /** Seconds, as keepalived has it; matters where a node has `preempt`. */
  readonly preemptDelay: number
  /** Addresses that answer a ping (the gateway, say); empty: no witness. */
  readonly witness: readonly string[]
  /** keepalived's `vrrp_instance` name: `VI_1`. */
  readonly instance: string
}

/** How a unit that systemd calls active is asked whether it works. */
export type UnitCheck =
  /** GET; well when the answer has the unit's `checkStatus`. */
  | { readonly kind: 'http'; readonly host: string; readonly port: number; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** Well when it ends with 0; run as root without a shell. */
  | { readonly kind: 'command'; readonly argv: readonly string[] }

export interface UnitConfig {
  readonly name: string
  readonly kind: UnitKind
  readonly runs: Runs
  /** null: that it runs is enough. */
  readonly check: UnitCheck | null
  readonly checkStatus: number
  /** A unit whose check has not succeeded for this long counts as failed. */
  readonly checkWithinMs: number
}

export interface DatabaseConfig {
  readonly engine: Engine
  readonly socket: string
  readonly port: number
  readonly replicationUser: string
  readonly replicationPasswordFile: string
  /** A Galera cluster has its own way: there it is `async`, and nothing of semi-sync is switched on. */
  readonly durability: 'semi-sync' | 'async'
  /** In the file in seconds, as every time limit. How long a fence may take before G7 kills the database process. */
  readonly fenceTimeoutMs: number
  /** How long the database may be silent, or the disk of the holder not take a write, before the machine is unfit. */
  readonly hangTimeoutMs: number
  /** How long a promotion waits for the relay log to be applied (G5). */
  readonly drainTimeoutMs: number
  /** What follows when the relay log is not applied in that time (G5). */
  readonly drainPolicy: 'refuse' | 'promote'
  /** How long a planned withdrawal waits until the peer has received every write. */
  readonly handoverTimeoutMs: number
  /** wsrep_cluster_name; matters with engine "galera". */
  readonly clusterName: string
  /** A Galera member that is Donor/Desynced stays fit. */
  readonly donorServes: boolean
}

export interface HooksConfig {
  /** Of each hook. */
  readonly timeoutMs: number
  /** What a hook that hangs or cannot be run says to a promotion. */
  readonly withoutAnswer: 'proceed' | 'veto'
}

export interface Config {
  readonly codename: string
  readonly modeFile: string
  /** Of this machine. */
  readonly node: NodeConfig
  /** The other machine of a pair; null when one node is configured, or more than two. */
  readonly peer: NodeConfig | null
  /** All other machines, in the order of the file. */
  readonly peers: readonly NodeConfig[]
  readonly nodes: readonly NodeConfig[]
  readonly vrrp: VrrpConfig
  /** In the order in which they start. */
  readonly units: readonly UnitConfig[]
  readonly database: DatabaseConfig
  /** Host and port of the read-only HTTP; null: switched off. */
  readonly health: { readonly host: string; readonly port: number } | null
  /** Host and port of HAProxy's agent check; null: switched off. */
  readonly healthAgent: { readonly host: string; readonly port: number } | null
  readonly hooks: HooksConfig
  /** How long one start or stop of a unit may take. */
  readonly unitTimeoutMs: number
  /** How often everything is looked at without an event. */
  readonly driftIntervalMs: number
}

/** One fault of the configuration: where, what was found, what is expected. */
export interface ConfigProblem {
  /** Of the file, from 1. 0: it concerns the file as a whole (there is none, it cannot be read). */
  readonly line: number
  /** Dotted path of the key, as `vrrp.vip` or `node[1].address`; empty: the whole file (a syntax error). */
  readonly key: string
  /** What was found and what is expected, in one sentence. */
  readonly message: string
}

/**
 * More than two machines: nobody is the one peer, and none of them is ever known to be alone or the last one. Whoever takes
 * over stays in `ap`, and whoever loses the VIP does too; VRRP alone says whose turn it is.
 */
export function isOneOfMany(config: Pick<Config, 'peers'>): boolean {
  return config.peers.length > 1
}

/** The name of the boot unit: `<codename>.service`. */
export function bootUnitOf(config: Pick<Config, 'codename'>): string {
  return `${config.codename}.service`
}
