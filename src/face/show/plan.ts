/** `apmode plan` for people: what would be done, step by step, down to each call. Pure. */
import type { PlanView } from '../../ports/control.ts'
import type { Paint } from '../terminal.ts'
import { placeOf } from './history.ts'
import { showMembers } from './members.ts'

export function showPlan(plan: PlanView, paint: Paint): string {
  const [before, after] = [placeOf(plan.from), placeOf(plan.to)]
  const lines = [
    `${paint('bold', plan.event)}: ${before === after ? before : `${before} → ${after}`}`,
    `  ${plan.sentence}`,
    `  ${paint('dim', 'must hold')}  ${plan.posture}`,
  ]
  if (plan.refusedBy !== null) lines.push(`  ${paint('red', 'refused')}  ${plan.refusedBy}`)
  lines.push(...plan.checks.map((check) => `  ${paint('dim', 'is checked')} ${check}`))
  const members = showMembers(plan.members ?? [], paint)
  if (members.length > 0) lines.push('', ...members.slice(0, -1))
  if (plan.steps.length === 0 && plan.refusedBy === null) lines.push('', '  nothing to do')
  for (const [index, step] of plan.steps.entries()) {
    const effect = paint(step.effect === 'withdraw' ? 'yellow' : 'green', step.effect.padEnd(8))
    lines.push('', `${String(index + 1).padStart(3)}. ${effect}  ${step.sentence}`)
    lines.push(...step.calls.map((call) => `       ${paint('cyan', call)}`))
  }
  return `${lines.join('\n')}\n\nThis is a plan: nothing was changed.\n`
}
