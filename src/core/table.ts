/** The decision table as cells, for the page, and as Markdown: `apmode table` prints it, docs/mode-table.md is it. Made from `posture.ts` alone. */
import { ROWS, type Row } from './posture.ts'
import { VRRP_STATES } from './vocabulary.ts'

export const TABLE_HEAD: readonly string[] = [
  'mode',
  'VRRP',
  'boot unit / service units (files)',
  'keepalived',
  'holder-only units',
  'database',
  'replication',
  'commits',
  'meaning',
]

function vrrpCell(row: Row): string {
  if (row.vrrp.length === VRRP_STATES.length) return 'any'
  if (row.vrrp.length === VRRP_STATES.length - 1) return 'other'
  return row.vrrp.join(', ')
}

function filesCell({ posture }: Row): string {
  return posture.bootUnit === 'as is' && posture.serviceUnits === 'as is'
    ? 'as is'
    : `${posture.bootUnit} / ${posture.serviceUnits}`
}

/** One for each title of the head. */
export function cellsOf(row: Row): string[] {
  const { posture } = row
  return [
    row.mode,
    vrrpCell(row),
    filesCell(row),
    posture.router,
    posture.holderUnits,
    posture.database,
    posture.replication,
    posture.commits,
    row.sentence,
  ]
}

/** The table, ending in a newline. */
export function renderTable(): string {
  const lines = [TABLE_HEAD, ...ROWS.map(cellsOf)]
  const widths = TABLE_HEAD.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const pad = (line: readonly string[]) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return `${[pad(TABLE_HEAD), rule, ...ROWS.map((row) => pad(cellsOf(row)))].join('\n')}\n`
}
