/**
 * Round after round on one pair, and a new pair when one is beyond repair.
 * Invariant: each round that was played is handed on at once, whatever comes later; no row number is used twice on a pair.
 */
import { makePackage } from '../../scripts/package.ts'
import { messageOf } from '../../src/core/errors.ts'
import { type ApmodePair, CONFIG, startApmodePair } from '../pair/apmode-pair.ts'
import { GATEWAY } from '../pair/lab/network.ts'
import { provideClock } from './clock.ts'
import { mountDisks } from './disks.ts'
import type { Fault } from './fault.ts'
import { type Event, playRound, type RoundResult } from './round.ts'
import { type Round, roundOf } from './schedule.ts'
import { NUMBERS_PER_CLIENT } from './writers.ts'

/** With a check of the API, and a witness: without one, two machines that are cut apart can both believe to be alone. */
export const CAMPAIGN_CONFIG = CONFIG.replace('kind = "api"', 'kind = "api"\ncheck = "http://127.0.0.1:8080/"').replace(
  'advert_interval',
  `witness = ["${GATEWAY}"]\nadvert_interval`,
)

export interface CampaignOrder {
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
  readonly secret: string
  readonly onProgress: (sentence: string) => void
  readonly onRound: (round: Round) => void
  readonly onEvent: (event: Event) => void
  readonly onResult: (result: RoundResult) => void
  /** The pair could not be used for this round. */
  readonly onReplaced: (reason: string) => void
}

/** Pairs in a row that cannot begin a round: then something else is wrong. */
const TRIES = 3

export async function campaign(order: CampaignOrder): Promise<void> {
  // One package for the whole campaign, also when the sources change meanwhile.
  process.env.APMODE_DEB ??= await makePackage({ onProgress: order.onProgress })
  let pair: ApmodePair | null = null
  let firstNumber = 1
  let failures = 0
  let number = order.from
  try {
    while (goesOn(order, number)) {
      const round = roundOf(order.seed, number, order.faults)
      let result: RoundResult
      try {
        pair ??= await startCampaignPair(order)
        order.onRound(round)
        firstNumber += 3 * NUMBERS_PER_CLIENT
        result = await playRound({ ...order, pair, round, firstNumber })
      } catch (thrown) {
        failures += 1
        if (failures >= TRIES) throw thrown
        order.onReplaced(messageOf(thrown))
        await pair?.stop()
        pair = null
        continue
      }
      failures = 0
      order.onResult(result)
      if (!result.whole) {
        await pair.stop()
        pair = null
      }
      if (result.broken.length > 0 && !order.keepGoing) return
      number += 1
    }
  } finally {
    await pair?.stop()
  }
}

function goesOn({ from, rounds, endsAt }: CampaignOrder, number: number): boolean {
  return (rounds === null || number < from + rounds) && (endsAt === null || Date.now() < endsAt)
}

function startCampaignPair({ faults, onProgress }: CampaignOrder): Promise<ApmodePair> {
  const clocks = faults.some(({ subject }) => subject === 'clock')
  return startApmodePair({
    config: CAMPAIGN_CONFIG,
    progress: onProgress,
    async provision(machine) {
      await mountDisks(machine)
      if (clocks) await provideClock(machine)
    },
  })
}
