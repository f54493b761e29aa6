/**
 * No state is a dead end: once the faults are over, some sequence of an operator's commands leads back to the whole pair.
 * Shown by finding one: everything is repaired, the machines come to rest, and commands are tried, the shortest
 * sequence first. What has once been found to lead home is remembered.
 */
import { ownMoves, sentenceOf, tidy } from './explore.ts'
import type { Pair } from './observe.ts'
import { fromOutside, repairs } from './outside.ts'
import { isHome } from './verdict.ts'
import { keyOf, SIDES, type World } from './world.ts'

/** More commands in a row than any operator's page of instructions has. */
const MOST_COMMANDS = 6
/** Steps until the machines rest; beyond it they never do. */
const MOST_STEPS = 2000

const resting = new Map<string, World | null>()

/**
 * The first of its own moves that leads to something new, until there is none: everybody does what is to be done.
 * null: they never rest. Where a way is known from one of the worlds on the way, it is taken.
 */
export function rest(world: World, pair: Pair): World | null {
  const seen = new Set<number>()
  let at = world
  let end: World | null = null
  for (let step = 0; step < MOST_STEPS; step += 1) {
    seen.add(keyOf(at))
    const known = resting.get(`${pair}${keyOf(at)}`)
    if (known !== undefined) {
      end = known
      break
    }
    const { soon, later } = ownMoves(at, pair)
    const next = [...soon, ...later].find((move) => !seen.has(keyOf(move.world)))
    if (next === undefined) {
      end = at
      break
    }
    at = next.world
  }
  for (const key of seen) resting.set(`${pair}${key}`, end)
  return end
}

/** Links, interfaces, power: whatever is repaired without apmode. */
export function repaired(world: World, pair: Pair): World {
  let next = tidy({ ...world, vrrp: true, sql: true })
  for (const side of SIDES) {
    for (let more = true; more; ) {
      const [repair] = [...repairs(next, side, pair)].filter(({ what }) => !what.includes('reclones'))
      more = repair !== undefined
      if (repair !== undefined) next = tidy(repair.world)
    }
  }
  return next
}

export class WayHome {
  readonly #pair: Pair
  /** From a world at rest, by its key: the commands that lead home. */
  readonly #known = new Map<number, readonly string[]>()

  constructor(pair: Pair) {
    this.#pair = pair
  }

  /** How many worlds at rest were asked for. */
  get worlds(): number {
    return this.#known.size
  }

  /** The commands; null: there is no way. A person's decisions (--force, a reclone) only where nothing else leads home. */
  from(world: World): readonly string[] | null {
    const begin = rest(repaired(world, this.#pair), this.#pair)
    if (begin === null) return null
    const known = this.#known.get(keyOf(begin))
    if (known !== undefined) return known
    return this.#search(begin, false) ?? this.#search(begin, true)
  }

  #search(begin: World, decisions: boolean): readonly string[] | null {
    const visited = new Set([keyOf(begin)])
    let layer: readonly Reached[] = [{ world: begin, way: [], keys: [keyOf(begin)] }]
    for (let commands = 0; commands <= MOST_COMMANDS && layer.length > 0; commands += 1) {
      const next: Reached[] = []
      for (const at of layer) {
        const rest = isHome(at.world) ? [] : (this.#known.get(keyOf(at.world)) ?? null)
        if (rest !== null && (decisions || !rest.some(isDecision))) {
          const all = [...at.way, ...rest]
          for (const [index, key] of at.keys.entries()) this.#known.set(key, all.slice(index))
          return all
        }
        for (const reached of this.#afterEach(at, decisions)) {
          const key = reached.keys.at(-1)
          if (key === undefined || visited.has(key)) continue
          visited.add(key)
          next.push(reached)
        }
      }
      layer = next
    }
    return null
  }

  *#afterEach(at: Reached, decisions: boolean): Generator<Reached> {
    for (const move of fromOutside(at.world, this.#pair)) {
      const what = sentenceOf(move)
      if (move.kind !== 'command' && !what.includes('a person')) continue
      if (isDecision(what) && !decisions) continue
      const world = rest(tidy(move.world), this.#pair)
      if (world !== null) yield { world, way: [...at.way, what], keys: [...at.keys, keyOf(world)] }
    }
  }
}

interface Reached {
  readonly world: World
  readonly way: readonly string[]
  /** Of every world at rest on the way. */
  readonly keys: readonly number[]
}

const isDecision = (what: string) => what.includes('--force') || what.includes('reclones')
