/**
 * What a hook is told: the event as one word, and the facts as variables. Pure. Invariant: nothing here is a secret, since
 * everything on the machine can read a process's environment that runs as root there, and a log may keep it.
 */
import type { HistoryEntry } from '../ports/storage.ts'
import type { Config } from './config.ts'

/** `promote`: the database is opened for writes. `demote`: it was closed, or the VIP has left. `follow`: it replicates from the peer. `change`: mode, role or VRRP state, and nothing of these. */
export type HookEvent = 'promote' | 'demote' | 'follow' | 'change'

export type HookFacts = Pick<HistoryEntry, 'event' | 'from' | 'to'> & {
  /** Only afterwards. */
  readonly result?: HistoryEntry['result']
  readonly sentence?: string
}

const OPENS = ['allow-writes', 'form-component']
const CLOSES = ['fence', 'kill-database']

/** Afterwards the database takes writes that it did not take before: a member that forms its component is never read-only for it. */
export function opensWrites(step: string): boolean {
  return OPENS.includes(step)
}

/** What a decision was, for those who are told afterwards; null: nothing that concerns them. */
export function hookEventOf({ steps, from, to }: Pick<HistoryEntry, 'steps' | 'from' | 'to'>): HookEvent | null {
  const done = steps.filter(({ ok }) => ok).map(({ step }) => step)
  const opened = done.findLastIndex(opensWrites)
  const closed = Math.max(...CLOSES.map((step) => done.lastIndexOf(step)))
  if (opened > closed) return 'promote'
  if (closed > opened || (from.vrrp === 'master' && to.vrrp !== 'master')) return 'demote'
  if (done.includes('follow')) return 'follow'
  const moved = from.mode !== to.mode || from.role !== to.role || from.vrrp !== to.vrrp
  return moved ? 'change' : null
}

export function hookEnvironment(
  phase: 'pre' | 'post',
  event: HookEvent,
  { event: trigger, from, to, result, sentence }: HookFacts,
  { node, peer, vrrp, codename }: Config,
): Record<string, string> {
  return {
    APMODE_PHASE: phase,
    APMODE_EVENT: event,
    APMODE_TRIGGER: trigger,
    APMODE_FROM_MODE: from.mode,
    APMODE_FROM_ROLE: from.role,
    APMODE_FROM_VRRP: from.vrrp,
    APMODE_TO_MODE: to.mode,
    APMODE_TO_ROLE: to.role,
    APMODE_TO_VRRP: to.vrrp,
    APMODE_CODENAME: codename,
    APMODE_NODE: node.name,
    APMODE_ADDRESS: node.address,
    APMODE_PEER: peer?.name ?? '',
    APMODE_PEER_ADDRESS: peer?.address ?? '',
    APMODE_VIP: vrrp.vip,
    APMODE_INTERFACE: node.interface,
    ...(result === undefined ? {} : { APMODE_RESULT: result }),
    ...(sentence === undefined ? {} : { APMODE_SENTENCE: sentence }),
  }
}
