/**
 * May this machine hand its lead over now? Every reason why not, all at once, before anything is touched. Pure. Invariant:
 * what is not known is a reason: a handover is never urgent.
 */
import type { Obstacle, PeerDetails } from '../ports/database.ts'
import { catchesUp, isPrimary } from './cluster.ts'
import type { Config } from './config.ts'
import { divergence, rangeText } from './divergence.ts'
import { lagBetween } from './gtid.ts'
import type { Purpose } from './handover.ts'
import type { Observed } from './observed.ts'
import type { State } from './state.ts'

export interface HandoverFacts {
  readonly observed: Observed
  /** null: the peer's database did not say. */
  readonly peer: PeerDetails | null
  /** Since the peer's supervisor last asked anything here, in milliseconds; null: it is not connected. */
  readonly heardMs: number | null
  /** null: they could not be looked for. */
  readonly obstacles: readonly Obstacle[] | null
  /** The hash of this machine's configuration. */
  readonly configuration: string
  /** Free space of the own database's folders; null: unknown. */
  readonly freeMb: number | null
}

/** Writes are held up until the peer has applied everything: so much may be missing when it begins. */
const LAG_TRANSACTIONS = 5_000
const LAG_SECONDS = 2
/** A supervisor that stands by looks four times a second. */
const SILENT_MS = 2_000
/** With less than this a takeover may end in a full disk. */
export const LEAST_FREE_MB = 256

const NO_DATABASE =
  'there is no database to hand over: apmode set m on the machine with the VIP moves it, apmode rejoin brings that machine back'

/** Where the command belongs, when it is not this machine; null: here. */
export function elsewhere(state: State, observed: Observed, config: Config, purpose: Purpose): string | null {
  const { peer } = config
  if (observed.database === null) return NO_DATABASE
  if (peer === null) return 'no peer is configured: there is nobody to hand over to'
  const command = purpose === 'handover' ? 'apmode handover' : 'apmode set m'
  if (state.mode !== 'ap' && !(purpose === 'maintenance' && state.mode === 's')) {
    const next = state.mode === 's' ? `once ${peer.name} is attached: apmode set ap, then ${command}` : 'apmode set ap'
    return `this machine is in mode ${state.mode}, not in ap (${next})`
  }
  if (observed.vip && state.vrrp === 'master') return null
  return observed.peer?.writable === true
    ? `${peer.name} serves: run it there (${command} on ${peer.name})`
    : 'this machine does not carry the VIP: there is nothing to hand over'
}

/** Empty: nothing stands against it. `kill`: what holds up the fence may be ended. */
export function handoverRefusals(facts: HandoverFacts, config: Config, kill: boolean): string[] {
  const { observed, obstacles, freeMb } = facts
  const reasons: string[] = []
  const { database } = observed
  if (database?.answers !== true) reasons.push('the database here does not answer')
  else if (!database.writable) reasons.push('the database here does not accept writes now')
  for (const { trouble } of observed.checks) if (trouble !== null) reasons.push(`here: ${trouble}`)
  if (freeMb !== null && freeMb < LEAST_FREE_MB) reasons.push(`here: ${freeMb} MB are free for the database`)
  reasons.push(...peerReasons(facts, config))
  if (obstacles === null) reasons.push('open transactions and locks could not be looked for')
  // Nothing is fenced where every member writes.
  else if (!kill && config.database.engine !== 'galera')
    reasons.push(...obstacles.map(({ sentence }) => `${sentence} (--kill ends it)`))
  return reasons
}

