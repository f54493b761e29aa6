/** The table of flags in docs/install.md, rendered from `answers.ts`; a test compares the document with it. */
import { table } from '../config/reference.ts'
import { ANSWER_NAMES, QUESTIONS } from './answers.ts'

const BEGIN = '<!-- flags: rendered from src/core/init/answers.ts; compared by a test -->'
const END = '<!-- end of the flags -->'

/** The document with its table replaced by what the code says now; unchanged when it agrees. */
export function withFlags(document: string): string {
  const [before, rest] = document.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('docs/install.md has lost its marks')
  const rows = ANSWER_NAMES.map((name) => {
    const { flag, about, asks } = QUESTIONS[name]
    return [`\`${flag}\``, about, asks === null ? 'no' : 'yes']
  })
  return `${before}${BEGIN}\n\n${table([['flag', 'what (default)', 'asked for'], ...rows]).join('\n')}\n\n${END}${after}`
}
