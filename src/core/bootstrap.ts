/**
 * Which machine may form the primary component of a Galera cluster that has none: the one whose data is the newest. Pure.
 * Invariants: nobody while a member is Primary somewhere, while a position is unknown, or where the histories differ; who is
 * left out, or spoken for, was named by a person.
 */
import type { MemberView } from '../ports/cluster.ts'
import { hasHistory, isWhole, type Position, parsePosition, positionText } from './galera-state.ts'

/** One machine, in the order of the configuration. */
export interface Member {
  readonly node: string
  /** null: it does not answer; `silence` says how. */
  readonly view: MemberView | null
  readonly silence: string
  /** As a person says (`--position`). */
  readonly given: Position | null
  /** A person gives it up (`--without`). */
  readonly without: boolean
}

/** A line of the table, for people and for `--json`. */
export interface MemberRow {
  readonly node: string
  /** `UUID:SEQNO`; null: not known. */
  readonly position: string | null
  readonly known: MemberView['known'] | 'given'
  readonly safeToBootstrap: boolean | null
  readonly without: boolean
  readonly newest: boolean
  /** What is to be said of it. */
  readonly sentence: string
}

export type Verdict =
  /** Somebody serves: join. */
  | { readonly kind: 'primary'; readonly nodes: readonly string[] }
  /** Nobody may: why, and what a person can do about it. */
  | { readonly kind: 'nobody'; readonly reasons: readonly string[] }
  /** Each of them has everything; the first one is as good as any. `lost`: what is given up, a sentence each. */
  | {
      readonly kind: 'newest'
      readonly nodes: readonly [string, ...string[]]
      readonly position: Position
      readonly lost: readonly string[]
    }

export interface Outlook {
  readonly verdict: Verdict
  readonly rows: readonly MemberRow[]
  /** Who is about to form the component at this moment. */
  readonly forming: readonly string[]
}

export function outlookOf(members: readonly Member[]): Outlook {
  const verdict = verdictOf(members)
  const forming = members.filter(({ view }) => view?.forming === true).map(({ node }) => node)
  return { verdict, rows: members.map((member) => rowOf(member, verdict)), forming }
}

function verdictOf(members: readonly Member[]): Verdict {
  const primary = members.filter(({ view }) => isPrimaryView(view)).map(({ node }) => node)
  if (primary.length > 0) return { kind: 'primary', nodes: primary }
  const ended = members.filter(({ view }) => view?.ended === true).map(({ node }) => node)
  const counted = members.filter(({ node, without }) => !without && !ended.includes(node))
  const reasons = [...counted.flatMap(unknownReason), ...members.flatMap(runsAllTheSame)]
  if (reasons.length > 0) return { kind: 'nobody', reasons }
  const placed = counted.flatMap((member) => {
    const position = positionOf(member)
    const runs = member.view?.running === true && member.view.component !== null
    return position === null ? [] : [{ node: member.node, position, runs }]
  })
  const members_ = placed.filter(({ position }) => hasHistory(position))
  const histories = [...new Set(members_.map(({ position }) => position.uuid))]
  if (histories.length > 1) return { kind: 'nobody', reasons: [differentHistories(members_)] }
  if (ended.length > 0 && members_.length === 0) return { kind: 'nobody', reasons: ended.map(onlyEnded) }
  // Where nobody ever was a member, each may be the first one.
  const candidates = members_.length > 0 ? members_ : placed
  const most = Math.max(...candidates.map(({ position }) => position.seqno))
  // One that runs can begin at once, and by itself.
  const newest = candidates
    .filter(({ position }) => position.seqno === most)
    .sort((one, other) => Number(other.runs) - Number(one.runs))
  const [first, ...others] = newest
  if (first === undefined) return { kind: 'nobody', reasons: ['every machine is left out'] }
  const lost = members.filter(({ without }) => without).map((member) => lossOf(member, first.position))
  const nodes = [first.node, ...others.map(({ node }) => node)] as const
  return { kind: 'newest', nodes, position: first.position, lost }
}

/** Somebody is in a component that others join. */
export function isPrimaryView(view: MemberView | null): boolean {
  return view?.component === 'Primary' && view.ended !== true
}

function onlyEnded(node: string): string {
  return `${node} has ended for another member (G3), and nobody else has data of the cluster; apmode set s --force there says that it counts`
}

/** Where the data of this machine stands, as far as that can be compared. */
export function positionOf({ view, given }: Member): Position | null {
  if (view === null) return given
  if (view.uuid === null || view.seqno === null) return given
  const position = { uuid: view.uuid, seqno: view.seqno }
  return isWhole(position) ? position : given
}

function unknownReason(member: Member): string[] {
  const { node, view, silence, given } = member
  if (positionOf(member) !== null) {
    // What a person says of a machine that speaks for itself is a mistake, on one side or the other.
    const own = positionOf({ ...member, given: null })
    if (given === null || own === null) return []
    return [`${node} says itself where it stands (${positionText(own)}): leave --position ${node}=… out`]
  }
  if (view === null) return [`${node} does not answer (${silence})`]
  return [`the position of ${node} is not known: ${view.detail === '' ? 'it does not say why' : view.detail}`]
}

