/**
 * Two texts as a unified diff, as diff(1) writes it, with three lines around each change. Pure; for files of some hundred
 * lines (the longest common subsequence is found by a full table).
 */

const CONTEXT = 3

interface Line {
  readonly mark: ' ' | '-' | '+'
  readonly text: string
}

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

function compare(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1
  // common[i * width + j]: length of the longest common subsequence of before[i…] and after[j…].
  const common = new Uint32Array((before.length + 1) * width)
  const at = (i: number, j: number) => common[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: Line[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]]
    if (old !== undefined && old === now) {
      lines.push({ mark: ' ', text: old })
      i++
      j++
    } else if (old !== undefined && (now === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ mark: '-', text: old })
      i++
    } else {
      lines.push({ mark: '+', text: now ?? '' })
      j++
    }
  }
  return lines
}

/** Empty when the texts are the same. `before` null: there is no such file. */
export function unifiedDiff(path: string, before: string | null, after: string): string[] {
  const lines = compare(linesOf(before ?? ''), linesOf(after))
  const near = (index: number) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ mark }) => mark !== ' ')
  const out: string[] = []
  let [old, now] = [1, 1]
  let hunk: { readonly from: readonly [number, number]; readonly lines: Line[] } | null = null
  const flush = () => {
    if (hunk === null) return
    const count = (mark: '-' | '+') => hunk?.lines.filter((line) => line.mark === ' ' || line.mark === mark).length ?? 0
    const range = (start: number, length: number) => `${length === 0 ? start - 1 : start},${length}`
    out.push(`@@ -${range(hunk.from[0], count('-'))} +${range(hunk.from[1], count('+'))} @@`)
    out.push(...hunk.lines.map(({ mark, text }) => `${mark}${text}`))
    hunk = null
  }
  for (const [index, line] of lines.entries()) {
    if (near(index)) {
      hunk ??= { from: [old, now], lines: [] }
      hunk.lines.push(line)
    } else flush()
    if (line.mark !== '+') old++
    if (line.mark !== '-') now++
  }
  flush()
  if (out.length === 0) return []
  return [`--- ${before === null ? '/dev/null' : path}`, `+++ ${path}`, ...out]
}
