/** The lag as a line in SVG, with its heights, its times and the same in words. Draws; the arithmetic is `lag.ts`. */
import type { Status } from '../ports/control.ts'
import { byId, fill, make, write } from './dom.ts'
import { heightOf, lagWords, pathOf, type Sample, SPAN_MS, sampled } from './lag.ts'
import { replicaOf } from './words.ts'

const SVG = 'http://www.w3.org/2000/svg'

export interface LagLine {
  take(status: Status, nowMs: number): void
  /** Time goes on although nothing is told. */
  draw(nowMs: number): void
}

export function lagLine(): LagLine {
  let name = ''
  let series: readonly Sample[] = []
  const title = part('title', { id: 'lag-svg-title' })
  const desc = part('desc', { id: 'lag-svg-desc' })
  const line = part('path', { class: 'line' })
  const frame = { viewBox: '0 0 100 100', preserveAspectRatio: 'none', role: 'img' }
  const picture = part('svg', { ...frame, 'aria-labelledby': 'lag-svg-title', 'aria-describedby': 'lag-svg-desc' })
  picture.append(title, desc, line)
  const heights = make('div', { class: 'heights', 'aria-hidden': 'true' })
  const times = make('div', { class: 'times', 'aria-hidden': 'true' })
  times.append(make('span', {}, `${SPAN_MS / 60_000} min ago`), make('span', {}, 'now'))
  byId('lag').replaceChildren(make('div', { class: 'lag' }, heights, picture, times))
  write(title, 'Replication lag')

  const draw = (nowMs: number) => {
    const height = heightOf(series)
    line.setAttribute('d', pathOf(series, nowMs, height))
    fill(heights, height, () => [make('span', {}, `${height} s`), make('span', {}, '0 s')])
    write(desc, name === '' ? 'Nobody is known to replicate.' : lagWords(series, name))
  }
  return {
    take(status, nowMs) {
      const replica = replicaOf(status)
      // The lag of the other machine is another line.
      if (replica !== null && replica.name !== name) series = []
      name = replica?.name ?? name
      series = sampled(series, { at: nowMs, lag: replica?.found.lagSeconds ?? null })
      draw(nowMs)
    },
    draw,
  }
}

function part(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const element = document.createElementNS(SVG, name) as SVGElement
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}
