/**
 * What to do now: `plan(observed, posture)` → the missing steps, in order. Pure. Invariants: withdrawals come before
 * grants; an observed world that matches the posture gives an empty plan; what is unknown is withdrawn, never granted.
 */
import type { DatabasePresent } from '../ports/database.ts'
import { offerReason } from './handover.ts'
import { databaseUnitOf, isDown, isDying, isRunning, type Observed, type ObservedUnit, routerOf } from './observed.ts'
import { commits } from './plan-commits.ts'
import { changeFiles, maskFiles } from './plan-files.ts'
import { LEAVING_FENCE_MS, leaveCluster, leaves, takePart } from './plan-member.ts'
import type { Posture } from './posture.ts'
import { isGivenUp, rests } from './starting.ts'
import type { Step } from './step.ts'

/** A fence that a database which does not answer gets, before it is killed (G7). */
const HUNG_FENCE_MS = 100

export interface PlanInput {
  /** Empty: this machine may carry the VIP. */
  readonly unfit: readonly string[]
  /** Why the writer changes, for apmode.lead. */
  readonly reason: string
  /** The address and port that replication comes from; null: there is no peer. */
  readonly source: string | null
  /** Commits may wait for the peer's acknowledgement (durability "semi-sync", and there is a peer). */
  readonly semiSync: boolean
  /** The newest row of apmode.lead is this machine's. */
  readonly leads: boolean
  /** It is, and offers the lead to the peer: what this machine goes on leading with must be said again. */
  readonly offered: boolean
  /** The peer was attached when this machine last could write: until it is known to be gone, it acknowledges. */
  readonly owed: boolean
  /** How long a withdrawal may wait until the peer has every write. */
  readonly peerWaitMs: number
}

export interface Plan {
  readonly withdraw: readonly Step[]
  readonly grant: readonly Step[]
}

export function plan(observed: Observed, posture: Posture, input: PlanInput): Plan {
  return {
    withdraw: [
      // At once, and needing nobody: whoever takes the VIP over must not share it.
      ...removeVip(observed),
      ...leaveCluster(observed, posture, input),
      ...withdrawWrites(observed, posture),
      ...offerLead(observed),
      ...waitForPeer(observed, posture, input),
      ...declareUnfit(observed, input),
      ...stopUnits(observed, posture),
      ...cutReplication(observed, posture),
      ...maskFiles(observed, posture),
    ],
    grant: [
      ...promote(observed, posture, input),
      ...declareFit(observed, input),
      ...startUnits(observed, posture),
      ...follow(observed, posture, input),
      ...changeFiles(observed, posture),
      ...keepTransactions(observed),
    ],
  }
}

/** Does the database, as far as is known, refuse writes? */
function refusesWrites(observed: Observed): boolean {
  const { database } = observed
  if (database === null) return true
  if (database.answers) return !database.writable
  if (database.reason === 'down' || database.reason === 'unsupported') return true
  return observed.fenced
}

function withdrawWrites(observed: Observed, posture: Posture): Step[] {
  if (posture.database !== 'read-only') return []
  const lost = beyondFencing(observed)
  // One that hangs heals by being killed, also where it could not write.
  if (lost !== null && (lost.hangs || !refusesWrites(observed))) return [lost.step]
  if (refusesWrites(observed)) return []
  return [{ do: 'fence', effect: 'withdraw', ...fenceLimit(observed, posture) }]
}

/** Its own, where the configured one would be too long or too short; else none. */
function fenceLimit(observed: Observed, posture: Posture): { limitMs?: number } {
  const { database } = observed
  if (database?.answers === false && database.reason === 'hung') return { limitMs: HUNG_FENCE_MS }
  return leaves(observed, posture) ? { limitMs: LEAVING_FENCE_MS } : {}
}

