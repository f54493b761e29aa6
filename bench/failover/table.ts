/**
 * The table of the bench, as text for a terminal and as Markdown for the documents. Pure: a result in, text out.
 * Invariant: both hold the same cells; a fault or a design that was not run is not in them.
 */
import type { DesignKey } from './design.ts'
import { FAULTS } from './faults.ts'
import type { Result } from './result.ts'
import { ratio, type Summary, summarize } from './statistics.ts'
import { duration, times } from './words.ts'

/** In the order in which they are shown. */
export const DESIGNS: readonly { readonly key: DesignKey; readonly title: string }[] = [
  { key: 'product', title: 'apmode' },
  { key: 'tuned', title: 'bash, tuned' },
  { key: 'original', title: 'bash, original' },
]

export const COLUMNS = [
  'fault',
  'design',
  'runs',
  'median',
  'p95',
  'worst',
  'lost',
  'both writable',
  'original / this',
] as const

export interface Row {
  readonly fault: string
  readonly title: string
  readonly summaries: readonly Summary[]
}

/** One for each fault that was run, in the faults' order; in it one summary for each design that was run. */
export function rowsOf(result: Pick<Result, 'runs'>): Row[] {
  return FAULTS.map(({ key, title }) => ({
    fault: key,
    title,
    summaries: DESIGNS.flatMap((design) => summarize(result.runs, design.key, key) ?? []),
  })).filter((row) => row.summaries.length > 0)
}

/** Cells as text, by row; the fault only in its first row. */
export function cellsOf(result: Pick<Result, 'runs'>): string[][] {
  return rowsOf(result).flatMap((row) => {
    const original = row.summaries.find((summary) => summary.design === 'original')
    return row.summaries.map((summary, index) => [
      index === 0 ? row.title : '',
      DESIGNS.find(({ key }) => key === summary.design)?.title ?? summary.design,
      String(summary.runs),
      duration(summary.medianMs) + neverOf(summary),
      duration(summary.p95Ms),
      duration(summary.worstMs),
      `${summary.lost}${summary.lostKnown ? '' : ' ?'}`,
      bothWritable(summary),
      original === undefined || summary.design === 'original' ? '' : times(ratio(original.medianMs, summary.medianMs)),
    ])
  })
}

/** Said where the median alone would hide it. */
function neverOf({ never, runs }: Summary): string {
  return never === 0 || never === runs ? '' : ` (never in ${never})`
}

/** The longest of the runs; a `+` where both still were when the run ended. */
function bothWritable({ bothWritableMs, bothWritableAtEnd }: Summary): string {
  if (bothWritableMs === 0) return '0'
  return `${duration(bothWritableMs)}${bothWritableAtEnd ? ' +' : ''}`
}

export function textTable(result: Pick<Result, 'runs'>): string {
  const rows = [[...COLUMNS], ...cellsOf(result)]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return lines.map((line, index) => (index > 1 && !line.startsWith(' ') ? `\n${line}` : line)).join('\n')
}

export function markdownTable(result: Pick<Result, 'runs'>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const bold = ([fault = '', ...rest]: string[]) => [fault === '' ? '' : `**${fault}**`, ...rest]
  const rule = COLUMNS.map((_, column) => (column < 2 ? '---' : '--:'))
  return [line(COLUMNS), line(rule), ...cellsOf(result).map((cells) => line(bold(cells)))].join('\n')
}
