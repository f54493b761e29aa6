/** Does a commit wait for the peer? A part of the plan. Pure. */
import type { DatabasePresent } from '../ports/database.ts'
import { lagBetween } from './gtid.ts'
import type { Observed } from './observed.ts'
import type { PlanInput } from './plan.ts'
import type { Posture } from './posture.ts'
import type { Step } from './step.ts'

/** Transactions that a peer may lack when commits begin to wait for it. */
const NEARLY = 100

/**
 * Who acknowledges a commit. With the peer once that has nearly everything: from then on every commit waits for it, also
 * for what it has yet to catch up with. Alone only when it is known that no acknowledgement can come: until then the peer
 * could take over, and what this machine acknowledged alone would be lost.
 */
export function commits(observed: Observed, database: DatabasePresent, posture: Posture, input: PlanInput): Step[] {
  if (posture.commits === 'as is') return []
  const { lineage, peerAttached } = observed
  const owed = input.semiSync && input.owed
  if (
    !input.semiSync ||
    lineage.peerGone ||
    !(owed || peerAttached || lineage.attachedLately || database.commitsWithPeer)
  ) {
    return database.commitsWithPeer || owed ? [{ do: 'commit-alone', effect: 'grant' }] : []
  }
  // One that was attached a moment ago may still take over, and one that follows (a handover) too: it must get what is written.
  const follows = peerAttached && observed.peer?.reachable === true && observed.peer.writable === false
  const opens = !database.writable && (lineage.attachedLately || follows)
  const ready =
    opens ||
    owed ||
    (observed.peer?.reachable === true && lagBetween(observed.peer.applied, database.binlogPosition) < NEARLY)
  return ready && !database.commitsWithPeer ? [{ do: 'commit-with-peer', effect: 'grant' }] : []
}
