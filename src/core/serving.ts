/**
 * What this machine may be asked for by a load balancer, and the answer: a yes or a no, and why. Pure, from the status
 * alone, which is told from memory. Invariants: what is unknown is a no; `/primary` says yes to one machine at most, and
 * only where the VIP is and writes are accepted, or, without a database, the holder's units run; of a Galera cluster to every
 * member that takes writes. The words are those of Patroni's REST API.
 */
import type { Status } from '../ports/control.ts'
import { isPrimary } from './cluster.ts'
import { isRunning } from './observed.ts'

export const SERVING_PATHS = [
  '/primary',
  '/member',
  '/replica',
  '/read-write',
  '/read-only',
  '/health',
  '/liveness',
  '/readiness',
] as const
export type ServingPath = (typeof SERVING_PATHS)[number]

/** Paths that take `?lag=SECONDS`. */
export const LAG_PATHS: readonly ServingPath[] = ['/replica', '/read-only', '/readiness']

export interface ServingFacts {
  readonly status: Status
  /** The loop of the supervisor has answered lately. */
  readonly alive: { readonly ok: boolean; readonly sentence: string }
  /** False: engine "none", nobody is asked for writes or replication. */
  readonly hasDatabase: boolean
}

export interface Serving {
  readonly ok: boolean
  readonly sentence: string
  /** A no that lets those finish who are connected: nobody new is sent, nobody is cut off. */
  readonly leaving?: true
}

const yes = (sentence: string): Serving => ({ ok: true, sentence })
const no = (sentence: string): Serving => ({ ok: false, sentence })

/** `maxLagSeconds`: a replica that is further behind, or of which it is not known, is a no; null: however far. */
export function servingOf(path: ServingPath, facts: ServingFacts, maxLagSeconds: number | null = null): Serving {
  switch (path) {
    case '/primary':
    case '/read-write':
      return primary(facts)
    case '/member':
      return leaving(facts)
    case '/replica':
      return replica(facts, maxLagSeconds)
    case '/read-only':
      return either(primary(facts), replica(facts, maxLagSeconds))
    case '/health':
      return facts.alive.ok ? database(facts) : facts.alive
    case '/liveness':
      return facts.alive
    case '/readiness':
      return either(primary(facts), standby(facts, maxLagSeconds))
  }
}

/** Writes are accepted here, and the VIP is here. */
function primary({ status, hasDatabase }: ServingFacts): Serving {
  const { holder, writable, mode, vrrp } = status
  if (status.engine === 'galera') return member(status)
  if (holder === null) return no('not known whether the VIP is here')
  if (!holder) return no('the VIP is not here')
  if (!hasDatabase) {
    if (vrrp !== 'master' || (mode !== 'ap' && mode !== 's')) {
      return no(`the VIP is here, and this machine does not serve (mode ${mode}, VRRP ${vrrp})`)
    }
    const missing = missingOf(status)
    return missing === null ? yes('the VIP is here') : no(`the VIP is here, and ${missing}`)
  }
  if (writable === null) return no('the VIP is here; not known whether the database accepts writes')
  return writable ? yes('the VIP is here, and writes are accepted') : no('the VIP is here, and writes are not accepted')
}

/** What the holder runs alone, and does not run here; null: everything runs. */
function missingOf({ units }: Status): string | null {
  const unit = units.find(({ runs, active, givenUp }) => runs === 'holder' && (givenUp || !isRunning({ active })))
  if (unit === undefined) return null
  return `${unit.name} ${unit.givenUp ? 'was given up' : `is ${unit.active}`}`
}

/** Every member takes writes, with and without the VIP. */
function member({ cluster, mode }: Status): Serving {
  if (cluster === null) return no('the database does not answer')
  const { component, state, serves, size } = cluster
  if (serves) return yes(`a member of the primary component (${size}), ${state}`)
  if (mode !== 'ap' && mode !== 's') return no(`mode ${mode}`)
  return no(`${component}, ${state}${cluster.readOnly ? ', read-only' : ''}`)
}

/** As `/primary` of a member; one that takes writes still, and leaves, or gives its data to another one, says so. */
function leaving({ status }: ServingFacts): Serving {
  if (status.engine !== 'galera') return no('no member of a cluster')
  const answer = member(status)
  const { cluster, mode, being } = status
  const out = mode === 'm' && being === null
  const takes = !out && cluster !== null && isPrimary(cluster) && cluster.ready && !cluster.readOnly
  return takes && !answer.ok ? { ...answer, leaving: true } : answer
}

/** A replica that applies what it receives. That it receives at the moment is not asked: its lag tells. */
function replica({ status, hasDatabase }: ServingFacts, maxLagSeconds: number | null): Serving {
  const { replication, writable, mode } = status
  if (!hasDatabase) return no('no database is replicated')
  if (status.engine === 'galera') return no('a member of a cluster is no replica: ask for /primary')
  if (mode === 'm') return no('in maintenance')
  if (writable === true) return no('the database accepts writes: it is no replica')
  if (replication === null) return no('the database is no replica, or does not answer')
  if (!replication.sql)
    return no(`the replica applies nothing${replication.error === '' ? '' : `: ${replication.error}`}`)
  const { lagSeconds, source } = replication
  const follows =
    lagSeconds === null ? `follows ${source}, not known how far behind` : `${lagSeconds} s behind ${source}`
  if (maxLagSeconds === null) return yes(follows)
  return lagSeconds !== null && lagSeconds <= maxLagSeconds
    ? yes(follows)
    : no(`${follows}, ${maxLagSeconds} s allowed`)
}

/** A replica that could take over at once; without a database, a machine that could: the one with the VIP has done so. */
function standby(facts: ServingFacts, maxLagSeconds: number | null): Serving {
  const { holder, units } = facts.status
  if (!facts.hasDatabase && holder === true) return primary(facts)
  const lost = facts.hasDatabase ? undefined : units.find(({ givenUp }) => givenUp)
  if (lost !== undefined) return no(`unfit: ${lost.name} was given up`)
  const replicates = facts.hasDatabase && facts.status.engine !== 'galera'
  const reads = replicates ? replica(facts, maxLagSeconds) : yes('fit to take over')
  if (!reads.ok || facts.status.fit === true) return reads
  return no(`unfit: ${facts.status.reasons.join('; ') || 'not looked at yet'}`)
}

function database({ status, alive, hasDatabase }: ServingFacts): Serving {
  if (!hasDatabase) return alive
  const { writable, replication, units } = status
  const unit = units.find(({ kind }) => kind === 'database')
  if (writable === null) return no('the database does not answer')
  const runs = writable || replication !== null || unit?.active === 'active'
  return runs ? yes('the database answers') : no(`the database is down: ${unit?.name ?? 'its unit'} is ${unit?.active}`)
}

const either = (one: Serving, other: Serving): Serving =>
  one.ok
    ? one
    : other.ok
      ? other
      : no(one.sentence === other.sentence ? one.sentence : `${one.sentence}; ${other.sentence}`)
