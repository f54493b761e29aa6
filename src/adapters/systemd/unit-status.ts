/**
 * systemd's words for a unit, made into UnitStatus. Pure.
 * Invariant: a word that is not known never reads as health: ActiveState falls to `failed`, UnitFileState to `bad`.
 */
import type { ActiveState, UnitFileState } from '../../core/vocabulary.ts'
import type { UnitStatus } from '../../ports/systemd.ts'

const ACTIVE_STATES: readonly ActiveState[] = [
  'active',
  'reloading',
  'inactive',
  'failed',
  'activating',
  'deactivating',
  'maintenance',
  'refreshing',
]

const FILE_STATES: readonly UnitFileState[] = [
  'enabled',
  'enabled-runtime',
  'linked',
  'linked-runtime',
  'alias',
  'masked',
  'masked-runtime',
  'static',
  'indirect',
  'disabled',
  'generated',
  'transient',
  'bad',
]

/** One row of Manager.ListUnitsByNames: id, load, active, sub and the waiting job are what is used of `ssssssouso`. */
export interface UnitRow {
  readonly id: string
  readonly load: string
  readonly active: ActiveState
  readonly sub: string
  readonly path: string
  readonly jobPending: boolean
}

export function unitRow(fields: readonly unknown[]): UnitRow {
  const [id, , load, active, sub, , path, jobId] = fields
  return {
    id: String(id),
    load: String(load),
    active: activeState(String(active), String(load)),
    sub: String(sub),
    path: String(path),
    jobPending: Number(jobId) !== 0,
  }
}

/** A unit whose file is gone but whose processes still run is `active`, not `missing`. */
export function activeState(word: string, load: string): ActiveState {
  if (load === 'not-found' && word === 'inactive') return 'missing'
  return ACTIVE_STATES.find((state) => state === word) ?? 'failed'
}

export function fileState(word: string): UnitFileState {
  return FILE_STATES.find((state) => state === word) ?? 'bad'
}

export function missingUnit(name: string): UnitStatus {
  return {
    name,
    id: name,
    active: 'missing',
    sub: 'dead',
    file: 'missing',
    load: 'not-found',
    jobPending: false,
    mainPid: 0,
  }
}

export function sameStatus(one: UnitStatus, other: UnitStatus): boolean {
  return (
    one.id === other.id &&
    one.active === other.active &&
    one.sub === other.sub &&
    one.file === other.file &&
    one.load === other.load &&
    one.jobPending === other.jobPending &&
    one.mainPid === other.mainPid
  )
}

/** What a PropertiesChanged signal says: values of `a{sv}`, already taken out of their variants. */
export type Changed = Readonly<Record<string, unknown>>

/** Applies the changed properties of org.freedesktop.systemd1.Unit (or .Service, for MainPID) to what was known. */
export function withChanges(known: UnitStatus, changed: Changed): UnitStatus {
  const { ActiveState, SubState, Job, MainPID } = changed
  return {
    ...known,
    active: ActiveState === undefined ? known.active : activeState(String(ActiveState), known.load),
    sub: SubState === undefined ? known.sub : String(SubState),
    // Job is (uo): number 0 and path "/" when none is waiting.
    jobPending: Array.isArray(Job) ? Number(Job[0]) !== 0 : known.jobPending,
    mainPid: MainPID === undefined ? known.mainPid : Number(MainPID),
  }
}
