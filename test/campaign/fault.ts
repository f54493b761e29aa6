/**
 * What a fault of the campaign is: data, with a plain name, where it makes sense, and how it is done and undone.
 * Invariant: `mend` may be called at any time, more than once, and on a machine that was struck by something else too;
 * after it nothing of the fault is left but what the pair itself made of it.
 */
import type { Machine } from '../pair/apmode-pair.ts'
import type { Pair } from '../pair/lab/pair.ts'
import type { Random } from './random.ts'

/** Of the machines as they are when a round begins; of three, `both` are the holder and one that stands by. */
export type Place = 'holder' | 'standby' | 'both'
export const PLACES: readonly Place[] = ['holder', 'standby', 'both']

/** The order of mending: a machine must run before a file on it can be mended. */
export type Layer = 'machine' | 'network' | 'guest'
export const LAYERS: readonly Layer[] = ['machine', 'network', 'guest']

export interface Scene {
  readonly machine: Machine
  readonly peer: Machine
  readonly pair: Pick<Pair, 'names'>
  /** Of this strike alone. */
  readonly random: Random
}

export interface Fault {
  readonly key: string
  readonly title: string
  readonly subject: string
  readonly layer: Layer
  readonly places: readonly Place[]
  /** Milliseconds until it is mended: at least, at most. */
  readonly lastsMs: readonly [number, number]
  /** Done by a person on purpose, or such that a person must decide: that nobody serves is then no fault of the pair. */
  readonly personsDecision?: true
  /** The history cannot be written while it lasts: missing lines are excused. */
  readonly losesHistory?: true
  strike(scene: Scene): Promise<void>
  mend(scene: Scene): Promise<void>
}

/** A shell script on the machine's console; its exit code counts unless it says otherwise. */
export const shell =
  (script: string, timeoutMs = 20_000) =>
  async ({ machine }: Scene): Promise<void> => {
    await machine.shell(script, { timeoutMs })
  }

export const nothing = async (): Promise<void> => {}
