/**
 * The words of the project, as types. One word for one thing: keepalived's, systemd's and MariaDB's own where they have
 * one, ours otherwise. Nothing here does anything.
 */

/** What the operator (or a failover) has decided for this machine: active-standby, maintenance, standalone. */
export const MODES = ['ap', 'm', 's'] as const
export type Mode = (typeof MODES)[number]

/**
 * What the mode file says. `unset`: there is no file yet, apmode leaves everything as it is. `unreadable`: there is a
 * file and it cannot be understood; apmode does not guess, it fences and grants nothing until `apmode set`.
 */
export type KnownMode = Mode | 'unset' | 'unreadable'

/** The machine's place in the pair: from the configuration at first, then persisted. */
export const ROLES = ['active', 'standby'] as const
export type Role = (typeof ROLES)[number]

/** What keepalived last said. `init`: nothing yet since it was started (or it is not running). */
export const VRRP_STATES = ['init', 'master', 'backup', 'fault', 'stop'] as const
export type VrrpState = (typeof VRRP_STATES)[number]

export const UNIT_KINDS = ['database', 'api', 'router', 'other'] as const
export type UnitKind = (typeof UNIT_KINDS)[number]

/**
 * What keeps the data of these machines. `mariadb`: one writes, the other one replicates. `galera`: a cluster of which every member
 * writes. `none`: they have none, nothing is written or replicated.
 */
export const ENGINES = ['mariadb', 'galera', 'none'] as const
export type Engine = (typeof ENGINES)[number]

/** On which machine a service unit runs: on both, or only on the holder of the VIP. */
export const RUNS = ['everywhere', 'holder'] as const
export type Runs = (typeof RUNS)[number]

/** systemd's ActiveState, to the letter (org.freedesktop.systemd1(5)); `missing` when systemd knows no such unit. */
export type ActiveState =
  | 'active'
  | 'reloading'
  | 'inactive'
  | 'failed'
  | 'activating'
  | 'deactivating'
  | 'maintenance'
  | 'refreshing'
  | 'missing'

/** systemd's UnitFileState, to the letter; `missing` when there is no unit file. */
export type UnitFileState =
  | 'enabled'
  | 'enabled-runtime'
  | 'linked'
  | 'linked-runtime'
  | 'alias'
  | 'masked'
  | 'masked-runtime'
  | 'static'
  | 'indirect'
  | 'disabled'
  | 'generated'
  | 'transient'
  | 'bad'
  | 'missing'
