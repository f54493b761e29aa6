/** "Did you mean …?": the known word that is nearest to a mistyped one. */

/** Damerau-Levenshtein distance (adjacent letters swapped count as one). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      let best = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + cost)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1)
      }
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}

/** The nearest of `known`, or null when none is near enough to be a likely slip. `-` and `_` count as the same. */
export function nearest(word: string, known: readonly string[]): string | null {
  const plain = word.toLowerCase().replaceAll('-', '_')
  const limit = Math.max(1, Math.floor(plain.length / 3))
  let best: { name: string; far: number } | null = null
  for (const name of known) {
    // A known word that starts with what was written (`router_id` no, `replication_password` yes) is as near as a slip.
    const far = name.startsWith(plain) && plain.length >= 4 ? 1 : distance(plain, name)
    if (far <= limit && (best === null || far < best.far)) best = { name, far }
  }
  return best?.name ?? null
}
