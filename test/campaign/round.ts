/**
 * One round on a pair: writers and sampler on, faults, mending, the wait for the service, the way home, the evidence.
 * Invariant: it always ends, leaves every fault mended and nothing of its own running, and tells what happened as a
 * value; it throws only when the pair was not whole at its beginning.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../src/core/errors.ts'
import type { ApmodePair } from '../pair/apmode-pair.ts'
import { type Interval, type Sampler, startSampler } from '../pair/lab/sampler.ts'
import { waitFor } from '../pair/lab/wait.ts'
import { newestDecision, storyOf } from './evidence.ts'
import type { Fault } from './fault.ts'
import { gather } from './gather.ts'
import { goHome, look, type Typed } from './home.ts'
import { type Broken, judge } from './oracles.ts'
import { isSingle, type Round } from './schedule.ts'
import { mendAll, scenesOf, strikeAndMend } from './strikes.ts'
import { startWriters, type Writers } from './writers.ts'

/** Something that was done, with its moment after the first strike. */
export interface Event {
  readonly ms: number
  readonly what: string
}

export interface RoundResult {
  readonly round: Round
  readonly begun: string
  readonly tookMs: number
  readonly events: readonly Event[]
  /** Faults that were really done; one on a machine that was off, say, was not. */
  readonly struck: readonly string[]
  readonly acknowledged: number
  readonly lost: number | null
  readonly bothWritableMs: number
  readonly bothHoldersMs: number
  /** The longest time without an acknowledged write through the VIP until the pair was whole. */
  readonly outageMs: number | null
  /** Null: nobody was needed. Else what was typed before the service answered. */
  readonly person: string | null
  readonly broken: readonly Broken[]
  /** Both machines' own words; empty when no oracle is broken. */
  readonly stories: readonly string[]
  /** The pair is as it was before, and the next round can have it. */
  readonly whole: boolean
}

export interface RoundOrder {
  readonly pair: ApmodePair
  readonly round: Round
  readonly faults: readonly Fault[]
  readonly secret: string
  readonly firstNumber: number
  readonly onEvent: (event: Event) => void
}

const SERVICE_PATIENCE_MS = 45_000
const HOME_PATIENCE_MS = 150_000
/** Without keepalived on either machine for so long, nobody will serve before somebody types something. */
const ABANDONED_MS = 8_000

export async function playRound(order: RoundOrder): Promise<RoundResult> {
  const writers = startWriters(order.pair, order.firstNumber)
  const sampler = startSampler(order.pair)
  try {
    await waitFor(() => writers.vip.acknowledged.length > 20, { patienceMs: 20_000, reason: 'acknowledged writes' })
    return await play(order, writers, sampler)
  } finally {
    await Promise.allSettled([writers.stop(), sampler.stop()])
  }
}

async function play(order: RoundOrder, writers: Writers, sampler: Sampler): Promise<RoundResult> {
  const { pair, round } = order
  const scenes = await scenesOf(pair, round, order.faults)
  const decisions = new Map(
    await Promise.all(pair.nodes.map(async (node) => [node.name, await newestDecision(node)] as const)),
  )
  const struckAt = Date.now()
  const events: Event[] = []
  const struck: string[] = []
  const tell = (what: string) => {
    const event = { ms: Date.now() - struckAt, what }
    events.push(event)
    order.onEvent(event)
  }
  await Promise.all(scenes.map((scene) => strikeAndMend(scene, tell, struck)))
  await mendAll(pair, scenes, tell)
  const mendedAt = Date.now()
  const cameBack = await serviceCameBack(pair, writers, mendedAt)
  tell(cameBack ? 'the service answers' : 'the service does not come back by itself')
  const typedBefore: Typed[] = []
  const { missing } = await goHome(pair, {
    patienceMs: HOME_PATIENCE_MS,
    onTyped(typed) {
      if (!cameBack && writers.vip.firstBegunAfter(mendedAt) === undefined) typedBefore.push(typed)
      const said = typed.exit === 0 ? '' : `: ${typed.said}`
      tell(`${typed.machine} # apmode ${typed.command} → exit ${typed.exit}${said}`)
    },
  })
  tell(missing === null ? 'the pair is whole' : `not whole: ${missing}`)
  if (missing === null) await writesFlow(writers).catch((thrown) => tell(messageOf(thrown)))
  await writers.stop()
  const { bothWritable, bothHolders } = await sampler.stop()
  const evidence = await gather(pair, {
    writers,
    struckAt,
    decisions,
    secret: order.secret,
    bothWritable,
    missing,
    cameBack,
    mustComeBack: isSingle(round) && scenes.every(({ fault }) => fault.personsDecision !== true),
    historyMayHaveGaps: scenes.some(({ fault }) => fault.losesHistory === true),
  })
  const broken = judge(evidence)
  const typed = typedBefore.map(({ machine, command }) => `${machine}: ${command}`).join(', ')
  return {
    round,
    begun: new Date(struckAt).toISOString(),
    tookMs: Date.now() - struckAt,
    events,
    struck,
    acknowledged: writers.acknowledged(),
    lost: evidence.lost === null ? null : evidence.lost.length,
    bothWritableMs: lengthOf(bothWritable),
    bothHoldersMs: lengthOf(bothHolders),
    outageMs: missing === null ? (writers.longestGap(struckAt)?.ms ?? null) : null,
    person: cameBack ? null : typed || 'nothing helped',
    broken,
    stories: broken.length === 0 ? [] : await Promise.all(pair.nodes.map((machine) => storyOf(machine, struckAt))),
    whole: missing === null && broken.every(({ oracle }) => oracle !== 'same-data' && oracle !== 'nothing-lost'),
  }
}

const lengthOf = (spans: readonly Interval[]) => Math.round(spans.reduce((sum, { from, to }) => sum + to - from, 0))

async function serviceCameBack(pair: ApmodePair, writers: Writers, mendedAt: number): Promise<boolean> {
  let runningAt = Date.now()
  for (;;) {
    if (writers.vip.firstBegunAfter(mendedAt) !== undefined) return true
    const seen = await Promise.all(pair.nodes.map(look))
    const router = seen.map((status) => status?.units.find(({ kind }) => kind === 'router')?.active)
    if (!router.every((active) => active === 'inactive' || active === 'failed')) runningAt = Date.now()
    if (Date.now() - runningAt > ABANDONED_MS || Date.now() - mendedAt > SERVICE_PATIENCE_MS) return false
    await pause(200)
  }
}

async function writesFlow(writers: Writers): Promise<void> {
  const moment = Date.now()
  await waitFor(() => writers.vip.firstBegunAfter(moment), { patienceMs: 10_000, reason: 'a write by the whole pair' })
}
