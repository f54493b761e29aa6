/** The table in docs/doctor.md, rendered from the checks; a test compares it, so that it cannot fall behind the code. */
import { GROUPS } from './check.ts'
import { CHECKS } from './examine.ts'

const BEGIN = '<!-- checks: rendered from src/core/doctor; do not edit by hand -->'
const END = '<!-- end of the checks -->'

/** A `|` would end the cell. */
const cell = (text: string) => text.replaceAll('|', '\\|')

export function checksMarkdown(): string {
  const parts = GROUPS.map((group) => {
    const rows = CHECKS.filter((check) => check.group === group).map(
      ({ id, title, looks, why }) => `| \`${id}\` | ${cell(title)} | ${cell(looks)} | ${cell(why)} |`,
    )
    return [`### ${group}`, '', '| check | holds | looked at | why |', '| --- | --- | --- | --- |', ...rows].join('\n')
  })
  return parts.join('\n\n')
}

/** The document with its table replaced by what the code says now; unchanged when it agrees. */
export function withChecks(document: string): string {
  const [before, rest] = document.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('docs/doctor.md has lost its marks')
  return `${before}${BEGIN}\n\n${checksMarkdown()}\n\n${END}${after}`
}
