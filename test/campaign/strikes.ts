/**
 * Doing a round's faults, each at its time, and undoing them.
 * Invariant: when `mendAll` has ended nothing of a fault is left, also of one that could not be mended at its time because
 * the machine was off by another; what cannot be done or undone is told, never thrown.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../src/core/errors.ts'
import type { ApmodePair, Machine } from '../pair/apmode-pair.ts'
import { type Fault, LAYERS, type Scene } from './fault.ts'
import { ensureOn } from './power.ts'
import { randomOf } from './random.ts'
import type { Round, Strike } from './schedule.ts'

/** A fault on one machine; one on both is two of these. */
export interface Placed extends Scene {
  readonly strike: Strike
  readonly fault: Fault
}

export async function scenesOf(pair: ApmodePair, round: Round, faults: readonly Fault[]): Promise<Placed[]> {
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

/** `struck` gets the key when it was really done. */
export async function strikeAndMend(scene: Placed, tell: (what: string) => void, struck: string[]): Promise<void> {
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

export async function mendAll(
  { nodes }: { readonly nodes: readonly Machine[] },
  scenes: readonly Placed[],
  tell: (what: string) => void,
): Promise<void> {
  const attempt = async (what: string, act: () => Promise<unknown>) => {
    await act().catch((thrown: unknown) => tell(`cannot mend: ${what}: ${firstLine(thrown)}`))
  }
  await Promise.all(nodes.map((machine) => attempt(`${machine.name} off`, () => ensureOn(machine))))
  for (const layer of LAYERS) {
    for (const scene of scenes.filter(({ fault }) => fault.layer === layer)) {
      await attempt(`${scene.machine.name}: ${scene.fault.title}`, () => scene.fault.mend(scene))
    }
  }
  tell('everything is mended')
}

export function firstLine(thrown: unknown): string {
  return (messageOf(thrown).split('\n')[0] ?? '').slice(0, 300)
}
