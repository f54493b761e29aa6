/**
 * May this machine's data be served (G1, G2)? Who has the lead is written in apmode.lead; what a look cannot tell (was the
 * peer there when the lead was lost, was this replica whole a moment ago) is a claim that survives a power cut, and a
 * lease that does not. Pure. Invariant: only evidence makes a machine a lead; what is unknown is doubt.
 */
import type { DatabasePresent, Lead, PeerStatus } from '../ports/database.ts'
import { clusterReasons, isPrimary, memberOf, type Remembered } from './cluster.ts'
import type { Config } from './config.ts'
import { divergence, type GtidRange, rangeText } from './divergence.ts'
import type { Observed } from './observed.ts'
import type { State } from './state.ts'
import type { Mode } from './vocabulary.ts'

/**
 * What this machine last knew of its own right to write; durable.
 * `none`: a replica, or never anything. `taking`: a promotion was decided, apmode.lead has no row of it yet. `alone`: it has
 * the lead and nobody else can have taken it. `shared`: it had the lead with the peer attached, which could have taken it.
 * `forced`: a person decided (`set s --force`); of a Galera member for one loss of the component.
 */
export const CLAIMS = ['none', 'taking', 'alone', 'shared', 'forced'] as const
export type Claim = (typeof CLAIMS)[number]

/** What is known beyond one look. The host keeps it between looks. */
export interface Lineage {
  readonly claim: Claim
  /** Writable with the VIP, or was, and never without VRRP's MASTER since. */
  readonly leadKept: boolean
  /** It accepted writes since its supervisor looks, and was not in maintenance since. */
  readonly led: boolean
  /** A replica that was whole a moment ago: it received everything, from a primary that waits for it. */
  readonly lease: boolean
  /** The peer's replica was attached a moment ago. */
  readonly attachedLately: boolean
  /** Commits wait for the peer, or did until a moment ago: what needs the database cannot answer. */
  readonly stalled: boolean
  /** The acknowledgement of the peer cannot come: silent for long, or nothing listens there. */
  readonly peerGone: boolean
  /** The peer says of itself that it could not take over. */
  readonly peerUnfit: boolean
  /** VRRP makes this machine master although the peer goes on accepting writes: it is kept out for a while (G3). */
  readonly rival: boolean
  /** Another VRRP master is heard, and its database does not answer: it does not hear this machine. */
  readonly outshouted: boolean
  /** One of the witnesses answers; null: none is configured. */
  readonly witness: boolean | null
  /** No witness has answered since the VIP came, or a peer that fell silent may not have fenced itself yet. */
  readonly unwitnessed: boolean
  /** Neither the peer nor a witness is seen (G9). */
  readonly cutOff: boolean
  /** Of a Galera cluster: how this member was seen last. */
  readonly cluster: Remembered
  /** Transactions that only this machine has, as far as was ever seen (G6). */
  readonly diverged: readonly GtidRange[]
  /** Where they are kept; null: not yet. */
  readonly keptIn: string | null
}

/** The claim, held against the table: a lead that somebody took meanwhile is no claim any more. */
export function claimOf(claim: Claim, lead: Lead | null, self: string): Claim {
  if (lead === null || claim === 'forced' || claim === 'taking') return claim
  if (lead.node !== self) return 'none'
  // The table says that it led, and no claim survived: whether the peer was there is not known.
  return claim === 'none' ? 'shared' : claim
}

/** After a person's `set`: a word on whose data counts (`s --force`) holds in `s` alone; elsewhere evidence decides again. */
export function decreed(claim: Claim, mode: Mode, forced: boolean): Claim {
  if (forced) return 'forced'
  return claim === 'forced' && mode !== 's' ? 'none' : claim
}

/** A member is in a primary component: of the next loss the person knew nothing. */
export function isUsedUp(claim: Claim, observed: Observed): boolean {
  return claim === 'forced' && isPrimary(memberOf(observed)?.cluster)
}

/** G2 asks this of a machine that is not writable yet, in `ap` and in `s`. null: its data may be served. */
export function leadDoubt(state: State, observed: Observed, config: Config): string | null {
  const { database, peer, lineage } = observed
  if (config.peer === null || (state.mode !== 'ap' && state.mode !== 's')) return null
  if (database?.answers !== true) return null
  if (database.writable) return outdone(observed, config)
  const claim = claimOf(lineage.claim, database.lead, config.node.name)
  if (claim === 'forced') return null
  const newest = peer?.lead ?? null
  const known = database.lead?.epoch ?? 0
  if (claim !== 'none' && newest !== null && newest.epoch > known) {
    return `G2 no stale lead: ${newest.node} leads since epoch ${newest.epoch}, this machine knows ${known} only`
  }
  switch (claim) {
    case 'alone':
    case 'taking':
      return null
    case 'shared':
      if (lineage.leadKept || lineage.lease) return null
      if (peer?.writable === false && peer.leadKnown) {
        // What was written there is the peer's own affair (G6); what was written here and is only there, was lost here.
        const more = divergence(peer.binlogState, database.binlogState).filter(
          ({ server }) => server === database.serverId,
        )
        if (more.length === 0) return null
        return `G2 no stale lead: ${config.peer.name} has ${more.map(rangeText).join(', ')}, which this machine lost: it serves`
      }
      if (peer?.writable === true) return `G2 no stale lead: ${config.peer.name} accepts writes, and leads`
      return (
        `G2 no stale lead: ${config.peer.name} was attached when this machine lost the lead and may have written since; ` +
        `it cannot be asked. Start ${config.peer.name}, or decide: apmode set s --force`
      )
    case 'none':
      if (lineage.lease || isAhead(database, peer)) return null
      // The first start of a pair: nobody has led yet.
      if (database.lead === null && newest === null && state.role === 'active' && database.replication === null)
        return null
      return (
        `G2 no stale lead: it is not proven that this machine has every write that ${config.peer.name} acknowledged` +
        `${standingStill(observed)}`
      )
  }
}

