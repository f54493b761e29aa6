/**
 * The decision in one sentence. The log line, the line of `apmode history` and the answer of a command are this text.
 * Made from facts only: what happened, where the machine was and is, what is kept back and why.
 */
import type { Lead } from '../ports/database.ts'
import { offerIn } from './handover.ts'
import { meaningOf, rowFor } from './posture.ts'
import type { State } from './state.ts'
import type { Engine } from './vocabulary.ts'

export interface Decision {
  /** `master`, `set m`, `check`, … */
  readonly event: string
  readonly from: State
  readonly to: State
  readonly holds: readonly string[]
  readonly unfit: readonly string[]
  /** Why a word of keepalived was not believed. */
  readonly doubt: string | null
  readonly engine: Engine
}

const NAMES: Readonly<Record<string, string>> = {
  master: 'MASTER',
  backup: 'BACKUP',
  fault: 'FAULT',
  stop: 'keepalived was stopped',
  died: 'keepalived died',
  started: 'keepalived is started',
}

function moves({ from, to }: Decision): string[] {
  const parts: string[] = []
  if (from.mode !== to.mode) parts.push(`mode ${from.mode} → ${to.mode}`)
  if (from.role !== to.role) parts.push(`role ${from.role} → ${to.role}`)
  if (from.vrrp !== to.vrrp) parts.push(`VRRP ${from.vrrp} → ${to.vrrp}`)
  return parts
}

export function decisionSentence(decision: Decision): string {
  const { to, event, doubt, holds, unfit, engine } = decision
  const subject = NAMES[event] ?? event
  const moved = moves(decision)
  const facts = [
    doubt ?? '',
    moved.length > 0 ? moved.join(', ') : `nothing moves (${to.mode}, ${to.role}, ${to.vrrp})`,
    meaningOf(rowFor(to), engine),
    ...holds,
    // A hold on writes already says why the machine is unfit.
    ...(holds.some((hold) => hold.includes('unfit')) || unfit.length === 0 ? [] : [`unfit: ${unfit.join('; ')}`]),
  ]
  return `${subject}: ${facts.filter((fact) => fact !== '').join('; ')}`
}

/** Why the writer changes, for the row of apmode.lead that `self` writes. `before`: its newest row. */
export function leadReason(event: string, from: State, to: State, before: Lead | null, self: string): string {
  const offer = offerIn(before)
  if (before !== null && offer?.to === self) return `${offer.purpose} from ${before.node}`
  if (before?.node === self && offer !== null) return `${offer.purpose} undone`
  if (from.mode === 'ap' && to.mode === 's') return `failover (${event})`
  return from.mode === to.mode ? event : `${event}: ${from.mode} to ${to.mode}`
}

/** What turned between the machines, as the event of a look that follows from it. */
export function turnSentence(now: {
  cutOff: boolean
  diverged: boolean
  peerGone: boolean
  rival: boolean
  lease: boolean
  /** A member of a Galera cluster, answering. */
  clustered: boolean
  componentLost: boolean
}): string {
  if (now.cutOff) return 'this machine is cut off'
  if (now.componentLost) return 'this member is in no primary component'
  if (now.diverged) return 'this machine has transactions that the peer lacks'
  if (now.peerGone) return 'the peer acknowledges nothing any more'
  if (now.rival) return 'the peer goes on accepting writes'
  if (now.clustered) return 'the cluster has changed'
  return now.lease ? 'this replica has every write' : 'the pair has changed'
}