/** One that is given up must not come back as a cluster of its own. */
function runsAllTheSame({ node, view, without }: Member): string[] {
  if (!without || view?.running !== true || view.component !== null) return []
  return [`${node} is left out, and its database runs: stop it first (${view.detail})`]
}

function differentHistories(placed: readonly { readonly node: string; readonly position: Position }[]): string {
  const each = placed.map(({ node, position }) => `${node} ${positionText(position)}`).join(', ')
  return `the machines are of different clusters (${each}): a person decides whose data is kept, and leaves the others out (--without)`
}

function lossOf(member: Member, kept: Position): string {
  const { node } = member
  const position = positionOf(member)
  if (position === null) return `what only ${node} has, if anything, is lost`
  if (!hasHistory(position)) return `${node} has nothing of the cluster`
  if (position.uuid !== kept.uuid) return `everything that only ${node} has is lost: it is of another cluster`
  const ahead = position.seqno - kept.seqno
  return ahead > 0 ? `${ahead} write sets that only ${node} has are lost` : `${node} has nothing that is lost`
}

function rowOf(member: Member, verdict: Verdict): MemberRow {
  const { node, view, given, without } = member
  const position = positionOf(member)
  const byHand = position !== null && position === given
  const newest = verdict.kind === 'newest' && verdict.nodes.includes(node)
  return {
    node,
    position: position === null ? null : positionText(position),
    known: position === null ? null : byHand ? 'given' : (view?.known ?? null),
    safeToBootstrap: view?.safeToBootstrap ?? null,
    without,
    newest,
    sentence: rowSentence(member, position, verdict),
  }
}

function rowSentence({ view, silence, without }: Member, position: Position | null, verdict: Verdict): string {
  const place = view?.running === true ? (view.component ?? 'starting') : null
  const words = place === null ? [] : [view?.state === null ? place : `${place}, ${view?.state}`]
  if (view?.forming === true) words.push('about to form the cluster')
  if (view === null) words.push(silence)
  else if (position === null) words.push(view.detail)
  else if (!hasHistory(position)) words.push('never a member')
  else if (view?.ended === true) words.push('has ended (G3): its data does not count')
  else if (verdict.kind === 'newest' && !without) {
    const behind = verdict.position.seqno - position.seqno
    words.push(behind === 0 ? 'the newest' : `${behind} write sets behind`)
  }
  if (without) words.push('left out')
  return words.filter((word) => word !== '').join(', ')
}

/** Who has something that this machine lacks, of those that say where they stand. */
export function aheadOf(rows: readonly MemberRow[], self: string): string[] {
  const placed = rows.flatMap(({ node, position }) => {
    const found = position === null ? null : parsePosition(position)
    return found === null || !hasHistory(found) ? [] : [{ node, ...found }]
  })
  const own = placed.find(({ node }) => node === self)
  if (own === undefined) return placed.map(({ node }) => node)
  return placed.filter(({ uuid, seqno }) => uuid !== own.uuid || seqno > own.seqno).map(({ node }) => node)
}

/**
 * Where the data stands of the one machine that may begin without a person's word: everybody was asked and answered, nobody serves or
 * is about to, nobody has more, and of equals it is one whose database runs, or the first of the configuration. null: it is not this one.
 */
export function beginsAt({ verdict, forming }: Outlook, self: string): Position | null {
  if (verdict.kind !== 'newest' || verdict.lost.length > 0 || forming.length > 0) return null
  return verdict.nodes[0] === self && hasHistory(verdict.position) ? verdict.position : null
}

/** Why this machine may not form the component; null: it may. */
export function bootstrapRefusal(verdict: Verdict, self: string): string | null {
  switch (verdict.kind) {
    case 'primary':
      return `${listed(verdict.nodes)} in the primary component: apmode start joins`
    case 'nobody':
      return `${verdict.reasons.join('; ')}`
    case 'newest':
      return verdict.nodes.includes(self)
        ? null
        : `${verdict.nodes[0]} has the newest state (${positionText(verdict.position)}), this machine has not: apmode bootstrap on ${verdict.nodes[0]}`
  }
}

/** Why a database is not started into a cluster that has no primary component; null: it joins. */
export function joinRefusal({ verdict, forming }: Outlook, self: string): string | null {
  const nobody = 'no machine is in a primary component, so there is nothing to join'
  if (verdict.kind === 'primary') return null
  if (forming.length > 0) return `${nobody} yet: ${formsSentence(forming)}`
  if (verdict.kind === 'nobody')
    return `${nobody}; which one has the newest state is not known: ${verdict.reasons.join('; ')}; apmode bootstrap --dry-run shows what is known`
  const [first] = verdict.nodes
  const where = verdict.nodes.includes(self) ? 'here' : `on ${first}`
  return `${nobody}; ${listed(verdict.nodes, 'has', 'have')} the newest state: apmode bootstrap ${where}, then apmode start on the others`
}

/** Why whoever is about to form the component is waited for. */
export function formsSentence(forming: readonly string[]): string {
  return `${forming.join(', ')} is about to form the cluster at this moment: apmode start joins it, as soon as it serves`
}

function listed(nodes: readonly string[], one = 'is', many = 'are'): string {
  return `${nodes.join(' and ')} ${nodes.length === 1 ? one : many}`
}
