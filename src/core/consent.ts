/**
 * What the operator's own programs (hooks) say to a promotion, as part of what is seen. Invariant: a word of theirs keeps
 * writes back and never takes them away: a database that accepts writes already is not their affair.
 */
import { isPrimary, memberOf } from './cluster.ts'
import type { Config } from './config.ts'
import type { Observed } from './observed.ts'

export type Consent =
  /** There are no hooks, or they agree. */
  | { readonly says: 'yes' }
  /** "vetoed by hook NAME: REASON" */
  | { readonly says: 'no'; readonly sentence: string }
  /** There are hooks, and they have not been asked yet. */
  | { readonly says: 'nothing' }

export const AGREED: Consent = { says: 'yes' }

type Seen = Pick<Observed, 'consent' | 'database'>

/** Writes are about to be allowed, and the hooks have not agreed. */
export function lacksConsent({ consent, database }: Seen): boolean {
  return consent.says !== 'yes' && database?.answers === true && !database.writable
}

/** Nobody asks for this promotion any more: the peer writes, or goes on in the component that this member is out of. */
export function servedElsewhere({ database, peer }: Pick<Observed, 'database' | 'peer'>): boolean {
  const member = memberOf({ database })
  if (member === null) return peer?.writable === true
  return isPrimary(peer?.cluster) && !isPrimary(member.cluster)
}

export function isVetoed({ consent }: Pick<Observed, 'consent'>): boolean {
  return consent.says === 'no'
}

export function consentHolds(observed: Seen, unfit: readonly string[]): string[] {
  const { consent } = observed
  if (!lacksConsent(observed) || consent.says === 'yes') return []
  if (consent.says === 'nothing') return ['writes wait: the hooks have not been asked yet']
  return unfit.includes(consent.sentence) ? [] : [`writes wait: ${consent.sentence}`]
}

/**
 * A veto makes unfit, so that the VIP goes to the peer. But for one case: a machine that carries the VIP beside a peer that
 * does not answer keeps it, since nobody else could serve, and serves in the instant in which its hooks agree.
 */
export function vetoReasons(observed: Observed, { peers }: Config): string[] {
  const { consent, database, vip } = observed
  if (consent.says !== 'no' || (database?.answers === true && database.writable)) return []
  const nobodyElse = peers.length === 0 || (vip && observed.peer?.reachable === false)
  return nobodyElse ? [] : [consent.sentence]
}