/** After the fence: the row of the offer is the last thing that this machine writes. */
function offerLead(observed: Observed): Step[] {
  const offer = observed.withdrawal?.offer ?? null
  const database = present(observed)
  if (offer === null || database === null || database.lead?.reason === offerReason(offer)) return []
  return [{ do: 'offer-lead', effect: 'withdraw', reason: offerReason(offer) }]
}

/** As long as the VIP is here, the peer has not taken over: it can still be given everything. */
function waitForPeer(observed: Observed, posture: Posture, input: PlanInput): Step[] {
  const database = present(observed)
  const router = routerOf(observed)
  const stillHere = observed.vip && router !== undefined && isRunning(router)
  const was = posture.database === 'read-only' && database?.writable === true && beyondFencing(observed) === null
  if (!was || !observed.peerAttached || !stillHere || input.peerWaitMs <= 0) return []
  return [{ do: 'wait-for-peer', effect: 'withdraw', limitMs: input.peerWaitMs }]
}

/**
 * A database of which the checks say that it is silent cannot prove a fence; and commits that wait for a full disk could
 * end any way when their sessions are ended: killed, they have not happened (G7 without the fence).
 */
function beyondFencing({
  checks,
  units,
  withdrawal,
}: Observed): { readonly step: Step; readonly hangs: boolean } | null {
  // One that is being filled is nobody's data yet, and may be busy for a while.
  if (withdrawal?.stage === 'data') return null
  const unit = databaseUnitOf({ units })
  const found = checks.find(({ kind, trouble }) => kind !== 'unit' && trouble !== null)
  if (unit === undefined || found === undefined) return null
  const because = found.kind === 'disk' ? 'its disk takes no writes' : 'it does not answer'
  return {
    step: { do: 'kill-database', effect: 'withdraw', unit: unit.name, because },
    hangs: found.kind === 'database',
  }
}

function declareUnfit(observed: Observed, input: PlanInput): Step[] {
  if (input.unfit.length === 0 || observed.unfitDeclared === true) return []
  return [{ do: 'declare-unfit', effect: 'withdraw', reasons: input.unfit }]
}

function declareFit(observed: Observed, input: PlanInput): Step[] {
  return input.unfit.length === 0 && observed.unfitDeclared !== false ? [{ do: 'declare-fit', effect: 'grant' }] : []
}

const holderUnits = (observed: Observed) =>
  observed.units.filter((unit) => unit.runs === 'holder' && unit.kind !== 'router' && unit.kind !== 'database')

/** Masked now, it would run and never be known to: systemd no longer hears that it is ready (systemd 252). */
const isOnItsWayUp = ({ active }: ObservedUnit) => active === 'activating'

/** keepalived first, so that the VIP has left before anything behind it goes; the rest in reverse order. */
function stopUnits(observed: Observed, posture: Posture): Step[] {
  const router = routerOf(observed)
  const wanted: ObservedUnit[] = []
  if (posture.router === 'stopped' && router !== undefined) wanted.push(router)
  if (posture.holderUnits === 'stopped') wanted.push(...holderUnits(observed).reverse())
  if (posture.serviceUnits === 'masked') wanted.push(...observed.units.filter(isOnItsWayUp).reverse())
  return [...new Set(wanted)]
    .filter((unit) => unit.active !== null && !isDown(unit))
    .map((unit) => ({ do: 'stop-unit', effect: 'withdraw', unit: unit.name }))
}

function startUnits(observed: Observed, posture: Posture): Step[] {
  const router = routerOf(observed)
  const wanted: ObservedUnit[] = []
  if (posture.holderUnits === 'running') wanted.push(...upToOneThatWaits(observed, holderUnits(observed)))
  if (posture.router === 'running' && router !== undefined && router.active !== 'missing') wanted.push(router)
  return wanted
    .filter((unit) => unit.active !== null && !isRunning(unit) && !unit.jobPending)
    .map((unit) => ({ do: 'start-unit', effect: 'grant', unit: unit.name }))
}

/**
 * In their order: behind one that is on its way up, or rests before its next try, none is started; one that was given up is
 * passed over. One that is missing is tried all the same: that it does not start is what counts there.
 */
