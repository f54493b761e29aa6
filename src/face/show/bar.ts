/** Times side by side as one bar, so that the longest is seen at once. Pure. */

/** One character for each part in turn, so that neighbours differ. */
const FILLS = ['█', '▒', '▓', '░'] as const

/** `width` characters shared among the parts by their size; a part that is more than nothing has one at least. */
export function bar(parts: readonly number[], width: number): string {
  const total = parts.reduce((sum, part) => sum + part, 0)
  if (total <= 0) return ''
  const counts = parts.map((part) => (part > 0 ? Math.max(1, Math.round((part / total) * width)) : 0))
  for (let over = counts.reduce((sum, count) => sum + count, 0) - width; over !== 0; over -= Math.sign(over)) {
    const longest = counts.indexOf(Math.max(...counts))
    if (over > 0 && (counts[longest] ?? 0) <= 1) break
    counts[longest] = (counts[longest] ?? 0) - Math.sign(over)
  }
  return counts.map((count, index) => (FILLS[index % FILLS.length] ?? '█').repeat(count)).join('')
}
