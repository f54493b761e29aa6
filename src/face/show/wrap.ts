/** Text in the width of a terminal. Pure; never breaks a word, so that a path or a GTID can be copied whole. */

/** Lines of at most `width` columns; the first begins with `first`, the others with as many blanks. */
export function wrap(first: string, text: string, width: number): string[] {
  const room = Math.max(width - first.length, 20)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  const blanks = ' '.repeat(first.length)
  return lines.map((one, index) => `${index === 0 ? first : blanks}${one}`)
}

/** What does not fit ends with `…`. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`
}
