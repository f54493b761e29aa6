/** The limits of two machines in plain words, as docs/limits.md has them between its marks. */
import { type Node, sentenceOf, wayTo } from './explore.ts'
import type { Answer } from './search.ts'
import { isLimit, type Violation } from './verdict.ts'

export const BEGIN = '<!-- written by test/search/main.ts -->'
export const END = '<!-- the end of what is written by test/search/main.ts -->'

/** What the program allows by default; the npm test and the document are made with it. */
export const DEPTH = 3

const WHAT: Readonly<Record<Violation['what'], string>> = {
  'two writers': 'Both machines accept writes and acknowledge them',
  'a lost write': 'A write that was acknowledged is not on the machine that serves',
  'two open databases':
    'Both databases are open for a while; one of them acknowledges nothing, because its commits wait for the other',
}
const BETWEEN: Readonly<Record<Violation['between'], string>> = {
  'both links': 'the machines see each other',
  'the databases only': 'VRRP is blocked between the machines, the databases see each other',
  'VRRP only': 'the databases cannot reach each other, VRRP passes',
  nothing: 'nothing passes between the machines',
}
const WITNESS: Readonly<Record<Violation['witness'], string>> = {
  'none configured': '',
  'both see it': ', and both see the witness',
  'one sees it': ', and one of them sees the witness',
  'nobody sees it': ', and nobody sees the witness',
}

function titleOf({ what, between, witness, split }: Violation): string {
  if (what === 'two open databases') return `${WHAT[what]}.`
  return `${split && between !== 'nothing' ? 'After a split: ' : ''}${WHAT[what]}: ${BETWEEN[between]}${WITNESS[witness]}.`
}

/** Numbered; what comes from outside stands out. */
function sequence(node: Node): string[] {
  const steps = wayTo(node).slice(1)
  return steps.map((step, index) => `${index + 1}. ${step.outside ? `**${sentenceOf(step)}**` : sentenceOf(step)}`)
}

/** One of each kind: what follows from a split goes wrong as the split does, and an open database that is mute is one kind. */
function kindsOf(found: Answer['found']): Answer['found'] {
  const kind = ({ what, between, witness }: Violation) =>
    what === 'two open databases' ? what : [what, between, witness].join()
  const first = (one: Answer['found'][number]) =>
    found.findIndex((other) => kind(other.violation) === kind(one.violation))
  return found.filter((one, index) => first(one) === index)
}

export function sectionOf({ pair, found, deadEnds }: Answer): string {
  const limits = kindsOf(found.filter(({ violation }) => isLimit(violation)))
  const broken = found.filter(({ violation }) => !isLimit(violation))
  const list = (all: typeof found) =>
    all.flatMap(({ violation, node }) => [`### ${titleOf(violation)}`, '', ...sequence(node), ''])
  return [
    `## Two machines ${pair}`,
    '',
    ...(limits.length === 0 ? ['Nothing was found.', ''] : list(limits)),
    ...(broken.length === 0 ? [] : ['**To be mended:**', '', ...list(broken)]),
    ...(deadEnds.length === 0
      ? [
          'From every state that was reached, repairs and commands lead back to (ap,ap) with one machine that serves.',
          '',
        ]
      : [`From ${deadEnds.length} states no commands lead back.`, '']),
  ].join('\n')
}

/** `text` with what stands between its marks replaced. Throws when it has no marks. */
export function written(text: string, answers: readonly Answer[]): string {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin < 0 || end < begin) throw new Error('cannot write docs/limits.md: it has no marks')
  return `${text.slice(0, begin)}${BEGIN}\n\n${answers.map(sectionOf).join('\n')}\n${text.slice(end)}`
}
