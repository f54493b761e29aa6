/**
 * One round on a pair: writers and sampler on, faults, mending, the wait for the service, the way home, the evidence.
 * Invariant: it always ends, leaves every fault mended and nothing of its own running, and tells what happened as a
 * value; it throws only when the pair was not whole at its beginning.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../src/core/errors.ts'
import type { ApmodePair, Machine } from '../pair/apmode-pair.ts'
import { startSampler } from '../pair/lab/sampler.ts'
import { waitFor } from '../pair/lab/wait.ts'
import { accountOf, dataOf, historySince, secretsOf, storyOf } from './evidence.ts'
import { type Fault, LAYERS } from './fault.ts'
import { goHome, look, type Typed } from './home.ts'
import { type Broken, type Evidence, falsehoods, judge } from './oracles.ts'
import { ensureOn } from './power.ts'
import { randomOf } from './random.ts'
import { isSingle, type Round, type Strike } from './schedule.ts'
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
const AGREEMENT_PATIENCE_MS = 10_000

export async function playRound(order: RoundOrder): Promise<RoundResult> {
  const { pair, round } = order
  const begunAt = Date.now()
  const writers = startWriters(pair, order.firstNumber)
  const sampler = startSampler(pair)
  const ending = async () => {
    await Promise.allSettled([writers.stop()])
    return sampler.stop()
  }
  try {
    await waitFor(() => writers.vip.acknowledged.length > 20, { patienceMs: 20_000, reason: 'acknowledged writes' })
  } catch (thrown) {
    await ending()
    throw thrown
  }
  const scenes = await scenesOf(order)
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
  const home = await goHome(pair, {
    patienceMs: HOME_PATIENCE_MS,
    onTyped(typed) {
      if (!cameBack && writers.vip.firstBegunAfter(mendedAt) === undefined) typedBefore.push(typed)
      tell(
        `${typed.machine} # apmode ${typed.command} → exit ${typed.exit}${typed.exit === 0 ? '' : `: ${typed.said}`}`,
      )
    },
  })
  tell(home.missing === null ? 'the pair is whole' : `not whole: ${home.missing}`)
  if (home.missing === null) await writesFlow(writers).catch((thrown) => tell(messageOf(thrown)))
  const { bothWritable, bothHolders } = await ending()
  const evidence = await gather(order, {
    writers,
    struckAt,
    bothWritable,
    missing: home.missing,
    cameBack,
    mustComeBack: isSingle(round) && scenes.every(({ fault }) => fault.personsDecision !== true),
    historyMayHaveGaps: scenes.some(({ fault }) => fault.losesHistory === true),
  })
  const broken = judge(evidence)
  const length = (spans: readonly { from: number; to: number }[]) =>
    Math.round(spans.reduce((sum, { from, to }) => sum + to - from, 0))
  return {
    round,
    begun: new Date(begunAt).toISOString(),
    tookMs: Date.now() - begunAt,
    events,
    struck,
    acknowledged: writers.acknowledged(),
    lost: evidence.lost === null ? null : evidence.lost.length,
    bothWritableMs: length(bothWritable),
    bothHoldersMs: length(bothHolders),
    outageMs: home.missing === null ? (writers.longestGap(struckAt)?.ms ?? null) : null,
    person: cameBack
      ? null
      : typedBefore.map((typed) => `${typed.machine}: ${typed.command}`).join(', ') || 'nothing helped',
    broken,
    stories: broken.length === 0 ? [] : await Promise.all(pair.nodes.map((machine) => storyOf(machine, begunAt))),
    whole: home.missing === null && broken.every(({ oracle }) => oracle !== 'same-data' && oracle !== 'nothing-lost'),
  }
}

interface Placed {
  readonly strike: Strike
  readonly fault: Fault
  readonly machine: Machine
  readonly peer: Machine
  readonly pair: ApmodePair
  readonly random: ReturnType<typeof randomOf>
}

async function scenesOf({ pair, round, faults }: RoundOrder): Promise<Placed[]> {
  const onFirst = await pair.host1.holdsVip()
  const [holder, standby] = onFirst ? [pair.host1, pair.host2] : [pair.host2, pair.host1]
  return round.strikes.flatMap((strike, index) => {
    const fault = faults.find(({ key }) => key === strike.fault)
    if (fault === undefined) throw new Error(`cannot strike: there is no fault ${strike.fault}`)
    const machines = strike.place === 'both' ? [holder, standby] : strike.place === 'holder' ? [holder] : [standby]
    return machines.map((machine) => {
      const peer = machine === holder ? standby : holder
      const random = randomOf(round.seed, 'strike', round.number, index, machine === holder ? 'holder' : 'standby')
      return { strike, fault, machine, peer, pair, random }
    })
  })
}

async function strikeAndMend(scene: Placed, tell: (what: string) => void, struck: string[]): Promise<void> {
  const { strike, fault, machine } = scene
  await pause(strike.atMs)
  tell(`${machine.name} (${strike.place}): ${fault.title}`)
  try {
    await fault.strike(scene)
    struck.push(fault.key)
  } catch (thrown) {
    tell(`${machine.name}: not struck with ${fault.title}: ${firstLine(thrown)}`)
  }
  await pause(strike.lastsMs)
  // What cannot be mended now (the machine is off by another fault) is mended in the end.
  await fault.mend(scene).catch(() => {})
  tell(`${machine.name}: mended: ${fault.title}`)
}

async function mendAll(pair: ApmodePair, scenes: readonly Placed[], tell: (what: string) => void): Promise<void> {
  const attempt = async (what: string, act: () => Promise<unknown>) => {
    await act().catch((thrown: unknown) => tell(`cannot mend: ${what}: ${firstLine(thrown)}`))
  }
  await Promise.all(pair.nodes.map((machine) => attempt(`${machine.name} off`, () => ensureOn(machine))))
  for (const layer of LAYERS) {
    for (const scene of scenes.filter(({ fault }) => fault.layer === layer)) {
      await attempt(`${scene.machine.name}: ${scene.fault.title}`, () => scene.fault.mend(scene))
    }
  }
  tell('everything is mended')
}

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

interface Known extends Omit<Evidence, 'accounts' | 'lost' | 'data' | 'histories' | 'secrets'> {
  readonly writers: Writers
  readonly struckAt: number
}

async function gather({ pair, secret }: RoundOrder, { writers, struckAt, ...known }: Known): Promise<Evidence> {
  const soon = { patienceMs: AGREEMENT_PATIENCE_MS, everyMs: 300 }
  let data: Record<string, string> = {}
  await waitFor(
    async () => {
      data = Object.fromEntries(await Promise.all(pair.nodes.map(async (node) => [node.name, await dataOf(node)])))
      return new Set(Object.values(data)).size === 1
    },
    { ...soon, reason: 'the same data on both' },
  ).catch(() => {})
  let accounts: Evidence['accounts'] = []
  await waitFor(
    async () => {
      accounts = await Promise.all(pair.nodes.map(accountOf))
      return accounts.every((account) => falsehoods(account).length === 0)
    },
    { ...soon, reason: 'a status that agrees with the machine' },
  ).catch(() => {})
  const lead = pair.nodes.find(({ name }) => accounts.find((account) => account.name === name)?.truth.writable)
  const histories = await Promise.all(
    pair.nodes.map(async (node) => [node.name, await historySince(node, struckAt).catch(() => [])] as const),
  )
  return {
    ...known,
    data,
    accounts,
    lost: lead === undefined ? null : await writers.lostOn(lead).catch(() => null),
    histories: Object.fromEntries(histories),
    secrets: (
      await Promise.all(
        pair.nodes.map((node) => secretsOf(node, secret, struckAt).catch((thrown) => [firstLine(thrown)])),
      )
    ).flat(),
  }
}

function firstLine(thrown: unknown): string {
  return (messageOf(thrown).split('\n')[0] ?? '').slice(0, 300)
}
