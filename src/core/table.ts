/** The decision table as Markdown: `apmode table` prints it, docs/mode-table.md is it. Made from `posture.ts` alone. */
import { ROWS, type Row } from './posture.ts'
import { VRRP_STATES } from './vocabulary.ts'

const HEAD = [
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

function cells(row: Row): string[] {
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
  const lines = [HEAD, ...ROWS.map(cells)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const pad = (line: readonly string[]) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return `${[pad(HEAD), rule, ...ROWS.map((row) => pad(cells(row)))].join('\n')}\n`
}
