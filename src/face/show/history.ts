/**
 * `apmode history` for people: the time, the change and the sentence of each decision, what its steps took, and those that failed.
 * Pure.
 */
import type { HistoryEntry, StepRecord } from '../../ports/storage.ts'
import type { Paint } from '../terminal.ts'
import { bar } from './bar.ts'
import { clockTime, duration } from './columns.ts'
import type { Page } from './status.ts'
import { wrap } from './wrap.ts'

const BAR = 24
/** Steps that took less than this are in the bar, and not beside it, where there are many. */
const WORTH_MS = 1
const MANY = 6

export function showHistory(entries: readonly HistoryEntry[], page: Page): string {
  return entries.map((entry) => `${entryLines(entry, page).join('\n')}\n`).join('')
}

function entryLines(entry: HistoryEntry, { paint, width }: Page): string[] {
  const { at, sentence, steps } = entry
  return [
    `${paint('dim', clockTime(at))}  ${changeOf(entry, paint)}`,
    ...wrap('  ', sentence, width),
    ...times(steps, { paint, width }),
    ...steps.filter((step) => !step.ok).flatMap((step) => failed(step, { paint, width })),
  ]
}

function failed({ sentence, ms, detail }: StepRecord, { paint, width }: Page): string[] {
  const [first = '', ...others] = wrap('  ✗ ', `${sentence} (${duration(ms)}): ${detail}`, width)
  return [first.replace('✗', paint('red', '✗')), ...others]
}

/** `master (fifo)  ap standby backup → s standby master  57 ms`. */
export function changeOf({ event, source, from, to, ms, result }: HistoryEntry, paint: Paint): string {
  const [before, after] = [placeOf(from), placeOf(to)]
  const change = before === after ? before : `${before} → ${after}`
  const ending = result === 'done' ? '' : `  ${paint(result === 'failed' ? 'red' : 'yellow', result)}`
  return `${paint('bold', event)} (${source})  ${change}  ${duration(ms)}${ending}`
}

/** What the steps took: a bar, and the steps in its order. */
function times(steps: readonly StepRecord[], { paint, width }: Page): string[] {
  if (steps.length === 0) return []
  const drawn = bar(
    steps.map(({ ms }) => ms),
    BAR,
  )
  const told = steps.length > MANY ? steps.filter(({ ms, ok }) => ms >= WORTH_MS || !ok) : steps
  const text = told.map(({ step, ms }) => `${step} ${duration(ms)}`).join(', ')
  if (drawn === '') return wrap('  ', text, width)
  const [first = '', ...others] = wrap(`  ${drawn}  `, text, width)
  return [first.replace(drawn, paint('cyan', drawn)), ...others]
}

/** `ap active master`: mode, role, VRRP state. */
export function placeOf({ mode, role, vrrp }: HistoryEntry['from']): string {
  return `${mode} ${role} ${vrrp}`
}
