/**
 * May this machine carry the VIP? A pure judgement; every "no" is a sentence that `status` shows as it is. An operator's
 * restart of a unit is no failure. In `s` there is nobody to hand the VIP to: only the database counts there.
 */
import type { Config } from './config.ts'
import { vetoReasons } from './consent.ts'
import { lineageReasons } from './lineage.ts'
import { isDown, isDying, isRunning, type Observed, type ObservedUnit } from './observed.ts'
import { isTried, startReasons } from './starting.ts'
import type { State } from './state.ts'

function mustRun(unit: ObservedUnit, state: State): boolean {
  if (unit.kind === 'router') return false
  if (unit.runs === 'holder' && state.vrrp !== 'master') return false
  return state.mode !== 's' || unit.kind === 'database'
}

/** `forgivenMs`: how long it may be away for a restart. */
function unitFault(unit: ObservedUnit, { starting }: Observed, forgivenMs: number): string | null {
  if (isRunning(unit)) return null
  if (unit.active === null) return null
  // Between the stop and the start of an operator's restart.
  if (unit.jobPending && unit.active !== 'failed' && unit.downMs < forgivenMs) return null
  // A holder-only unit is started after the VIP has come: only that it ran and fell over counts, or falls at this moment.
  const fell = unit.active === 'failed' || (isDying(unit) && !isDown(unit))
  if (unit.runs === 'holder' && !(fell && starting.ran.includes(unit.name))) return null
  return unit.active === 'missing' ? `${unit.name} does not exist` : `${unit.name} is ${unit.active}`
}

/** A database that is away for longer is missed: later the peer could not prove any more that it has everything (G2). */
const forgivenMs = (unit: ObservedUnit, { peer, database }: Config) =>
  unit.kind === 'database' && peer !== null ? database.hangTimeoutMs : Number.POSITIVE_INFINITY

/** Why the mode alone forbids it. */
function modeFault(state: State): string | null {
  switch (state.mode) {
    case 'unset':
      return 'no mode has been set (apmode set ap)'
    case 'unreadable':
      return 'the mode file cannot be understood (apmode set …)'
    case 'm':
      return 'the machine is in maintenance'
    case 'ap':
    case 's':
      return null
  }
}

function databaseFaults(observed: Observed): string[] {
  const { database, units } = observed
  if (database === null) return []
  const unit = units.find((candidate) => candidate.kind === 'database')
  if (!database.answers) {
    // While an operator restarts it, it does not answer; that its unit is down is said by the unit; for how long one
    // that accepts connections may be silent is for its check to say.
    const restarting = unit?.jobPending === true && unit.active !== 'failed'
    const saidElsewhere = restarting || (unit !== undefined && !isRunning(unit)) || database.reason === 'hung'
    return saidElsewhere ? [] : [`the database does not serve: ${database.detail}`]
  }
  const { replication } = database
  if (replication !== null && !replication.sql && replication.errno !== 0) {
    return [`replication stopped with error ${replication.errno}: ${replication.error}`]
  }
  return []
}

/** What the checks found; of something that does not run, the unit says enough. */
function checkFaults(state: State, observed: Observed): string[] {
  return observed.checks.flatMap(({ kind, unit: name, trouble }) => {
    const unit = observed.units.find((candidate) => candidate.name === name)
    if (trouble === null || unit === undefined || !isRunning(unit) || isTried(observed, unit)) return []
    // Whoever needs the database waits with it for the peer, and no other machine could do better.
    if (kind === 'unit' && observed.lineage.stalled) return []
    // A machine that is alone keeps a VIP that serves most of what it should.
    if (kind === 'disk' && state.mode === 's') return []
    return mustRun(unit, state) ? [trouble] : []
  })
}

/** Empty: fit. */
export function unfitReasons(state: State, observed: Observed, config: Config): string[] {
  const mode = modeFault(state)
  if (mode !== null) return [mode]
  const reasons = observed.units.flatMap((unit) =>
    // One that does not start is tried in place first, then given up: that has its own reasons.
    mustRun(unit, state) && !isTried(observed, unit) ? (unitFault(unit, observed, forgivenMs(unit, config)) ?? []) : [],
  )
  reasons.push(...databaseFaults(observed), ...checkFaults(state, observed), ...lineageReasons(state, observed, config))
  reasons.push(...vetoReasons(observed, config), ...startReasons(state, observed, config))
  if (observed.shuttingDown) reasons.push('the machine is shutting down')
  const { withdrawal } = observed
  if (withdrawal !== null && withdrawal.stage !== 'writes') reasons.push(withdrawal.sentence)
  return reasons
}

/** A holder of a pair whose commits do not wait for the peer, although they should: the pair is not whole (yet). */
export function commitsAlone(state: State, { database }: Observed, config: Config): boolean {
  const { engine, durability } = config.database
  const pair = state.mode !== 'm' && config.peer !== null && engine === 'mariadb' && durability === 'semi-sync'
  return pair && database?.answers === true && database.writable && !database.commitsWithPeer
}
