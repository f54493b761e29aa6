/** `apmode history` for people: two lines for each decision, and the steps that failed. Pure. */
import type { HistoryEntry } from '../../ports/storage.ts'
import type { Paint } from '../terminal.ts'
import { clockTime, duration } from './columns.ts'

export function showHistory(entries: readonly HistoryEntry[], paint: Paint): string {
  if (entries.length === 0) return 'nothing has been decided yet\n'
  return entries.map((entry) => `${entryLines(entry, paint).join('\n')}\n`).join('')
}

function entryLines(entry: HistoryEntry, paint: Paint): string[] {
  const { at, event, source, from, to, ms, result, sentence, steps } = entry
  const [before, after] = [placeOf(from), placeOf(to)]
  const change = before === after ? before : `${before} → ${after}`
  const ending = result === 'done' ? '' : `  ${paint(result === 'failed' ? 'red' : 'yellow', result)}`
  return [
    `${paint('dim', clockTime(at))}  ${paint('bold', event)} (${source})  ${change}  ${duration(ms)}${ending}`,
    `  ${sentence}`,
    ...steps
      .filter((step) => !step.ok)
      .map((step) => `  ${paint('red', '✗')} ${step.sentence} (${duration(step.ms)}): ${step.detail}`),
  ]
}

/** `ap active master`: mode, role, VRRP state. */
export function placeOf({ mode, role, vrrp }: HistoryEntry['from']): string {
  return `${mode} ${role} ${vrrp}`
}
