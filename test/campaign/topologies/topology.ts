/**
 * What a topology of the campaign is: data. How its machines are made (a recipe of docs/recipes, as it stands), which faults
 * apply, what an answer may take, and when it is whole. What must hold and how a person brings it home is the same for all
 * (oracles.ts, home.ts).
 */
import type { Status } from '../../../src/ports/control.ts'
import type { Machine } from '../../pair/apmode-pair.ts'
import type { Progress } from '../../pair/lab/image.ts'
import type { RunNames } from '../../pair/lab/names.ts'
import type { Interval } from '../../pair/lab/sampler.ts'
import type { Fault } from '../fault.ts'

/** Machines that serve, and a client that asks through the VIP every few milliseconds. */
export interface Standing {
  readonly names: RunNames
  readonly nodes: readonly Machine[]
  /** Epoch milliseconds of the client's answers, oldest first; grows. */
  answers(): readonly number[]
  /** Of a cluster: when two components took writes at once, since the beginning. */
  apart?(): readonly Interval[]
  /** What was acknowledged and is not there any more, a sentence each; where there is data. */
  lost?(): Promise<readonly string[]>
  stop(): Promise<void>
}

export interface Topology {
  readonly key: string
  readonly title: string
  /** The recipe's folder below docs/recipes. */
  readonly recipe: string
  readonly faults: readonly Fault[]
  /** After a single fault nobody waits longer for an answer, on a busy computer. */
  readonly withinMs: number
  /** What this topology asks of whole machines beside what all do; null: nothing is missing. */
  isMissing?(holder: Status): string | null
  start(progress: Progress): Promise<Standing>
}
