/**
 * The reference part of docs/configuration.md, rendered from `schema.ts`. A test compares the file with it, so that the
 * documentation cannot fall behind the code.
 */
import { type Row, SECTIONS } from './schema.ts'

const BEGIN = '<!-- reference: rendered from src/core/config/schema.ts; do not edit by hand -->'
const END = '<!-- end of the reference -->'

/** A `|` would end the cell. */
const cell = (text: string) => text.replaceAll('|', '\\|')

function cellsOf(key: string, row: Row<unknown>): string[] {
  const fallback =
    row.fallback === null && row.example !== '"off"'
      ? 'none'
      : Array.isArray(row.fallback)
        ? '`[]`'
        : `\`${row.example}\``
  const given = 'fallback' in row ? fallback : '**must be given**'
  return [`\`${key}\``, cell(row.type.label), given, cell(row.sentence)]
}

/** Columns as wide as their widest cell, as the formatter of the project writes them. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lineOf = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`
  return [lineOf(head), lineOf(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(lineOf)]
}

/** The sections with their tables, in the order of the file. */
export function referenceMarkdown(): string {
  const parts = SECTIONS.map(({ header, sentence, shape }) => {
    const rows = Object.entries<Row<unknown>>(shape).map(([key, row]) => cellsOf(key, row))
    const title = header === '' ? 'Top of the file' : `\`${header}\``
    return [`### ${title}`, '', sentence, '', ...table([['key', 'value', 'default', 'meaning'], ...rows])].join('\n')
  })
  return parts.join('\n\n')
}

/** The document with its reference part replaced by what the code says now; unchanged when it agrees. */
export function withReference(document: string): string {
  const [before, rest] = document.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('docs/configuration.md has lost its reference marks')
  return `${before}${BEGIN}\n\n${referenceMarkdown()}\n\n${END}${after}`
}
