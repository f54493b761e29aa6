/**
 * What happens in a round: which faults, where, when and for how long. Pure.
 * Invariant: a round depends on the seed, its number and the list of faults, and on no other round, so that it can be
 * played alone. The first fault of each round comes from a shuffled deck: in as many rounds as there are faults, each
 * has its turn.
 */
import type { Fault, Place } from './fault.ts'
import { type Random, randomOf } from './random.ts'

export interface Strike {
  readonly fault: string
  readonly place: Place
  /** Milliseconds after the first strike of the round; then until it is mended. */
  readonly atMs: number
  readonly lastsMs: number
}

export interface Round {
  readonly seed: string
  /** From 1. */
  readonly number: number
  readonly strikes: readonly Strike[]
}

type Choice = Pick<Fault, 'key' | 'places' | 'lastsMs'>

/** How often a round has one, two and three faults. */
const COUNTS = [1, 1, 1, 1, 1, 2, 2, 2, 3, 3] as const
const LATEST_STRIKE_MS = 4000

export function roundOf(seed: string, number: number, faults: readonly Choice[]): Round {
  const random = randomOf(seed, 'round', number)
  const cycle = Math.floor((number - 1) / faults.length)
  const deck = randomOf(seed, 'deck', cycle).shuffled(faults)
  const first = deck[(number - 1) % deck.length]
  if (first === undefined) throw new RangeError('cannot plan a round: there are no faults')
  const count = random.pick(COUNTS)
  const more = Array.from({ length: count - 1 }, () => random.pick(faults))
  // In the same instant, or one while the other still lasts, or one while the pair gets over the other.
  const moments = more.map(() => (random.chance(0.25) ? random.whole(0, 50) : random.whole(50, LATEST_STRIKE_MS)))
  return {
    seed,
    number,
    strikes: [first, ...more].map((fault, index) =>
      strikeOf(fault, index === 0 ? 0 : (moments[index - 1] ?? 0), random),
    ),
  }
}

function strikeOf(fault: Choice, atMs: number, random: Random): Strike {
  const [least, most] = fault.lastsMs
  // Both at once is the rarest of accidents, and leaves nobody to take over.
  const likely = fault.places.flatMap((place) => (place === 'both' ? [place] : [place, place, place]))
  return { fault: fault.key, place: random.pick(likely), atMs, lastsMs: random.whole(least, most) }
}

/** One fault on one machine: the pair must get over it without a person. */
export function isSingle(round: Round): boolean {
  const [strike, ...others] = round.strikes
  return strike !== undefined && others.length === 0 && strike.place !== 'both'
}
