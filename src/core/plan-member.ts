/** What a member of a Galera cluster leaves it by, and comes back by. A part of the plan. Pure. */
import { isPrimary, memberOf } from './cluster.ts'
import type { Observed } from './observed.ts'
import type { PlanInput } from './plan.ts'
import type { Posture } from './posture.ts'
import type { Step } from './step.ts'

/**
 * A fence of a member that leaves. While the others give a silent member up, commits wait, and the fence with them; nothing is at
 * stake meanwhile: in the primary component there is no second writer, and whoever is killed instead may be the member that
 * the others need for their majority.
 */
export const LEAVING_FENCE_MS = 5_000

/** It goes out of a component that it still is in. */
export function leaves(observed: Observed, posture: Posture): boolean {
  return posture.member === 'out' && isPrimary(memberOf(observed)?.cluster)
}

/**
 * Gently: whoever asks the health endpoint is told first (the mode says it already), the others do not wait for this member any
 * more, and the transactions that are open may end. What follows is the fence.
 */
export function leaveCluster(observed: Observed, posture: Posture, input: PlanInput): Step[] {
  const member = memberOf(observed)
  if (member === null || !leaves(observed, posture)) return []
  const steps: Step[] = []
  if (!member.cluster.desynced) steps.push({ do: 'desync', effect: 'withdraw' })
  if (member.writable) steps.push({ do: 'drain-clients', effect: 'withdraw', limitMs: input.peerWaitMs })
  return steps
}

/** Into the primary component, or alone into one of its own, then writes; the lead is recorded by whoever carries the VIP. */
export function takePart(observed: Observed, posture: Posture, input: PlanInput): Step[] {
  const member = memberOf(observed)
  if (member === null || posture.database !== 'writable') return []
  const { cluster } = member
  const alone = posture.member === 'in, alone if need be'
  const record: Step = { do: 'record-lead', effect: 'grant', reason: input.reason }
  // Also by whoever leads already: by its row the two sides of a cut that both went on are told apart (`parted.ts`).
  if (!isPrimary(cluster)) return alone ? [{ do: 'form-component', effect: 'grant' }, record] : []
  if (!cluster.ready) return []
  const steps: Step[] = []
  if (cluster.desynced) steps.push({ do: 'resync', effect: 'grant' })
  if (cluster.readOnly) steps.push({ do: 'allow-writes', effect: 'grant', anywhere: true })
  // A row that the silent peer would have to see is not waited for: the component settles first.
  const settled = !observed.peerAttached || observed.peer === null || observed.peer.reachable
  // The row of a component that was formed may be missing: what came between is made up for (`parted.ts`).
  const recorded = input.leads && !observed.lineage.cluster.unrecorded
  const leads = recorded || observed.withdrawal?.offer != null
  if (alone && observed.vip && settled && !leads) steps.push(record)
  return steps
}