/** A replica that has all of its primary, which serves no more, and more than that: never acknowledged, and lost there. */
function isAhead(own: DatabasePresent, peer: PeerStatus | null): boolean {
  if (peer?.writable !== false || !peer.leadKnown || peer.lead === null || own.lead?.epoch !== peer.lead.epoch)
    return false
  const theirs = `${peer.binlogState},${peer.applied}`
  const more = divergence(own.binlogState, theirs)
  const lacks = divergence(peer.binlogState, own.binlogState)
  return more.length > 0 && more.every(({ server }) => server !== own.serverId) && lacks.length === 0
}

/** After a split, or a standstill, both may think to lead: as soon as one sees the other, the older lead ends. */
function outdone({ database, peer }: Observed, config: Config): string | null {
  if (database?.answers !== true || peer?.reachable !== true || peer.lead === null) return null
  const own = database.lead?.epoch ?? 0
  const first = config.nodes[0]?.name === config.node.name
  // A newer lead counts also while it does not accept writes: what it acknowledged is only there.
  const tie = own === peer.lead.epoch && peer.writable === true && peer.lead.node !== config.node.name && !first
  if (own >= peer.lead.epoch && !tie) return null
  return `G3 no second writer: ${peer.lead.node} leads since epoch ${peer.lead.epoch}, this machine since epoch ${own}: the older one ends`
}

function standingStill({ database }: Observed): string {
  if (database?.answers !== true) return ''
  const { replication } = database
  if (replication === null) return ' (it does not follow)'
  const { io, sql } = replication
  return io === 'Yes' && sql ? ' (it catches up)' : ` (replication: IO ${io}, SQL ${sql ? 'Yes' : 'No'})`
}

/** The peer was attached when this machine last could write: until it is known to be gone, it acknowledges. */
export function sharesLead({ database, lineage }: Observed, self: string): boolean {
  return claimOf(lineage.claim, database?.answers === true ? database.lead : null, self) === 'shared'
}

/** It has not served yet and waits for its peer or for a person: nobody has anything to take over from it (G4). */
export function waitsForLead(observed: Observed, self: string): boolean {
  const { database, lineage } = observed
  if (database?.answers !== true || database.writable || lineage.led) return false
  return claimOf(lineage.claim, database.lead, self) !== 'none'
}

/** Why this machine is kept out by what it knows of the pair: G2, G3, G6, G9. Each a sentence. */
export function lineageReasons(state: State, observed: Observed, config: Config): string[] {
  const { lineage, database } = observed
  if (config.database.engine === 'galera')
    return [...cutOffReasons(observed, config), ...clusterReasons(state, observed, config)]
  const reasons = cutOffReasons(observed, config)
  if (config.peer === null || database === null) return reasons
  if (lineage.diverged.length > 0) reasons.push(divergedSentence(observed, config))
  if (lineage.rival) {
    reasons.push(
      `G3 no second writer: keepalived made this machine master while the database of ${config.peer.name} accepts ` +
        'writes; it stays out for a while (is VRRP blocked between the machines?)',
    )
  }
  if (lineage.outshouted) {
    reasons.push(
      `G3 no second writer: ${config.peer.name} is VRRP master too, and its database does not answer: it does not hear ` +
        'this machine, and takes over; this one ends, and stays out for a while',
    )
  }
  const writable = database.answers && database.writable
  if (lineage.witness === false && !lineage.cutOff && !writable) {
    reasons.push('G9 witness: no witness answers; without one this machine does not take over')
  }
  const doubt = leadDoubt(state, observed, config)
  if (doubt !== null) reasons.push(doubt)
  return reasons
}

function cutOffReasons({ lineage }: Observed, { peer }: Config): string[] {
  const other = peer === null ? 'another machine' : 'the peer'
  return lineage.cutOff ? [`G9 witness: cut off, neither ${other} nor a witness answers`] : []
}

function divergedSentence({ lineage }: Observed, config: Config): string {
  const ranges = lineage.diverged.map(rangeText).join(', ')
  const kept = lineage.keptIn === null ? '' : `, kept in ${lineage.keptIn}`
  const peer = config.peer?.name ?? 'the peer'
  const count = lineage.diverged.reduce((sum, { after, last }) => sum + (last - after), 0n)
  return (
    `G6 diverged: only this machine has ${ranges}${kept}; ${count} transactions that ${peer} does not have; ` +
    `it must be cloned from ${peer} again (apmode reclone)`
  )
}
