/**
 * The few words of man(7) that the pages need. Invariant: whatever text comes in, groff and mandoc print it as it is: no
 * line is taken for a request, a hyphen in an option can be copied, and no source line is longer than 80 bytes (mandoc
 * complains). Pure.
 */

const WIDTH = 76

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '"': '\\(dq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '–': '\\(en',
  '…': '...',
  '→': '\\(->',
}

/** For literal text: commands, options, file contents. */
export function literal(text: string): string {
  return text.replace(/[^ -,./0-9:-\]_a-}]|[\\'"]/gu, (character) => {
    return ESCAPES[character] ?? `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`
  })
}

/** As `literal`, but a hyphen between letters is a hyphen. */
function prose(text: string): string {
  return literal(text).replace(/(?<=\p{L})\\-(?=\p{L})/gu, '-')
}

export const bold = (text: string): string => `\\fB${literal(text)}\\fR`
export const italic = (text: string): string => `\\fI${literal(text)}\\fR`

/** A paragraph's lines; what stands in backticks is bold. */
export function paragraph(markdown: string): string[] {
  const pieces = markdown.replace(/\s+/g, ' ').trim().split('`')
  const words: string[] = []
  let glued = false
  for (const [index, piece] of pieces.entries()) {
    const code = index % 2 === 1
    const parts = piece.split(' ')
    for (const [at, part] of parts.entries()) {
      const written = code ? bold(part) : prose(part)
      const word = part === '' ? '' : written
      if (at === 0 && glued && words.length > 0) words[words.length - 1] += word
      else words.push(word)
    }
    glued = true
  }
  return wrapped(words.filter((word) => word !== ''))
}

function wrapped(words: readonly string[]): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = ''
    }
    line += line === '' ? word : ` ${word}`
    // A sentence ends with its line: groff sets the space behind it.
    if (/[.:?]$/.test(word)) {
      lines.push(line)
      line = ''
    }
  }
  return (line === '' ? lines : [...lines, line]).map(guarded)
}

/** A line that begins with a dot or a quote would be a request. */
const guarded = (line: string): string => (/^[.']/.test(line) ? `\\&${line}` : line)

/** Indented, unfilled, as typed. */
export function example(text: string): string[] {
  const lines = text.replace(/\n+$/, '').split('\n')
  return ['.RS 4', '.EX', ...lines.map((line) => guarded(literal(line)) || '\\&'), '.EE', '.RE']
}

/** A tagged paragraph: what it is about, already with its fonts, and its sentences. */
export function tagged(tag: string, markdown: string): string[] {
  return ['.TP', guarded(tag), ...paragraph(markdown)]
}

export interface PageFacts {
  readonly name: string
  readonly section: number
  readonly summary: string
  readonly version: string
  readonly when: Date
}

/** The head and NAME; the manual's name is what man(1) prints in the middle of the first line. */
export function head({ name, section, summary, version, when }: PageFacts, manual: string): string[] {
  const date = when.toISOString().slice(0, 10)
  return [
    '.\\" Made from the program and its configuration schema; do not edit.',
    `.TH ${name.toUpperCase()} ${section} ${date} "apmode ${version}" "${manual}"`,
    '.SH NAME',
    `${literal(name)} \\- ${prose(summary)}`,
  ]
}
