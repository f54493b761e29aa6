/**
 * Does the peer accept writes too, or lead since a newer epoch, while this machine can write? Invariant: what was read of this machine
 * before the peer was asked decides nothing: the newer row may be its own, which the peer has got meanwhile (a handover).
 */
import type { DatabasePresent, PeerStatus } from '../ports/database.ts'
import type { BondSources } from './bond-sources.ts'
import { LIMITS } from './limits.ts'

const isAhead = (peer: PeerStatus, own: DatabasePresent) =>
  peer.writable === true || (peer.lead?.epoch ?? 0) > (own.lead?.epoch ?? 0)

/** `own`: looked at before the peer. Where no look is possible any more the peer is believed. */
export async function leadsToo(
  peer: PeerStatus,
  own: DatabasePresent,
  sources: Pick<BondSources, 'lookAtDatabase'>,
): Promise<boolean> {
  if (!isAhead(peer, own)) return false
  const now = await sources.lookAtDatabase(LIMITS.databaseLook)
  return now?.answers !== true || (now.writable && isAhead(peer, now))
}
