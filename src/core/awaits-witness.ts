/** G9 at a promotion: is it time to find out who is cut off? Pure. */
import type { Membership } from '../ports/database.ts'
import type { Observed } from './observed.ts'

/** The VIP may have come because this machine was cut off a moment ago: without the peer's answer, a witness must say no. */
export function awaitsWitness(observed: Observed): boolean {
  const { lineage, peer, database } = observed
  const there = peer?.reachable === true || peer?.refused === true
  if (there) return false
  if (database?.answers === true && database.cluster !== null) return memberAwaits(observed, database.cluster)
  const already = database?.answers === true && database.writable
  return lineage.unwitnessed && !already
}

/**
 * A member that is cut off loses the component, and with it every right to write: a witness that answers after that says that this
 * one is not. As long as the silent peer is still counted to the component nobody has gone on without it.
 */
function memberAwaits({ lineage, peer, peerAttached }: Observed, { component }: Membership): boolean {
  if (lineage.witness === null || peer === null) return false
  return component === 'Primary' ? peerAttached : !lineage.cluster.witnessed
}
