/** The hooks' own no to a component that an operator lets this member form: a promotion like any other. */
import type { CommandResult } from '../../ports/control.ts'
import { refused, type Tell } from '../jobs.ts'
import type { Settler } from '../settle.ts'

/** What follows is to be looked at after it: it takes as long as they take. null: they agree, or there are none. */
export async function hooksRefusal(
  { hooks, state }: Settler,
  tell: Tell,
  grants: AbortSignal,
): Promise<CommandResult | null> {
  const done = await hooks.askForPromotion({ event: 'bootstrap', from: state, to: state }, grants, tell)
  const { consent } = hooks
  return consent.says === 'no' ? { ...refused('hooks', `nothing was touched: ${consent.sentence}`), done } : null
}
