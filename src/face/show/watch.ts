/**
 * `apmode status --watch` as one screen: the status, below it the newest decisions in the room that is left, and the way out.
 * Pure. Invariant: exactly as many lines as the terminal has, at most.
 */
import type { Status } from '../../ports/control.ts'
import type { HistoryEntry } from '../../ports/storage.ts'
import type { Paint } from '../terminal.ts'
import { ago, clockTime, duration } from './columns.ts'
import { placeOf } from './history.ts'
import { type Page, statusLines } from './status.ts'
import { cut, wrap } from './wrap.ts'

export interface Watch {
  readonly status: Status
  /** Oldest first. */
  readonly entries: readonly HistoryEntry[]
  /** Why there is no supervisor, and since when; null: there is one. */
  readonly lost: { readonly sentence: string; readonly at: string } | null
}

/** Fewer lines of history than this, and the units make room. */
const SOME = 4
const DAY_MS = 86_400_000

export function watchLines(watch: Watch, page: Page & { readonly height: number }, nowMs: number): string[] {
  const { paint, width, height } = page
  const foot = ['', paint('dim', cut('Ctrl-C ends this; nothing here changes anything', width))]
  const head = (brief: boolean) => [...lost(watch, page, nowMs), ...statusLines(watch.status, page, nowMs, brief)]
  const whole = head(false)
  const title = ['', `  ${paint('dim', 'history')}`]
  const tall = whole.length + title.length + SOME + foot.length > height
  const top = tall ? head(true) : whole
  const room = height - top.length - title.length - foot.length
  if (room < 1) return [...top.slice(0, Math.max(height - foot.length, 1)), ...foot].slice(0, height)
  const decisions = watch.entries.slice(-room).map((entry) => decision(entry, page, nowMs))
  const none = decisions.length === 0 ? [`  ${paint('dim', 'nothing has been decided yet')}`] : []
  return [...top, ...title, ...none, ...decisions, ...foot]
}

function lost({ lost: found }: Watch, { paint, width }: Page, nowMs: number): string[] {
  if (found === null) return []
  const told = `no supervisor since ${duration(nowMs - Date.parse(found.at))}, asked again each second: ${found.sentence}`
  return [
    ...wrap('✗ ', told, width).map((line) => paint('red', line)),
    paint('dim', `  what it said ${ago(found.at, nowMs)}:`),
    '',
  ]
}

/** `03:04:05.678  master      57 ms  ap standby backup → s standby master`; month and day where it was not within the last one. */
function decision(
  { at, event, from, to, ms, result, sentence }: HistoryEntry,
  { paint, width }: Page,
  nowMs: number,
): string {
  const [day = '', time = ''] = clockTime(at).split(' ')
  const when = (nowMs - Date.parse(at) < DAY_MS ? time : `${day.slice(5)} ${time.slice(0, 5)}`).padEnd(12)
  const took = result === 'done' ? duration(ms) : `${duration(ms)}, ${result}`
  const start = `  ${when}  ${event.padEnd(10)}  ${took.padStart(7)}  `
  const text = cut(`${start}${changed(from, to, sentence)}`, width)
  return coloured(text, `  ${when}`, result, paint)
}

function changed(from: HistoryEntry['from'], to: HistoryEntry['to'], sentence: string): string {
  const [before, after] = [placeOf(from), placeOf(to)]
  return before === after ? sentence : `${before} → ${after}`
}

function coloured(text: string, when: string, result: HistoryEntry['result'], paint: Paint): string {
  if (!text.startsWith(when)) return text
  const rest = text.slice(when.length)
  return `${paint('dim', when)}${result === 'done' ? rest : paint(result === 'failed' ? 'red' : 'yellow', rest)}`
}
