/** May this machine come back into the pair as its standby? Every reason why not, all at once, and what to do instead. Pure. */
import type { PeerDetails } from '../ports/database.ts'
import { isApart, memberOf } from './cluster.ts'
import type { Config } from './config.ts'
import { rangeText } from './divergence.ts'
import type { Observed } from './observed.ts'
import { partedSentence, wholeCopy } from './parted.ts'
import type { State } from './state.ts'

export interface RejoinFacts {
  readonly observed: Observed
  /** null: the peer's database did not say. */
  readonly peer: PeerDetails | null
  /** The hash of this machine's configuration. */
  readonly configuration: string
}

/** MariaDB: "Could not find GTID state requested by slave in any binlog files", and its relatives. */
const LOG_IS_GONE = [1236]

export function rejoinRefusals(state: State, facts: RejoinFacts, config: Config, force: boolean): string[] {
  const { observed, configuration } = facts
  const { database, peer } = observed
  if (config.nodes.length < 2) return ['no peer is configured: there is no pair to come back into']
  const name = config.peer?.name ?? 'the machine that fell out'
  if (observed.vip) return [`this machine carries the VIP: it serves already (apmode rejoin belongs on ${name})`]
  // Nothing is to be followed, and nobody tells how the others are.
  if (database === null || config.peer === null) return unreadableMode(state)
  if (database.answers && database.writable) return [`this machine accepts writes: apmode rejoin belongs on ${name}`]
  const reasons: string[] = []
  if (peer?.reachable !== true) {
    const found = peer?.detail ?? 'not looked at'
    reasons.push(
      `the database of ${name} does not answer (${found}): there is nobody to follow; start it there, or decide: apmode set s --force --now`,
    )
  } else if (peer.writable !== true) {
    reasons.push(`the database of ${name} does not accept writes: there is nobody to follow; see apmode status there`)
  }
  const member = memberOf(observed)
  if (member !== null && isApart(member.cluster, peer, config.node.address)) {
    reasons.push(
      `G6 diverged: this machine is in a primary component of its own, and what it wrote there is only here. ${wholeCopy(name)}`,
    )
  }
  const { partedAt } = observed.lineage.cluster
  if (member !== null && partedAt !== null) reasons.push(partedSentence(partedAt, name))
  if (observed.lineage.diverged.length > 0) {
    reasons.push(
      `G6 diverged: only this machine has ${observed.lineage.diverged.map(rangeText).join(', ')}: apmode reclone`,
    )
  }
  if (observed.withdrawal?.stage === 'data') reasons.push(`${observed.withdrawal.sentence}: apmode reclone`)
  const other = facts.peer?.presence?.configuration
  if (other !== undefined && other !== configuration && !force) {
    reasons.push(
      `/etc/apmode/apmode.toml is not the same on both machines (${configuration} here, ${other} on ${name}): make it so, or --force`,
    )
  }
  return [...reasons, ...unreadableMode(state)]
}

function unreadableMode({ mode }: State): string[] {
  return mode === 'unreadable' ? ['the mode file cannot be understood: apmode set m first'] : []
}

/** Why it will never have everything by itself; null: it goes on. */
export function rejoinTrouble(observed: Observed, config: Config): string | null {
  const { database, lineage } = observed
  const name = config.peer?.name ?? 'the peer'
  if (lineage.diverged.length > 0) {
    return `G6 diverged: only this machine has ${lineage.diverged.map(rangeText).join(', ')}${lineage.keptIn === null ? '' : ` (kept in ${lineage.keptIn})`}: apmode reclone`
  }
  if (database?.answers !== true || database.replication === null) return null
  const { errno, error, sql, io } = database.replication
  if (LOG_IS_GONE.includes(errno))
    return `${name} has no longer what this machine lacks (error ${errno}): apmode reclone`
  if (errno !== 0 && (!sql || io === 'No')) return `replication stopped with error ${errno}: ${error}`
  return null
}