function upToOneThatWaits(observed: Observed, units: readonly ObservedUnit[]): readonly ObservedUnit[] {
  const tried = units.filter((unit) => !isGivenUp(observed, unit))
  const comes = (unit: ObservedUnit) => unit.jobPending || (isOnItsWayUp(unit) && !isDying(unit))
  const waits = (unit: ObservedUnit) => comes(unit) || rests(observed, unit)
  const first = tried.findIndex((unit) => !isRunning(unit) && waits(unit))
  return first === -1 ? tried : tried.slice(0, first)
}

/** A keepalived that was killed leaves the VIP behind. */
function removeVip(observed: Observed): Step[] {
  const router = routerOf(observed)
  const dead = router !== undefined && isDying(router)
  return observed.vip && dead ? [{ do: 'remove-vip', effect: 'withdraw' }] : []
}

function cutReplication(observed: Observed, posture: Posture): Step[] {
  if (posture.replication !== 'off' || posture.database === 'writable') return []
  const database = present(observed)
  const running = database?.replication != null && (database.replication.io !== 'No' || database.replication.sql)
  return running ? [{ do: 'cut-replication', effect: 'withdraw' }] : []
}

/** Replication that is on its way into this database ends before the database is opened, whole. */
function promote(observed: Observed, posture: Posture, input: PlanInput): Step[] {
  const database = present(observed)
  if (posture.database !== 'writable' || database === null) return []
  if (database.cluster !== null) return takePart(observed, posture, input)
  const steps: Step[] = []
  const { replication } = database
  if (replication !== null && posture.replication === 'off') {
    if (replication.io !== 'No' || replication.sql || replication.received !== replication.gtid) {
      steps.push({ do: 'drain', effect: 'grant' })
    }
    steps.push({ do: 'stop-replication', effect: 'grant' })
  }
  // Who leads already goes on leading (its database was restarted, say): nobody else could have led in between.
  const { leads, offered, reason } = input
  const records = offered || !(database.writable || leads)
  const record: Step[] = records ? [{ do: 'record-lead', effect: 'grant', reason }] : []
  const acknowledged = commits(observed, database, posture, input)
  // The row is a write as well: it does not wait for a peer that is known to be gone.
  const alone = acknowledged[0]?.do === 'commit-alone'
  steps.push(...(alone ? [...acknowledged, ...record] : [...record, ...acknowledged]))
  if (!database.writable) steps.push({ do: 'allow-writes', effect: 'grant' })
  // It stands, and stays so after a restart: forgetting it can wait.
  if (replication !== null && posture.replication === 'off') steps.push({ do: 'forget-primary', effect: 'grant' })
  return steps
}

function follow(observed: Observed, posture: Posture, input: PlanInput): Step[] {
  const database = present(observed)
  if (posture.replication !== 'from the peer' || database === null || input.source === null) return []
  const { replication } = database
  const follows =
    replication !== null && replication.source === input.source && replication.io !== 'No' && replication.sql
  return follows ? [] : [{ do: 'follow', effect: 'grant' }]
}

/** G6: what only this machine has is not lost with it. */
function keepTransactions({ database, lineage }: Observed): Step[] {
  if (lineage.diverged.length === 0 || lineage.keptIn !== null || database?.answers !== true) return []
  return [{ do: 'keep-transactions', effect: 'grant', ranges: lineage.diverged }]
}

function present(observed: Observed): DatabasePresent | null {
  return observed.database?.answers === true ? observed.database : null
}

/** G7: what follows when a step could not be proven; null: nothing, it is tried again. */
export function escalation(step: Step, observed: Observed): Step | null {
  const unit = databaseUnitOf(observed)
  return step.do === 'fence' && unit !== undefined
    ? { do: 'kill-database', effect: 'withdraw', unit: unit.name, because: 'the fence could not be proven' }
    : null
}
