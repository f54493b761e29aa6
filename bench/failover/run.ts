/**
 * One run: a pair that is whole, a client that writes through the VIP, one fault, and what both showed from outside.
 * Invariant: every design is measured by the same lines; nothing here knows which it is. The run ends when the other
 * machine has served for a second, when nothing at all happened for longer than the design's slowest check, or with the
 * patience; after it the fault is mended, but the pair is as the design left it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../src/core/errors.ts'
import { type Client, startClient } from '../../test/pair/lab/client.ts'
import type { LabNode } from '../../test/pair/lab/node.ts'
import { type Interval, type Sampler, startSampler } from '../../test/pair/lab/sampler.ts'
import { waitFor } from '../../test/pair/lab/wait.ts'
import { type BenchPair, type Design, otherThan } from './design.ts'
import type { Fault } from './faults.ts'
import type { Run } from './result.ts'

export interface RunOrder {
  readonly design: Design
  readonly bench: BenchPair
  readonly fault: Fault
  /** Of the client's first row. */
  readonly firstNumber: number
  /** Between the pair being ready and the strike. */
  readonly delayMs: number
  readonly patienceMs: number
}

/**
 * Through MariaDB's protocol every 2 ms. One attempt has 100 ms, so that the attempts which hang on a dead machine never
 * fill the client (64 at once), which would hide the moment in which the service is back.
 */
const VIA_DATABASE = { writeEveryMs: 2, attemptMs: 100 }
/** The API opens a connection to its database for each request: every 10 ms is what a small machine bears. */
const VIA_API = { via: 'api', writeEveryMs: 10, attemptMs: 250 } as const
/** Service that is back is watched for this long: a second outage would belong to the first. */
const WATCH_MS = 1000
const FLOWING_MS = 250

/** The run and the machine that was struck, mended. */
export async function runOnce(order: RunOrder): Promise<{ readonly run: Run; readonly struck: LabNode }> {
  const { design, bench, fault } = order
  const struck = await bench.holder()
  const other = otherThan(bench.pair, struck)
  const via = fault.seenBy === 'api' ? VIA_API : VIA_DATABASE
  const client = startClient(bench.pair, { ...via, firstNumber: order.firstNumber })
  const sampler = startSampler(bench.pair)
  try {
    const enough = fault.seenBy === 'api' ? 30 : 150
    await writesFlow(client, enough)
    await pause(order.delayMs)
    const at = now()
    await fault.strike(struck)
    const end = await watch({ client, sampler, other, at, design, kind: fault.kind, patienceMs: order.patienceMs })
    const endedAt = now()
    const bothAtEnd = sampler.now('writable').length > 1
    await client.stop()
    const { bothWritable, bothHolders } = await sampler.stop()
    await fault.mend(struck)
    const run: Run = {
      design: design.key,
      fault: fault.key,
      at: new Date(at).toISOString(),
      outageMs: end.served ? (client.longestGap(at)?.ms ?? null) : null,
      moved: end.moved,
      vipMs: after(at, sampler.since('vip', other.name, at)),
      writableMs: after(at, sampler.since('writable', other.name, at)),
      acknowledged: client.acknowledged.length,
      lost: await lostOf(client, end.moved ? other : struck),
      bothWritableMs: lengthFrom(at, bothWritable),
      bothWritableAtEnd: bothAtEnd,
      bothHoldersMs: lengthFrom(at, bothHolders),
      quietMs: quietBefore(client, at),
      watchedMs: endedAt - at,
      promotion: end.moved ? ((await bench.promotionOf?.(other)) ?? null) : null,
    }
    return { run, struck }
  } finally {
    await Promise.allSettled([client.stop(), sampler.stop()])
  }
}

/** Without writes there is nothing to measure; what the client was told instead is the reason. */
async function writesFlow(client: Client, enough: number): Promise<void> {
  try {
    const flow = () => client.acknowledged.length > enough
    await waitFor(flow, { patienceMs: 10_000, reason: `${enough} acknowledged writes before the fault` })
  } catch (cause) {
    const refusals = [...client.refusals()].map(([reason, count]) => `${count} × ${reason}`).join('; ')
    throw new Error(`${messageOf(cause)}; ${client.acknowledged.length} acknowledged; refused: ${refusals}`, { cause })
  }
}

interface Watched {
  readonly client: Client
  readonly sampler: Sampler
  readonly other: LabNode
  readonly at: number
  readonly design: Design
  readonly kind: Fault['kind']
  readonly patienceMs: number
}

async function watch(watched: Watched): Promise<{ readonly served: boolean; readonly moved: boolean }> {
  const { client, sampler, other, at } = watched
  const unmovedMs = Math.max(watched.design.looksEveryMs[watched.kind] + 2000, 5000)
  const otherServes = () => sampler.now('writable').includes(other.name) && sampler.now('vip').includes(other.name)
  const flows = () => {
    const last = client.acknowledged.at(-1)
    return last !== undefined && last.begun > at + 50 && last.at > now() - FLOWING_MS
  }
  let since: number | null = null
  for (;;) {
    const served = flows()
    const moved = otherServes()
    if (!(served && moved)) since = null
    else if (since === null) since = now()
    else if (now() - since >= WATCH_MS) return { served, moved }
    const lasted = now() - at
    if (served && !moved && lasted > unmovedMs) return { served, moved }
    if (lasted > watched.patienceMs) return { served, moved }
    await pause(20)
  }
}

/** Null when the machine's database does not answer. */
async function lostOf(client: Client, machine: LabNode): Promise<number | null> {
  try {
    return (await client.lostOn(machine)).length
  } catch {
    return null
  }
}

function quietBefore(client: Client, at: number): number {
  const moments = client.acknowledged.map((write) => write.at).filter((moment) => moment < at)
  // The first few open the connections.
  const settled = moments.slice(Math.min(50, moments.length / 2))
  return settled.reduce((longest, moment, index) => Math.max(longest, moment - (settled[index - 1] ?? moment)), 0)
}

function after(at: number, moment: number | undefined): number | null {
  return moment === undefined ? null : moment - at
}

function lengthFrom(at: number, intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, at)), 0)
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
