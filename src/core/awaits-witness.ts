/** G9 at a promotion: is it time to find out who is cut off? Pure. */
import type { Observed } from './observed.ts'

/** The VIP may have come because this machine was cut off a moment ago: without the peer's answer, a witness must say no. */
export function awaitsWitness({ lineage, peer, database }: Observed): boolean {
  // A member of a cluster of two writes already, while nobody has missed the other one yet.
  const shared = database?.answers === true && (database.cluster?.size ?? 1) > 1
  const already = database?.answers === true && database.writable && !shared
  const there = peer?.reachable === true || peer?.refused === true
  return lineage.unwitnessed && !already && !there
}
