/**
 * A member of a Galera cluster: may it be written to, may it carry the VIP, may it go on alone when the primary component is
 * lost? Galera itself keeps two members of one component from diverging; what it cannot decide is which part of a cut pair
 * goes on. Pure. Invariant: alone goes on only who was whole when the component was lost, carries the VIP, and knows of no other
 * primary component.
 */

import type { DatabasePresent, Membership, PeerStatus } from '../ports/database.ts'
import { awaitsWitness } from './awaits-witness.ts'
import type { Config } from './config.ts'
import type { Observed } from './observed.ts'
import { type Ended, endedSentence, partedSentence } from './parted.ts'
import type { State } from './state.ts'

/** What is remembered of this member between looks. */
export interface Remembered {
  /** It had every write set when it was last seen in a primary component. */
  readonly whole: boolean
  /** Of how many that component was, arbitrators among them; 0: it was seen in none. */
  readonly size: number
  /** That was a moment ago: a peer that is silent cannot have gone on for long without this member. */
  readonly lately: boolean
  /** Since it was last seen in one, in milliseconds; 0: it is in one. */
  readonly lostMs: number
  /** A witness has answered since it was first seen in none. */
  readonly witnessed: boolean
  /** The epoch in which its past parted from the peer's, and it is this member that ends; null: it goes on. */
  readonly partedAt: number | null
  /** It has ended for the peer, and was not seen in one component with it since; null: it has not, or a person decided. Durable. */
  readonly ended: Ended | null
  /** A moment ago every other machine said that it has no more, serves nobody and will not begin; they know that this one is about to. */
  readonly foremost: boolean
  /** Its database answers, and was in no primary component yet. */
  readonly joining: boolean
  /** A primary component is being formed, or was: apmode.lead has no row of it yet. */
  readonly unrecorded: boolean
}

export const NEVER_MEMBER: Remembered = {
  whole: false,
  size: 0,
  lately: false,
  lostMs: Number.POSITIVE_INFINITY,
  witnessed: false,
  partedAt: null,
  ended: null,
  foremost: false,
  joining: false,
  unrecorded: false,
}

const DECIDE = 'Decide: apmode set s --force'
const OF_MANY =
  'the others may be the majority, and go on; this member comes back to them by itself. If they are down: apmode set s --force'

/** How long two members that both answer are given to find each other by themselves. */
export const MERGE_MS = 10_000

/** How far it is, without what it knows of leads. */
type Stand = Omit<Membership, 'leads'>

/** One that answers, in a cluster. */
export function memberOf({ database }: Pick<Observed, 'database'>): (DatabasePresent & { cluster: Membership }) | null {
  return database?.answers === true && database.cluster !== null ? { ...database, cluster: database.cluster } : null
}

export function isPrimary(cluster: Pick<Membership, 'component'> | null | undefined): boolean {
  return cluster?.component === 'Primary'
}

/** Galera 26.4 may miss the end of a transfer while the component changes; nothing but a new start helps (docs/surprises.md). */
const LOST_DONOR =
  'was giving its data when the component changed (Donor/Desynced, wsrep_ready OFF); if that outlasts the transfer: apmode restart'

/** Why it may not be asked for reads and writes although it is in the primary component; null: it may. */
export function catchesUp({ state, ready, desynced }: Stand, donorServes: boolean): string | null {
  if (state === 'Synced' && ready) return null
  if (desynced) return 'falls behind on purpose (wsrep_desync)'
  if (state === 'Donor/Desynced' && !ready) return LOST_DONOR
  if (state === 'Donor/Desynced') return donorServes ? null : 'gives its data to another member (Donor/Desynced)'
  return `has not caught up (${state})`
}

/**
 * Whoever gives its data serves meanwhile where nobody else could: of two the other one is the joiner, and the data of a pair with
 * an arbitrator is on no third one; who is in `s` stands alone by a person's word.
 */
export function donorMayServe({ mode }: Pick<State, 'mode'>, { size }: Stand, { database, peer }: Config): boolean {
  return database.donorServes || peer !== null || mode === 's' || size <= 2
}

/** It is in the primary component and has every write set. */
export function isWhole(cluster: Membership): boolean {
  return isPrimary(cluster) && catchesUp(cluster, true) === null
}

/** It takes reads and writes now. */
export function serves(cluster: Stand, donorServes: boolean): boolean {
  return isPrimary(cluster) && !cluster.readOnly && catchesUp(cluster, donorServes) === null
}

/** The peer is in a primary component that this member is not in: one of the two must end. */
export function isApart(own: Membership, peer: PeerStatus | null, address: string): boolean {
  return isPrimary(own) && isPrimary(peer?.cluster) && peer?.cluster?.members.includes(address) === false
}

/** Both are members of one component: no second writer, whoever writes. */
export function isTogether(observed: Observed, { peer }: Config): boolean {
  const own = memberOf(observed)?.cluster
  return own !== undefined && isPrimary(own) && peer !== null && own.members.includes(peer.address)
}

