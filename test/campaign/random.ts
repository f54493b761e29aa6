/**
 * Chance that can be repeated: numbers that depend on a path of names (`seed, "round", 7`) and on nothing else.
 * Invariant: the same path gives the same numbers on every machine and in every version of Node; drawing from one path
 * never moves another. It is not for secrets.
 */

export interface Random {
  /** From 0 to below 1. */
  next(): number
  /** A whole number, both ends included. */
  whole(from: number, to: number): number
  chance(probability: number): boolean
  /** Throws RangeError for an empty list. */
  pick<T>(items: readonly T[]): T
  /** Another list with the same items. */
  shuffled<T>(items: readonly T[]): T[]
}

export function randomOf(...path: readonly (string | number)[]): Random {
  const next = mulberry32(hashOf(JSON.stringify(path.map(String))))
  const whole = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    whole,
    chance: (probability) => next() < probability,
    pick(items) {
      if (items.length === 0) throw new RangeError('cannot pick from an empty list')
      return items[whole(0, items.length - 1)] as (typeof items)[number]
    },
    shuffled(items) {
      const keyed = items.map((item) => ({ item, key: next() }))
      return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
    },
  }
}

/** FNV-1a, then murmur3's finalizer, so that neighbouring seeds begin far apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Tommy Ettinger's mulberry32: 32 bits of state, more than enough for a few hundred draws. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
