/**
 * Round after round on the same machines, and new ones when they are beyond repair, whatever topology they are.
 * Invariant: each round that was played is handed on at once, whatever comes later.
 */
import { makePackage } from '../../scripts/package.ts'
import { messageOf } from '../../src/core/errors.ts'
import type { Fault } from './fault.ts'
import { type Round, roundOf } from './schedule.ts'

/** What came of a round, as far as the next one depends on it. */
export interface Played {
  readonly whole: boolean
  readonly broken: readonly unknown[]
}

export interface RoundsOrder<R extends Played> {
  readonly seed: string
  /** The first round's number; 1 unless one is to be repeated. */
  readonly from: number
  /** Null: as many as there is time for. */
  readonly rounds: number | null
  /** Null: until the rounds are over. */
  readonly endsAt: number | null
  readonly faults: readonly Fault[]
  /** False: the first round with a broken oracle is the last. */
  readonly keepGoing: boolean
  readonly onProgress: (sentence: string) => void
  readonly onRound: (round: Round) => void
  readonly onResult: (result: R) => void
  /** The machines could not be used for this round. */
  readonly onReplaced: (reason: string) => void
}

/** Where the rounds are played: machines that are whole, and a round on them. */
export interface Ground<S, R extends Played> {
  start(): Promise<S>
  /** Throws when they are not whole at its beginning. */
  play(standing: S, round: Round): Promise<R>
}

/** Machines in a row that cannot begin a round: then something else is wrong. */
const TRIES = 3

export async function playRounds<S extends { stop(): Promise<void> }, R extends Played>(
  order: RoundsOrder<R>,
  ground: Ground<S, R>,
): Promise<void> {
  // One package for the whole campaign, also when the sources change meanwhile.
  process.env.APMODE_DEB ??= await makePackage({ onProgress: order.onProgress })
  let standing: S | null = null
  let failures = 0
  let number = order.from
  try {
    while (goesOn(order, number)) {
      const round = roundOf(order.seed, number, order.faults)
      let result: R
      try {
        standing ??= await ground.start()
        order.onRound(round)
        result = await ground.play(standing, round)
      } catch (thrown) {
        failures += 1
        if (failures >= TRIES) throw thrown
        order.onReplaced(messageOf(thrown))
        await standing?.stop()
        standing = null
        continue
      }
      failures = 0
      order.onResult(result)
      if (!result.whole) {
        await standing.stop()
        standing = null
      }
      if (result.broken.length > 0 && !order.keepGoing) return
      number += 1
    }
  } finally {
    await standing?.stop()
  }
}

function goesOn(order: Pick<RoundsOrder<Played>, 'from' | 'rounds' | 'endsAt'>, number: number): boolean {
  const { from, rounds, endsAt } = order
  return (rounds === null || number < from + rounds) && (endsAt === null || Date.now() < endsAt)
}
