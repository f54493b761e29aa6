/**
 * Before anything is decided: would this machine be promoted, and do the hooks agree? Invariant: a withdrawal waits for
 * nobody; with one to make, the hooks are asked at the next look.
 */
import type { Config } from '../core/config.ts'
import { AGREED } from '../core/consent.ts'
import { opensWrites } from '../core/hook-words.ts'
import type { Observed } from '../core/observed.ts'
import { type State, sameState } from '../core/state.ts'
import type { Progress } from '../ports/control.ts'
import type { StepRecord } from '../ports/storage.ts'
import { decided, judged } from './decide.ts'
import type { HookDesk } from './hook-desk.ts'
import type { Request } from './request.ts'

export interface Consultation {
  readonly hooks: HookDesk
  readonly config: Config
  readonly grants: AbortSignal
  readonly tell: (progress: Progress) => void
  /** The promotion is decided, but for their word; which may take longer than a replica's lease lasts (G2). */
  readonly takes: () => void
}

/** What each hook said; null: nothing has changed. Otherwise what was seen is old. */
export async function consult(
  { hooks, config, grants, tell, takes }: Consultation,
  request: Request,
  seen: Observed,
  from: State,
): Promise<readonly StepRecord[] | null> {
  const wasVetoed = hooks.consent.says === 'no'
  hooks.forgetOld(from, seen)
  if (wasVetoed && hooks.consent.says !== 'no') return []
  if (hooks.consent.says === 'yes' || grants.aborted) return null
  const prospect = (observed: Observed) => {
    const { event, to } = decided(request, observed, from)
    return { event, to, plan: judged(to, observed, config, request, from).plan }
  }
  const { event, to, plan } = prospect({ ...seen, consent: AGREED })
  const opens = plan.grant.some((step) => opensWrites(step.do))
  if (!hooks.isDue(opens)) return null
  // Whatever they say; and while a veto stands, whatever follows from it.
  if (plan.withdraw.length > 0 || (wasVetoed && prospect(seen).plan.withdraw.length > 0)) return null
  if (opens) takes()
  const moved = event !== null && event.type !== 'set' && !sameState(from, to)
  return await hooks.askForPromotion({ event: moved ? event.type : request.event, from, to }, grants, tell)
}