function peerReasons(facts: HandoverFacts, config: Config): string[] {
  const { observed, peer: details, heardMs } = facts
  const { database, peer } = observed
  const name = config.peer?.name ?? 'the peer'
  if (peer?.reachable !== true) return [`the database of ${name} does not answer: ${peer?.detail ?? 'not looked at'}`]
  if (database?.answers === true && database.cluster !== null) {
    return [...memberReasons(observed, config), ...presenceReasons(facts, name)]
  }
  const reasons: string[] = []
  if (peer.writable !== false) reasons.push(`the database of ${name} accepts writes (G3 no second writer)`)
  if (!observed.peerAttached) reasons.push(`${name} does not replicate from this machine`)
  if (database?.answers === true) {
    const behind = lagBetween(peer.applied, database.binlogPosition)
    if (behind > LAG_TRANSACTIONS) reasons.push(`${name} lacks ${behind} transactions, at most ${LAG_TRANSACTIONS}`)
    const errant = divergence(peer.binlogState, database.binlogState)
    // What comes in between two looks is newer there than here, and this machine's own.
    const foreign = errant.filter(({ server }) => server !== database.serverId)
    if (foreign.length > 0) reasons.push(`only ${name} has ${foreign.map(rangeText).join(', ')} (G6 diverged)`)
    if (config.database.durability === 'semi-sync' && database.writable && !database.commitsWithPeer) {
      reasons.push(`writes are acknowledged alone: ${name} has not caught up yet`)
    }
  }
  reasons.push(...replicaReasons(details, name))
  if (heardMs === null || heardMs > SILENT_MS) {
    const since = heardMs === null ? 'is not connected' : `has said nothing for ${Math.round(heardMs / 1000)} s`
    reasons.push(`the supervisor of ${name} ${since}`)
  }
  reasons.push(...presenceReasons(facts, name))
  return reasons
}

/** Both members write; only the VIP moves, and the peer must be able to carry it. */
function memberReasons({ peer }: Observed, config: Config): string[] {
  const name = config.peer?.name ?? 'the peer'
  const cluster = peer?.cluster ?? null
  if (cluster === null) return [`where ${name} stands in the cluster could not be asked`]
  if (!isPrimary(cluster) || !cluster.members.includes(config.node.address))
    return [`${name} is not in one primary component with this machine (${cluster.component})`]
  const behind = catchesUp(cluster, config.database.donorServes)
  return behind === null ? [] : [`${name} ${behind}`]
}

function replicaReasons(details: PeerDetails | null, name: string): string[] {
  if (details === null || !details.replicationKnown) return [`how ${name} replicates could not be asked`]
  const { replication } = details
  if (replication === null) return [`${name} is no replica`]
  const reasons: string[] = []
  if (replication.errno !== 0)
    reasons.push(`replication of ${name} stopped with error ${replication.errno}: ${replication.error}`)
  else if (replication.io !== 'Yes' || !replication.sql)
    reasons.push(`replication of ${name} does not run (IO ${replication.io}, SQL ${replication.sql ? 'Yes' : 'No'})`)
  if ((replication.lagSeconds ?? 0) > LAG_SECONDS)
    reasons.push(`${name} is ${replication.lagSeconds} s behind, at most ${LAG_SECONDS}`)
  return reasons
}

/** Of these, what rests on the word of the peer alone; it is said a moment after it is so. */
export function refusalsByWord(facts: HandoverFacts, config: Config): string[] {
  return presenceReasons(facts, config.peer?.name ?? 'the peer')
}

function presenceReasons({ peer, configuration }: HandoverFacts, name: string): string[] {
  const presence = peer?.presence ?? null
  if (presence === null) return [`${name} has not said how it is (table apmode.node): does apmode run there?`]
  const reasons: string[] = []
  if (presence.mode !== 'ap') reasons.push(`${name} is in mode ${presence.mode}: apmode set ap there`)
  else if (presence.vrrp !== 'backup') {
    reasons.push(`keepalived of ${name} is in state ${presence.vrrp}, not backup: apmode start there`)
  }
  if (presence.fit !== true) reasons.push(`${name} is unfit: ${presence.reasons === '' ? 'unknown' : presence.reasons}`)
  if (presence.configuration !== configuration) {
    reasons.push(
      `/etc/apmode/apmode.toml is not the same on both machines (${configuration}, ${presence.configuration})`,
    )
  }
  if (presence.freeMb !== null && presence.freeMb < LEAST_FREE_MB) {
    reasons.push(`${name}: ${presence.freeMb} MB are free for the database`)
  }
  return reasons
}
