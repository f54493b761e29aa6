/**
 * One fault of one topology: from machines that are whole to what the client saw. Invariant: nobody is asked anything while
 * it is measured but the kernel's tables; the next run begins with whole machines, or the bench ends.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../src/core/errors.ts'
import type { Machine } from '../../test/pair/apmode-pair.ts'
import { waitFor } from '../../test/pair/lab/wait.ts'
import { movedTo } from './places.ts'
import type { Field, Meter, TopologyFault } from './topology.ts'

export interface TopologyRun {
  /** Key of the fault. */
  readonly fault: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** The longest time between two answers from the fault on, until they have come for a second. */
  readonly outageMs: number
  /** From the order to strike until another machine had the VIP; null: it stays where it is. */
  readonly vipMs: number | null
  /** What systemd says that the units took to start on the new holder, one after the other; null: none had to. */
  readonly startMs: number | null
}

/**
 * keepalived claims nothing in the first second after its start (`vrrp_startup_delay`), and hears three adverts before it does:
 * a machine that has just come back is not the one that the bench means.
 */
const REST_MS = 1500
const WATCH_MS = 1000
const FLOWING_MS = 250
const PATIENCE_MS = 30_000

export async function runOnce(field: Field, fault: TopologyFault): Promise<TopologyRun> {
  const { machines, meter } = field
  await answering(meter, Date.now())
  // Not at the same phase of the adverts each time.
  await pause(REST_MS + Math.random() * 100)
  const struck = [...((await fault.before?.(field, await movedTo(machines, []))) ?? [])]
  if (struck.length > 0) await pause(REST_MS)
  const holder = await movedTo(machines, struck)
  const victim = fault.victim === 'other' ? (machines.find((one) => one !== holder) ?? holder) : holder
  const at = Date.now()
  const striking = Promise.resolve(fault.strike(victim)).then(() => null, messageOf)
  struck.push(victim)
  const heir = fault.moves ? await movedTo(machines, struck) : holder
  const vipMs = fault.moves ? Date.now() - at : null
  await answering(meter, at)
  const problem = await striking
  if (problem !== null) throw new Error(`cannot strike with ${fault.key}: ${problem}`)
  const outageMs = longestGap(meter.answers(), at)
  const startMs = field.starts.length === 0 ? null : await startTimeOf(heir, field.starts)
  for (const machine of struck) await fault.mend(machine)
  await field.makeWhole(struck)
  return { fault: fault.key, at: new Date(at).toISOString(), outageMs, vipMs, startMs }
}

/** Waits until answers have come for a second without a pause, all of them after a moment. */
async function answering(meter: Meter, since: number): Promise<void> {
  let begun: number | null = null
  const steady = () => {
    const now = Date.now()
    const last = meter.answers().at(-1) ?? 0
    if (last < since + 100 || now - last > FLOWING_MS) begun = null
    else begun ??= now
    return begun !== null && now - begun >= WATCH_MS
  }
  await waitFor(steady, { patienceMs: PATIENCE_MS, reason: 'answers that go on' }).catch((cause: unknown) => {
    throw new Error(`${messageOf(cause)}; refused: ${meter.refusals()}`, { cause })
  })
}

/** Of those that end after a moment; milliseconds. */
export function longestGap(answers: readonly number[], after: number): number {
  const gaps = answers.map((at, index) => (at < after ? 0 : at - (answers[index - 1] ?? at)))
  return Math.round(gaps.reduce((longest, gap) => Math.max(longest, gap), 0))
}

async function startTimeOf(machine: Machine, units: readonly string[]): Promise<number> {
  const properties = ['-p', 'InactiveExitTimestampMonotonic', '-p', 'ActiveEnterTimestampMonotonic']
  const text = await machine.must(['systemctl', 'show', ...properties, ...units])
  const [left, entered] = ['InactiveExit', 'ActiveEnter'].map((name) =>
    [...text.matchAll(new RegExp(`^${name}TimestampMonotonic=(\\d+)$`, 'gm'))].reduce(
      (sum, [, us]) => sum + Number(us),
      0,
    ),
  )
  return Math.round(((entered ?? 0) - (left ?? 0)) / 1000)
}
