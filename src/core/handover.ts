/**
 * The words of a planned change of the holder. Whoever leads offers its lead to the peer in a row of `apmode.lead`, after
 * it has fenced itself: that row replicates, and is how the peer tells a handover from a failure (G1). Invariant: an offer
 * gives no right to write; it only says in which mode whoever takes over stays. Pure.
 */
import type { Lead } from '../ports/database.ts'

/**
 * `handover`: both stay in `ap` with their roles swapped. `maintenance`: this machine goes to `m`, and the peer, alone then,
 * to `s`.
 */
export type Purpose = 'handover' | 'maintenance'

export interface Offer {
  readonly purpose: Purpose
  /** The node that shall lead. */
  readonly to: string
}

/** The reason of the row that makes the offer. */
export function offerReason({ purpose, to }: Offer): string {
  return `${purpose}: offered to ${to}`
}

/** null: this row offers nothing, it is a lead taken. */
export function offerIn(lead: Lead | null): Offer | null {
  const [, purpose, to] = /^(handover|maintenance): offered to (\S+)$/.exec(lead?.reason ?? '') ?? []
  if (to === undefined || (purpose !== 'handover' && purpose !== 'maintenance')) return null
  return { purpose, to }
}

/** The newest row offers the lead to the machine `self`. */
export function offeredTo(lead: Lead | null, self: string): Purpose | null {
  const offer = offerIn(lead)
  return offer?.to === self ? offer.purpose : null
}
