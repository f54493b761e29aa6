/**
 * The decision table as cells, for the page, and as Markdown: `apmode table` prints it, docs/mode-table.md is it. Made from
 * `posture.ts` alone. Invariant: a column about a database is there only where there is such a one.
 */
import { meaningOf, ROWS, type Row } from './posture.ts'
import { type Engine, VRRP_STATES } from './vocabulary.ts'

interface Column {
  readonly title: string
  /** Where there is something to say; without it: everywhere. */
  readonly engines?: readonly Engine[]
  of(row: Row, engine: Engine): string
}

const COLUMNS: readonly Column[] = [
  { title: 'mode', of: ({ mode }) => mode },
  { title: 'VRRP', of: vrrpCell },
  { title: 'boot unit / service units (files)', of: filesCell },
  { title: 'keepalived', of: ({ posture }) => posture.router },
  { title: 'holder-only units', of: ({ posture }) => posture.holderUnits },
  { title: 'database', engines: ['mariadb'], of: ({ posture }) => posture.database },
  { title: 'replication', engines: ['mariadb'], of: ({ posture }) => posture.replication },
  { title: 'commits', engines: ['mariadb'], of: ({ posture }) => posture.commits },
  { title: 'member', engines: ['galera'], of: ({ posture }) => posture.member },
  { title: 'meaning', of: meaningOf },
]

const columnsOf = (engine: Engine) => COLUMNS.filter(({ engines }) => engines === undefined || engines.includes(engine))

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

export function headOf(engine: Engine): string[] {
  return columnsOf(engine).map(({ title }) => title)
}

/** One for each title of the head. */
export function cellsOf(row: Row, engine: Engine): string[] {
  return columnsOf(engine).map((column) => column.of(row, engine))
}

/** The table, ending in a newline. */
export function renderTable(engine: Engine): string {
  const lines = [headOf(engine), ...ROWS.map((row) => cellsOf(row, engine))]
  const widths = headOf(engine).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const pad = (line: readonly string[]) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  const [head = [], ...rows] = lines
  return `${[pad(head), rule, ...rows.map(pad)].join('\n')}\n`
}
