/** The table of the topologies, for a terminal and for the documents: the same cells. Pure. */
import { median, percentile } from '../failover/statistics.ts'
import { duration } from '../failover/words.ts'
import type { TopologyResult } from './result.ts'
import type { Topology } from './topology.ts'

export const COLUMNS = ['', 'fault', 'runs', 'median', 'p95', 'worst', 'of it the start', 'aim', ''] as const
/** From this column on they are numbers. */
const FIRST_NUMBER = 2

type Measured = Pick<TopologyResult, 'runs'>

/** One row for each fault that was run, in the topology's order; its title in the first. */
export function rowsOf(topology: Pick<Topology, 'title' | 'faults'>, { runs }: Measured): string[][] {
  const rows = topology.faults.flatMap(({ key, title, aimMs }) => {
    const own = runs.filter((run) => run.fault === key)
    if (own.length === 0) return []
    const outages = own.map(({ outageMs }) => outageMs)
    const starts = own.flatMap(({ startMs }) => startMs ?? [])
    const startMs = starts.length === 0 ? 0 : median(starts)
    const missedBy = Math.round(median(outages)) - Math.round(aimMs + startMs)
    return [
      [
        title,
        String(own.length),
        duration(median(outages)),
        duration(percentile(outages, 0.95)),
        duration(Math.max(...outages)),
        starts.length === 0 ? '–' : duration(startMs),
        duration(aimMs + startMs),
        missedBy <= 0 ? 'met' : `missed by ${duration(missedBy)}`,
      ],
    ]
  })
  return rows.map((row, index) => [index === 0 ? topology.title : '', ...row])
}

export function textTable(rows: readonly (readonly string[])[]): string {
  const all = [COLUMNS, ...rows]
  const widths = COLUMNS.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const isText = (column: number) => column < FIRST_NUMBER || column === COLUMNS.length - 1
  const cell = (text: string, column: number) =>
    isText(column) ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)
  return all.map((row) => row.map(cell).join('  ').trimEnd()).join('\n')
}

export function markdownTable(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = COLUMNS.map((_, column) => (column < FIRST_NUMBER || column === COLUMNS.length - 1 ? '---' : '--:'))
  const bold = ([title = '', ...rest]: readonly string[]) => [title === '' ? '' : `**${title}**`, ...rest]
  return [line(COLUMNS), line(rule), ...rows.map((row) => line(bold(row)))].join('\n')
}
