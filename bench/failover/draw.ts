/**
 * docs/failover-times.svg: for each fault a bar for each design, as long as its median on a logarithmic scale, with a
 * whisker to its p95; what never ends reaches the column "never". Pure but for its last lines.
 * Invariant: readable in light and in dark (its own background, by prefers-color-scheme), no colour alone says anything:
 * each bar has its number beside it, and the designs always come in the same order.
 * Usage: sh scripts/run bench/failover/draw.ts [RESULT.json]   (the newest result when left out)
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DesignKey } from './design.ts'
import { newestResult, type Result, readResult } from './result.ts'
import type { Summary } from './statistics.ts'
import { DESIGNS, type Row, rowsOf } from './table.ts'
import { duration } from './words.ts'

const WIDTH = 880
const LEFT = 210
const RIGHT = 716
/** Where the bars of what never ends do end. */
const NEVER = 772
const TOP = 112
const BAR = 9
const LANE = 14
const GAP = 16
const FLOOR_MS = 10
const CEILING_MS = 20_000
const TICKS = [10, 100, 1000, 10_000]

export const PICTURE = fileURLToPath(new URL('../../docs/failover-times.svg', import.meta.url))

/** The place of a duration on the axis; what is below or above it stands at its ends. */
export function placeOf(ms: number): number {
  if (ms === Number.POSITIVE_INFINITY) return NEVER
  const share = Math.log(Math.max(ms, FLOOR_MS) / FLOOR_MS) / Math.log(CEILING_MS / FLOOR_MS)
  return LEFT + Math.min(share, 1) * (RIGHT - LEFT)
}

export function drawTimes(result: Pick<Result, 'runs'>): string {
  const rows = rowsOf(result)
  let y = TOP
  const groups = rows.map((row) => {
    const group = rowAt(row, y)
    y += row.summaries.length * LANE + GAP
    return group
  })
  const bottom = y - GAP / 2
  const runs = runsOf(rows)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${bottom + 40}" viewBox="0 0 ${WIDTH} ${bottom + 40}" role="img" aria-labelledby="title description">
<title id="title">Time without an acknowledged write, by fault and design</title>
<desc id="description">${escaped(descriptionOf(rows))}</desc>
<style>
${STYLE}
</style>
<rect class="paper" width="${WIDTH}" height="${bottom + 40}" rx="8"/>
<text class="heading" x="24" y="34">Time without an acknowledged write</text>
<text class="quiet" x="24" y="54">two real machines, a fault of the holder; median of ${runs} runs, whisker to the 95th percentile, logarithmic scale</text>
${legend()}
${axis(bottom)}
${groups.join('\n')}
</svg>
`
}

const STYLE = `text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #1f2328 }
.heading { font-size: 17px; font-weight: 600 }
.quiet, .tick { fill: #57606a }
.fault { font-weight: 600 }
.tick { font-size: 11px }
.value { font-size: 11px }
.paper { fill: #ffffff; stroke: #d0d7de }
.grid { stroke: #d8dee4 }
.stripe { fill: #f6f8fa }
.product { fill: #0969da } .tuned { fill: #bf8700 } .original { fill: #8c959f }
.whisker { stroke: #1f2328; stroke-width: 1.2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.quiet, .tick { fill: #9198a1 }
.paper { fill: #0d1117; stroke: #3d444d }
.grid { stroke: #2a313c }
.stripe { fill: #161b22 }
.product { fill: #4493f8 } .tuned { fill: #d29922 } .original { fill: #767e89 }
.whisker { stroke: #e6edf3 }
}`

function legend(): string {
  const widths = { product: 90, tuned: 118, original: 120 }
  let x = 24
  return DESIGNS.map(({ key, title }) => {
    const item = `<rect class="${key}" x="${x}" y="69" width="14" height="${BAR}" rx="2"/><text x="${x + 20}" y="78">${title}</text>`
    x += widths[key]
    return item
  }).join('\n')
}

function axis(bottom: number): string {
  const lines = TICKS.map((ms) => {
    const x = round(placeOf(ms))
    return `<line class="grid" x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${bottom}"/><text class="tick" x="${x}" y="${bottom + 18}" text-anchor="middle">${duration(ms).replace('.0', '')}</text>`
  })
  const never = `<rect class="stripe" x="${NEVER - 28}" y="${TOP - 6}" width="56" height="${bottom - TOP + 6}"/><text class="tick" x="${NEVER}" y="${bottom + 18}" text-anchor="middle">never</text>`
  return [...lines, never].join('\n')
}

function rowAt(row: Row, y: number): string {
  const middle = y + (row.summaries.length * LANE) / 2
  const bars = row.summaries.map((summary, index) => bar(summary, y + index * LANE))
  const [name = '', detail] = row.title.split(/ (?=\()/)
  const label =
    detail === undefined
      ? `<text class="fault" x="${LEFT - 14}" y="${middle + 4}" text-anchor="end">${escaped(name)}</text>`
      : `<text class="fault" x="${LEFT - 14}" y="${middle - 3}" text-anchor="end">${escaped(name)}</text><text class="quiet" x="${LEFT - 14}" y="${middle + 12}" text-anchor="end">${escaped(detail.replace(/[()]/g, ''))}</text>`
  return [label, ...bars].join('\n')
}

function bar(summary: Summary, y: number): string {
  const { medianMs, p95Ms, design } = summary
  const x = round(placeOf(medianMs))
  const far = round(placeOf(p95Ms))
  const middle = y + LANE / 2
  const shape = `<rect class="${design}" x="${LEFT}" y="${y + (LANE - BAR) / 2}" width="${round(Math.max(x - LEFT, 2))}" height="${BAR}" rx="2"/>`
  const whisker =
    far - x < 2 ? '' : `<path class="whisker" d="M${x} ${middle}H${far}M${far} ${middle - 3}V${middle + 3}"/>`
  const never = medianMs === Number.POSITIVE_INFINITY
  const label = never ? neverLabel(summary) : `${duration(medianMs)}${harmOf(summary)}`
  const at = never ? NEVER + 8 : far + 7
  return `${shape}${whisker}<text class="value" x="${round(at)}" y="${middle + 4}">${label}</text>`
}

/** What a length does not show. */
function harmOf({ never, bothWritableMs, lost }: Summary): string {
  return [
    never > 0 ? `, never in ${never}` : '',
    bothWritableMs > 0 ? ', both writable' : '',
    lost > 0 ? `, ${lost} lost` : '',
  ].join('')
}

function neverLabel({ never, runs }: Summary): string {
  return never === runs ? 'never' : `never in ${never} of ${runs}`
}

function runsOf(rows: readonly Row[]): string {
  const counts = rows.flatMap((row) => row.summaries.map((summary) => summary.runs))
  if (counts.length === 0) return '0'
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  return least === most ? String(least) : `${least} to ${most}`
}

function descriptionOf(rows: readonly Row[]): string {
  const named = (key: DesignKey) => DESIGNS.find((design) => design.key === key)?.title ?? key
  const sentence = (row: Row) =>
    `${row.title}: ${row.summaries.map((summary) => `${named(summary.design)} ${duration(summary.medianMs)}`).join(', ')}`
  return `Medians. ${rows.map(sentence).join('; ')}.`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

if (import.meta.main) {
  const path = process.argv[2] ?? newestResult()
  if (path === null) {
    process.stderr.write('cannot draw: no saved result; npm run bench:failover makes one\n')
    process.exitCode = 1
  } else {
    writeFileSync(PICTURE, drawTimes(readResult(path)))
    process.stderr.write(`${PICTURE}: from ${path}\n`)
  }
}
