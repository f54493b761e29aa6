/**
 * Does the peer accept writes too, or lead since a newer epoch, while this machine can write; and which of two members ends that are in
 * primary components of their own? Invariant: what was read of this machine before the peer was asked decides nothing: the newer row
 * may be its own, which the peer has got meanwhile (a handover), or has come since.
 */
import { isApart, outdoneSince } from '../core/cluster.ts'
import type { Config } from '../core/config.ts'
import type { DatabasePresent, PeerStatus } from '../ports/database.ts'
import type { BondSources } from './bond-sources.ts'
import { LIMITS } from './limits.ts'
import type { Member } from './member.ts'

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

/** Remembers for whom this member ends, or that the other one does. `peer`: looked at just now. */
export async function endsApart(
  member: Pick<Member, 'change'>,
  peer: PeerStatus | null,
  sources: Pick<BondSources, 'lookAtDatabase'>,
  config: Config,
): Promise<void> {
  if (peer?.leadKnown !== true || config.peer === null) return
  const own = await sources.lookAtDatabase(LIMITS.databaseLook)
  if (own?.answers !== true || own.cluster === null || !isApart(own.cluster, peer, config.node.address)) return
  // One that still counts the peer, or counts it again, is not cut from it.
  if (own.cluster.members.includes(config.peer.address)) return
  const epoch = outdoneSince(own, peer, config)
  member.change({ ended: epoch === null ? null : { epoch, node: config.peer.name } })
}
