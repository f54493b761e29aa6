/**
 * The history, newest first: what happened, from where to where, in which time, and each step with a bar. An entry that is
 * there already stays the element that it is, open or closed, focused or not.
 */
import { ago, clockTime, duration } from '../face/show/columns.ts'
import type { HistoryEntry, StepRecord } from '../ports/storage.ts'
import { byId, make, write } from './dom.ts'
import type { Tone } from './headline.ts'

const TONE_OF: Readonly<Record<HistoryEntry['result'], Tone | ''>> = {
  done: '',
  failed: 'trouble',
  aborted: 'look',
  refused: 'look',
}

const shown = new Map<string, HTMLElement>()

/** `entries`: oldest first, as the supervisor gives them. */
export function showTimeline(entries: readonly HistoryEntry[]): void {
  const list = byId('timeline')
  const keys = new Set<string>()
  for (const [index, entry] of entries.entries()) {
    let key = JSON.stringify([entry.at, entry.event, entry.source, entry.ms])
    while (keys.has(key)) key += `#${index}`
    keys.add(key)
    if (shown.has(key)) continue
    const item = draw(entry)
    shown.set(key, item)
    list.prepend(item)
  }
  for (const [key, item] of shown) {
    if (keys.has(key)) continue
    item.remove()
    shown.delete(key)
  }
  write(byId('timeline-note'), entries.length === 0 ? 'Nothing has been decided yet.' : `The newest ${entries.length}.`)
}

/** How long ago each was, by the supervisor's clock. */
export function tellAges(nowMs: number): void {
  for (const element of byId('timeline').querySelectorAll('[data-at]')) {
    write(element, `(${ago(element.getAttribute('data-at') ?? '', nowMs)})`)
  }
}

const placeOf = ({ mode, role, vrrp }: HistoryEntry['from']) => `${mode} ${role} ${vrrp}`

function draw(entry: HistoryEntry): HTMLElement {
  const { at, event, source, from, to, sentence, steps, ms, result } = entry
  const [before, after] = [placeOf(from), placeOf(to)]
  const tone = TONE_OF[result]
  return make(
    'li',
    { class: tone },
    make(
      'div',
      { class: 'facts' },
      make(
        'span',
        {},
        make('time', { datetime: at }, clockTime(at)),
        ' ',
        make('span', { 'data-at': at, class: 'quiet' }),
      ),
      make('strong', {}, event),
      make('span', { class: 'quiet' }, source),
      make('span', {}, before === after ? before : `${before} → ${after}`),
      make('span', {}, duration(ms)),
      ...(tone === '' ? [] : [make('span', { class: `badge ${tone}` }, result)]),
    ),
    make('p', {}, sentence),
    ...(steps.length === 0 ? [] : [stepsOf(steps)]),
  )
}

function stepsOf(steps: readonly StepRecord[]): HTMLElement {
  const all = Math.max(
    1,
    steps.reduce((sum, { ms }) => sum + ms, 0),
  )
  let begun = 0
  const items = steps.map(({ sentence, ms, ok, detail }) => {
    const bar = make('span', { class: ok ? 'bar' : 'bar trouble' })
    bar.style.marginLeft = `${(begun / all) * 100}%`
    bar.style.width = `${(ms / all) * 100}%`
    begun += ms
    return make(
      'li',
      {},
      make('span', {}, `${ok ? '✓' : '✗ failed:'} ${sentence}${ok || detail === '' ? '' : `: ${detail}`}`),
      make('span', { class: 'ms' }, duration(ms)),
      make('span', { class: 'track', 'aria-hidden': 'true' }, bar),
    )
  })
  const failed = steps.filter(({ ok }) => !ok).length
  const words = `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}${failed === 0 ? '' : `, ${failed} failed`}`
  return make('details', {}, make('summary', {}, words), make('ol', { class: 'steps' }, ...items))
}