/** Of more than two: nobody else is in its component, so that nobody serves without it. In `s` a person knows that. */
export function isLastMember({ mode }: State, observed: Observed, { nodes }: Config): boolean {
  const own = memberOf(observed)?.cluster
  return nodes.length > 2 && mode === 'ap' && own !== undefined && isPrimary(own) && own.size === 1
}

/** A pair; or a person's word that this machine stands alone. */
const mayStandAlone = (state: State, config: Config) => config.peer !== null || state.mode === 's'

/** Why this machine is kept out by where it stands in its cluster. Each a sentence. */
export function clusterReasons(state: State, observed: Observed, config: Config): string[] {
  const member = memberOf(observed)
  if (member === null) return []
  const { cluster } = member
  const { partedAt } = observed.lineage.cluster
  const parted = partedAt === null ? [] : [partedSentence(partedAt, config.peer?.name ?? 'the peer')]
  const ends = endings(member, observed, config)
  if (!isPrimary(cluster)) {
    const doubts = aloneDoubts(state, observed, config).map(
      (why) => `the primary component is lost (wsrep_cluster_status ${cluster.component}): ${why}`,
    )
    return [...ends, ...parted, ...doubts]
  }
  const behind = catchesUp(cluster, donorMayServe(state, cluster, config))
  return [...(behind === null ? [] : [`this member ${behind}`]), ...ends, ...parted]
}

/** After a cut that both sides survived: as soon as one sees the other, the older lead ends; and has ended when nobody is seen any more. */
function endings(member: DatabasePresent, observed: Observed, config: Config): string[] {
  const { ended, partedAt } = observed.lineage.cluster
  const since = outdoneSince(member, observed.peer, config)
  if (since === null) return ended === null || partedAt !== null ? [] : [endedSentence(ended)]
  return [
    `G3 no second writer: ${config.peer?.name} is in a primary component of its own since epoch ${since}, this machine in ` +
      `another one since epoch ${member.lead?.epoch ?? 0}: the older one ends`,
  ]
}

/** The epoch of the peer, which leads a component of its own, where this member leads another one and ends; null: it goes on. */
export function outdoneSince(
  { cluster, lead }: DatabasePresent,
  peer: PeerStatus | null,
  { node, nodes, peer: other }: Config,
): number | null {
  if (cluster === null || peer === null || other === null || !isApart(cluster, peer, node.address)) return null
  const own = lead?.epoch ?? 0
  const theirs = peer.lead?.epoch ?? 0
  return own > theirs || (own === theirs && nodes[0]?.name === node.name) ? null : theirs
}

/** Why it will not go on alone; empty: it may, or must only wait a moment. */
function aloneDoubts(state: State, observed: Observed, config: Config): string[] {
  const { peer, lineage } = observed
  if (lineage.cluster.foremost && !isPrimary(peer?.cluster)) return []
  if (!mayStandAlone(state, config)) return [OF_MANY]
  if (isPrimary(peer?.cluster)) return [`${config.peer?.name} is in it; this member comes back to it by itself`]
  if (lineage.claim === 'forced') return []
  if (config.peer === null) return [`not all of the others can be asked. ${DECIDE}`]
  const doubts: string[] = []
  const stale = staleDoubt(lineage.cluster, peer, config.peer.name)
  if (stale !== null) doubts.push(`G2 no stale lead: ${stale}. ${DECIDE}`)
  if (lineage.witness === false) doubts.push('G9 witness: no witness answers; without one it does not go on alone')
  return doubts
}

/** May somebody have gone on without this member, or with what it does not have? null: nobody. */
function staleDoubt({ whole, size, lately }: Remembered, peer: PeerStatus | null, name: string): string | null {
  if (!whole) return 'it is not known that this member had every write'
  // One that answers says itself that it has not gone on.
  if (peer === null || peer.reachable) return null
  if (size > 2) return `the component had ${size} members, and the others may go on as its majority`
  return lately ? null : `${name} is silent, and may have gone on without this member`
}

/** Why the component is not formed at this moment; a sentence each. */
export function aloneHolds(observed: Observed, config: Config): string[] {
  const { peer, lineage, vip } = observed
  const member = memberOf(observed)
  if (member === null || isPrimary(member.cluster)) return []
  const holds: string[] = []
  if (!vip) holds.push('it does not go on alone: the VIP is not on the interface')
  if (lineage.claim === 'forced' || lineage.cluster.foremost) return holds
  if (peer === null && config.peer !== null)
    holds.push(`it does not go on alone before ${config.peer.name} was looked at`)
  if (peer?.reachable === true && lineage.cluster.lostMs < MERGE_MS) {
    holds.push(`${config.peer?.name} answers too: the two are given time to find each other`)
  }
  if (awaitsWitness(observed)) {
    holds.push('G9 witness: the peer is silent; it is given time to find out whether it is cut off')
  }
  return holds
}
