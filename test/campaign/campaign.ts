/** The campaign on a MariaDB pair. Invariant: no row number is used twice on a pair. */
import { type ApmodePair, CONFIG, startApmodePair } from '../pair/apmode-pair.ts'
import { GATEWAY } from '../pair/lab/network.ts'
import { provideClock } from './clock.ts'
import { mountDisks } from './disks.ts'
import type { Fault } from './fault.ts'
import { type Event, playRound, type RoundResult } from './round.ts'
import { playRounds, type RoundsOrder } from './rounds.ts'
import { NUMBERS_PER_CLIENT } from './writers.ts'

/** With a check of the API, and a witness: without one, two machines that are cut apart can both believe to be alone. */
export const CAMPAIGN_CONFIG = CONFIG.replace('kind = "api"', 'kind = "api"\ncheck = "http://127.0.0.1:8080/"').replace(
  'advert_interval',
  `witness = ["${GATEWAY}"]\nadvert_interval`,
)

export interface CampaignOrder extends RoundsOrder<RoundResult> {
  readonly faults: readonly Fault[]
  readonly secret: string
  readonly onEvent: (event: Event) => void
}

export async function campaign(order: CampaignOrder): Promise<void> {
  let firstNumber = 1
  await playRounds(order, {
    start: () => startCampaignPair(order),
    play(pair, round) {
      firstNumber += 3 * NUMBERS_PER_CLIENT
      return playRound({ ...order, pair, round, firstNumber })
    },
  })
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
