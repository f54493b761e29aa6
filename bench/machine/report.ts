/**
 * What was measured, as text: a table for the terminal, and Markdown for docs/performance.md, where it replaces what stands
 * between two markers and nothing else. Pure.
 */
import type { Facts } from './facts.ts'
import { sentenceOf } from './facts.ts'
import type { Explanation, ResultRow } from './result.ts'

export const BEGIN = '<!-- npm run bench -- --write-docs: what follows is rewritten by it -->'
export const END = '<!-- end of what the bench writes -->'

const verdictOf = ({ met }: ResultRow) => (met === null ? '–' : met ? 'met' : 'MISSED')
const cellsOf = (row: ResultRow) => [row.what, row.value, row.aim ?? '–', verdictOf(row)]
const HEAD = ['what', 'value', 'aim', '']

/** In columns, as wide as they must be. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('`', '').replaceAll('**', '')))
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '))
  return lines.join('\n')
}

export function terminalReport(rows: readonly ResultRow[], explanations: readonly Explanation[]): string {
  const more = explanations.map(
    ({ title, head, rows: cells }) => `${title.replaceAll('`', '')}\n\n${plainTable(head, cells)}`,
  )
  return `${[...more, plainTable(HEAD, rows.map(cellsOf))].join('\n\n\n')}\n`
}

export function markdownReport(facts: Facts, rows: readonly ResultRow[], explanations: readonly Explanation[]): string {
  const table = (head: readonly string[], cells: readonly (readonly string[])[]) =>
    [head, head.map(() => '---'), ...cells]
      .map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
      .join('\n')
  const more = explanations.map(({ title, head, rows: cells }) => `### ${title}\n\n${table(head, cells)}`)
  return [sentenceOf(facts), table(HEAD, rows.map(cellsOf)), ...more].join('\n\n')
}

/** Throws when the markers are not there, in this order. */
export function withReport(document: string, report: string): string {
  const from = document.indexOf(BEGIN)
  const to = document.indexOf(END)
  if (from < 0 || to < from) throw new Error(`cannot write the table: the document has no "${BEGIN}" and "${END}"`)
  return `${document.slice(0, from)}${BEGIN}\n\n${report}\n\n${document.slice(to)}`
}
