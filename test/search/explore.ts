/**
 * Every world that can be reached from the whole pair with at most so many events from outside, whatever the machines
 * do in between and in whatever order: breadth first, mirror images once. Invariant: the way that is kept to a world is
 * one with the fewest events from outside; behind a violation it is not searched on.
 */
import { byItself, settled } from './around.ts'
import { inTime } from './notice.ts'
import type { Pair } from './observe.ts'
import { fromOutside } from './outside.ts'
import { advance } from './supervisor.ts'
import { judgeStep, nameOf, type Violation } from './verdict.ts'
import { hasMore, isOpen, keyOf, normalized, SIDES, type Side, WHOLE, type World } from './world.ts'

export interface Node {
  readonly world: World
  readonly parent: Node | null
  /** What led here; `{self}` and `{peer}` are still in it. */
  readonly what: string
  readonly side: Side | null
  readonly outside: boolean
  /** Events from outside so far. */
  readonly depth: number
}

export interface Found {
  readonly violation: Violation
  readonly node: Node
}

export interface Searched {
  readonly worlds: number
  readonly steps: number
  /** The first (shortest) of each class, by the class. */
  readonly found: ReadonlyMap<string, Found>
  /** The worlds in which nothing is left to be done soon. */
  readonly atRest: readonly Node[]
}

export type Order = 'any' | 'timely'

export interface Limits {
  /** Events from outside. */
  readonly depth: number
  readonly pair: Pair
  /** From this depth on, something comes from outside only when the machines are at rest. */
  readonly restFrom: number
  /** `any`: everything may overtake everything. `timely`: what takes long comes after what is done in milliseconds. */
  readonly order: Order
  /** Does anything come from outside after both databases were open? What goes wrong then has gone wrong already. */
  readonly afterSplit: boolean
}

interface Move {
  readonly what: string
  readonly side: Side | null
  readonly world: World
}

interface OwnMoves {
  /** Done in milliseconds. */
  readonly soon: readonly Move[]
  readonly later: readonly Move[]
  readonly byClients: readonly Move[]
}

/** Everything that the machines and what lies between them do without anybody's help, and that changes something. */
export function ownMoves(world: World, pair: Pair): OwnMoves {
  const key = keyOf(world)
  const soon: Move[] = []
  const later: Move[] = []
  const byClients: Move[] = []
  const add = (into: Move[], what: string, side: Side, after: World) => {
    const next = tidy(after)
    if (keyOf(next) !== key) into.push({ what, side, world: next })
  }
  for (const side of SIDES) {
    for (const { what, world: after } of advance(world, side, pair)) add(soon, what, side, after)
    for (const { what, slow, client, world: after } of byItself(world, side)) {
      add(client === true ? byClients : slow ? later : soon, what, side, after)
    }
    for (const { what, world: after } of inTime(world, side, pair)) add(later, what, side, after)
  }
  return { soon, later, byClients }
}

/** As it is kept: what follows at once has followed, epochs count from 1, and what is mended is forgotten. */
export function tidy(world: World): World {
  const next = normalized(settled(world))
  const open = SIDES.every((side) => isOpen(next, side))
  if (open) return next.split ? next : { ...next, split: true }
  if (!next.forced && !next.split) return next
  const [a, b] = next.machines
  const same = !hasMore(a) && !hasMore(b) && a.epoch === b.epoch && a.leader === b.leader
  return same && a.claim !== 'forced' && b.claim !== 'forced' ? { ...next, forced: false, split: false } : next
}

export function explore({ depth, pair, restFrom, order, afterSplit }: Limits): Searched {
  const known = new Set<number>()
  const found = new Map<string, Found>()
  const atRest: Node[] = []
  let steps = 0
  let layer: Node[] = [{ world: WHOLE, parent: null, what: 'the pair is whole', side: null, outside: false, depth: 0 }]
  known.add(keyOf(WHOLE))

  const reach = (from: Node, { what, side, world }: Move, outside: boolean, into: Node[]) => {
    steps += 1
    const depthThere = from.depth + (outside ? 1 : 0)
    const node: Node = { world, parent: from, what, side, outside, depth: depthThere }
    const violation = judgeStep(from.world, world, pair)
    if (violation !== null) {
      const name = nameOf(violation)
      if (!found.has(name)) found.set(name, { violation, node })
      // Two that are open, of which one cannot acknowledge: no harm yet, and it goes on.
      if (violation.what !== 'two open databases') return
    }
    const key = keyOf(world)
    if (known.has(key)) return
    known.add(key)
    into.push(node)
  }

  for (let at = 0; at <= depth && layer.length > 0; at += 1) {
    const next: Node[] = []
    // The layer grows while it is walked: what the machines do by themselves costs nothing.
    for (let index = 0; index < layer.length; index += 1) {
      const node = layer[index]
      if (node === undefined) break
      const { soon, later, byClients } = ownMoves(node.world, pair)
      const busy = soon.length > 0
      for (const move of soon) reach(node, move, false, layer)
      for (const move of byClients) reach(node, move, false, layer)
      if (order === 'any' || !busy) for (const move of later) reach(node, move, false, layer)
      if (!busy) atRest.push(node)
      if (at >= depth || (at >= restFrom && busy) || (node.world.split && !afterSplit)) continue
      for (const { what, side, world } of fromOutside(node.world, pair)) {
        reach(node, { what, side, world: tidy(world) }, true, next)
      }
    }
    layer = next
  }
  return { worlds: known.size, steps, found, atRest }
}

/** From the whole pair to this node, oldest first. */
export function wayTo(node: Node): Node[] {
  const way: Node[] = []
  for (let at: Node | null = node; at !== null; at = at.parent) way.unshift(at)
  return way
}

export function sentenceOf({ what, side }: Pick<Node, 'what' | 'side'>): string {
  const names = side === 1 ? ['B', 'A'] : ['A', 'B']
  const named = what.replaceAll('{self}', names[0] ?? '').replaceAll('{peer}', names[1] ?? '')
  return named.replaceAll('host1', 'A').replaceAll('host2', 'B')
}
