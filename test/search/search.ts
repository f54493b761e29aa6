/**
 * The searches that make up one answer: few events with everything in between in any order, more events in the order in
 * which things really happen, most events with the machines at rest. Invariant: the same code gives the same answer.
 */
import { explore, type Found, type Limits } from './explore.ts'
import { WayHome } from './home.ts'
import type { Pair } from './observe.ts'

type Run = Omit<Limits, 'pair'>

const ALWAYS = Number.POSITIVE_INFINITY

/** `depth`: the events from outside of the deepest of them. */
export function runsOf(depth: number): readonly Run[] {
  return [
    { depth: depth - 2, order: 'any', restFrom: ALWAYS, afterSplit: true },
    { depth: depth - 1, order: 'timely', restFrom: ALWAYS, afterSplit: false },
    { depth, order: 'timely', restFrom: 0, afterSplit: false },
  ]
}

export interface Answer {
  readonly pair: Pair
  readonly worlds: number
  /** The shortest of each class; those with fewer events first. */
  readonly found: readonly (Found & { readonly name: string })[]
  /** What led to a world from which no commands lead home: a dead end. */
  readonly deadEnds: readonly Found['node'][]
  /** How many worlds at rest were asked for their way home. */
  readonly asked: number
}

export function search(pair: Pair, depth: number): Answer {
  const found = new Map<string, Found>()
  let worlds = 0
  for (const run of runsOf(depth)) {
    const searched = explore({ ...run, pair })
    worlds += searched.worlds
    for (const [name, one] of searched.found) {
      const before = found.get(name)
      if (before === undefined || one.node.depth < before.node.depth) found.set(name, one)
    }
  }
  const home = new WayHome(pair)
  const { atRest } = explore({ depth: depth - 1, pair, order: 'timely', restFrom: 0, afterSplit: true })
  return {
    pair,
    worlds,
    found: [...found].map(([name, one]) => ({ name, ...one })).sort((a, b) => a.node.depth - b.node.depth),
    deadEnds: atRest.filter((node) => home.from(node.world) === null),
    asked: atRest.length,
  }
}
