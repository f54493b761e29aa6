/**
 * What the bench knows of a topology: machines made as its recipe in docs/recipes says it, the faults that it is struck with,
 * and the aim of each. Types, and the aims, which are the same arithmetic everywhere.
 */
import type { Machine } from '../../test/pair/apmode-pair.ts'

export interface Topology {
  /** For `--topology`, and in the saved result. */
  readonly key: string
  readonly title: string
  /** Folder below docs/recipes. */
  readonly recipe: string
  readonly faults: readonly TopologyFault[]
  /** Whole, and answering. Throws, and leaves nothing behind, when there can be none. */
  start(say: (line: string) => void): Promise<Field>
}

export interface TopologyFault {
  readonly key: string
  readonly title: string
  /** Milliseconds without an answer, median; a service that has to be started may take its own start time on top. */
  readonly aimMs: number
  /** Who is struck: whoever has the VIP, unless it says otherwise. */
  readonly victim?: 'holder' | 'other'
  /** The VIP goes to another machine. */
  readonly moves: boolean
  /** What has happened before, on machines that are whole; those that it struck. The machine that is struck is whoever serves then. */
  readonly before?: (field: Field, holder: Machine) => Promise<readonly Machine[]>
  readonly strike: (machine: Machine) => Promise<unknown>
  /** Takes the cause away; not what the product did about it. */
  readonly mend: (machine: Machine) => Promise<unknown>
}

/** One that asks through the VIP for as long as the field is there. */
export interface Meter {
  /** Moments of answers, epoch milliseconds, in order; grows. */
  answers(): readonly number[]
  /** What it was told instead, for the message of a failure. */
  refusals(): string
}

export interface Field {
  readonly machines: readonly Machine[]
  readonly meter: Meter
  /** Units that a new holder has to start, in order. */
  readonly starts: readonly string[]
  /** After the faults were mended: whole again, by what the recipe's manual says and nothing else; ready to be struck. */
  makeWhole(struck: readonly Machine[]): Promise<void>
  stop(): Promise<void>
}

const ADVERT_MS = 100
/** Nothing is silent: somebody says that the VIP is free. */
export const TOLD_MS = 100
/** A machine says nothing any more: three adverts, the skew of the next one's priority, and half a tenth for the rest. */
export const silentMs = (priority: number) => Math.round(3 * ADVERT_MS + ((256 - priority) / 256) * ADVERT_MS + 50)
/** keepalived leaves the VIP behind when it is killed: the supervisor removes it, the next one hears silence. */
export const LEFT_BEHIND_MS = 400
/** A service that is silent is bad after its `check_within`. */
export const hungMs = (withinS: number) => withinS * 1000 + TOLD_MS
