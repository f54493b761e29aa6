/** apmode.toml(5), made from the schema that also checks the file: every key with its kind of value, default and meaning. */
import { type Row, SECTIONS } from '../../src/core/config/schema.ts'
import { bold, example, head, literal, type PageFacts, paragraph, tagged } from './roff.ts'

export function configurationPage(exampleFile: string, { version, when }: Pick<PageFacts, 'version' | 'when'>): string {
  const facts = { name: 'apmode.toml', section: 5, summary: 'configuration of apmode', version, when }
  const lines = [
    ...head(facts, 'File Formats'),
    '.SH SYNOPSIS',
    bold('/etc/apmode/apmode.toml'),
    '.SH DESCRIPTION',
    ...paragraph(
      'The configuration of apmode(8), in TOML; the same file on both machines. A machine finds itself in it by its host ' +
        'name, with or without its domain, or by the name that stands in `/etc/apmode/node`.',
    ),
    '.PP',
    ...paragraph(
      'A key that is not known, a wrong type and an impossible value are errors, and `apmode config check` says all of ' +
        'them at once, each with its line. A configuration with an error is never used: a supervisor that runs keeps ' +
        'the one that it has.',
    ),
    '.PP',
    ...paragraph(
      'The supervisor reads the file when it starts and on `systemctl reload apmode`. For what keepalived and MariaDB ' +
        'read, render their files again: `apmode render`.',
    ),
    ...SECTIONS.flatMap(({ header, sentence, shape }) => [
      `.SH ${header === '' ? 'TOP OF THE FILE' : literal(header)}`,
      ...paragraph(sentence),
      ...Object.entries<Row<unknown>>(shape).flatMap(([key, row]) =>
        tagged(bold(key), `${row.sentence} ${kindOf(row)}`),
      ),
    ]),
    '.SH EXAMPLE',
    ...example(narrow(exampleFile.replace(/^(#.*\n)+/, ''))),
    '.SH SEE ALSO',
    '.BR apmode (8),',
    '.BR keepalived.conf (5)',
  ]
  return `${lines.join('\n')}\n`
}

function kindOf(row: Row<unknown>): string {
  const kind = `Value: ${row.type.label.replaceAll('`', '')}`
  if (!('fallback' in row)) return `${kind}; must be given.`
  if (row.fallback === null) return `${kind}; none by default.`
  return `${kind}; by default \`${Array.isArray(row.fallback) ? '[]' : row.example}\`.`
}

const WIDTH = 66

/** A comment behind a line that would be too wide stands above it. */
function narrow(toml: string): string {
  return toml
    .split('\n')
    .flatMap((line) => {
      if (line.length <= WIDTH) return [line]
      const at = line.indexOf('#')
      const code = line.slice(0, at).trimEnd()
      const commented = /^# \w+ = /.test(line) ? line.slice(0, line.indexOf('#', 1)).trimEnd() : code
      const comment = line.slice(line.indexOf('#', commented.length)).replace(/^#\s*/, '')
      return [...folded(comment), ...(commented === '' ? [] : [commented])]
    })
    .join('\n')
}

function folded(comment: string): string[] {
  const lines: string[] = []
  let line = '#'
  for (const word of comment.split(' ')) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = '#'
    }
    line += ` ${word}`
  }
  return [...lines, line]
}
