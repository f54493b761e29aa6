/**
 * What systemd, MariaDB, the interface and the peer say at one moment. Plain data that the host gathers and the core
 * judges; null always means unknown, never "no".
 */
import type { DatabaseStatus, PeerStatus } from '../ports/database.ts'
import type { Consent } from './consent.ts'
import type { Offer } from './handover.ts'
import type { Lineage } from './lineage.ts'
import type { Starting } from './starting.ts'
import type { ActiveState, Runs, UnitFileState, UnitKind } from './vocabulary.ts'

export interface ObservedUnit {
  readonly name: string
  readonly kind: UnitKind
  readonly runs: Runs
  /** null: systemd does not answer. */
  readonly active: ActiveState | null
  readonly sub: string
  readonly file: UnitFileState | null
  /** A job (start, stop, restart) of this unit waits or runs. */
  readonly jobPending: boolean
  /** Since it was last seen to run, in milliseconds; 0: it runs. */
  readonly downMs: number
}

/** What the prober says of something that seems to run. */
export interface ObservedCheck {
  /** A service unit by its `check`, the database by a sign of life, its disk by a small write. */
  readonly kind: 'unit' | 'database' | 'disk'
  /** The unit's name; for the database and its disk their unit's. */
  readonly unit: string
  /** What is wrong, as a sentence; null: well. */
  readonly trouble: string | null
}

/** An operation that takes rights away from this machine for now. Each stage takes what the one before it takes. */
export interface Withdrawal {
  /** `writes`: the database is fenced. `vip`: unfit as well. `data`: the data is being replaced, so it is not followed with. */
  readonly stage: 'writes' | 'vip' | 'data'
  /** Why, for a person. */
  readonly sentence: string
  /** The lead is offered to the peer; null: it is not. */
  readonly offer: Offer | null
  /** The peer is followed, whatever the decision table says: it is to lead, or leads. */
  readonly follows: boolean
}

export interface Observed {
  /** The service units, in the configured order. */
  readonly units: readonly ObservedUnit[]
  readonly bootUnit: { readonly name: string; readonly file: UnitFileState | null }
  /** The VIP is on the interface. */
  readonly vip: boolean
  readonly carrier: boolean | null
  /** What the tracked file says: true is unfit. */
  readonly unfitDeclared: boolean | null
  readonly checks: readonly ObservedCheck[]
  /** null: this machine has no database (engine "none"). */
  readonly database: DatabaseStatus | null
  /** Since writes were last allowed, the database has been seen to refuse them. Matters only while it does not answer. */
  readonly fenced: boolean
  /** null: not looked at. */
  readonly peer: PeerStatus | null
  /** The peer's replica is connected, or was a moment before the database went away. */
  readonly peerAttached: boolean
  readonly lineage: Lineage
  /** null: none. */
  readonly withdrawal: Withdrawal | null
  /** Units of the holder that did not start. */
  readonly starting: Starting
  /** What the hooks say to a promotion. */
  readonly consent: Consent
  /** keepalived is down because apmode stopped it or never started it: not a failure. */
  readonly routerDownExpected: boolean
  /** systemd is shutting the machine down. */
  readonly shuttingDown: boolean
}

const RUNNING: readonly (ActiveState | null)[] = ['active', 'reloading', 'refreshing']

export function isRunning(unit: Pick<ObservedUnit, 'active'>): boolean {
  return RUNNING.includes(unit.active)
}

/** Nothing of it runs: a unit on its way down or up is neither running nor down. */
export function isDown(unit: Pick<ObservedUnit, 'active'>): boolean {
  return unit.active === 'inactive' || unit.active === 'failed' || unit.active === 'missing'
}

/**
 * Nothing of it works any more, and nobody asked for that: down, or on its way down without a job (its main process was
 * killed and systemd still collects what is left of it), or about to be started again by `Restart=`.
 */
export function isDying(unit: ObservedUnit): boolean {
  if (isDown(unit) || unit.sub === 'auto-restart') return !unit.jobPending
  return unit.active === 'deactivating' && !unit.jobPending
}

export function routerOf(observed: Pick<Observed, 'units'>): ObservedUnit | undefined {
  return observed.units.find((unit) => unit.kind === 'router')
}

export function databaseUnitOf(observed: Pick<Observed, 'units'>): ObservedUnit | undefined {
  return observed.units.find((unit) => unit.kind === 'database')
}
