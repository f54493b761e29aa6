/** The hooks that a plan would ask and tell, as steps of it. Pure: none is run. */
import { AGREED } from '../core/consent.ts'
import { type HookEvent, hookEventOf, opensWrites } from '../core/hook-words.ts'
import type { Observed } from '../core/observed.ts'
import type { State } from '../core/state.ts'
import type { PlannedStep } from '../ports/control.ts'
import { askSentence } from './hook-desk.ts'
import { PATHS } from './paths.ts'

/** Who has not been asked is not taken for a no. */
export function asIfAgreed(observed: Observed): Observed {
  return observed.consent.says === 'nothing' ? { ...observed, consent: AGREED } : observed
}

/** `asksChange`: an operator's `set` that no `--force` keeps from asking. */
export function withHooks(
  steps: readonly PlannedStep[],
  names: readonly string[],
  move: { readonly from: State; readonly to: State; readonly asksChange: boolean },
): PlannedStep[] {
  const { from, to, asksChange } = move
  const opens = steps.some(({ step }) => opensWrites(step))
  const event = hookEventOf({
    from,
    to,
    steps: steps.map(({ step, sentence }) => ({ step, sentence, ms: 0, ok: true, detail: '' })),
  })
  const each = (step: 'ask-hook' | 'tell-hook', about: HookEvent) =>
    names.map((name): PlannedStep => {
      const phase = step === 'ask-hook' ? 'pre' : 'post'
      const sentence = step === 'ask-hook' ? askSentence(name, about) : `tell hook ${name} (post ${about})`
      return { step, effect: 'grant', sentence, calls: [`${PATHS.hooks}/${name} ${phase} ${about}`] }
    })
  return [
    ...(asksChange ? each('ask-hook', 'change') : []),
    ...(opens ? each('ask-hook', 'promote') : []),
    ...steps,
    ...(event === null ? [] : each('tell-hook', event)),
  ]
}
