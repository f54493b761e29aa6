/** What the measurements give: rows of one table, each with its aim, and beside them what explains the rows. Types only. */
import type { ApmodePair } from '../../test/pair/apmode-pair.ts'

export interface ResultRow {
  readonly what: string
  readonly value: string
  /** null: no aim, for orientation. */
  readonly aim: string | null
  readonly met: boolean | null
}

/** A table that explains a row: a heading, column heads, cells. */
export interface Explanation {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface Measured {
  readonly rows: readonly ResultRow[]
  readonly explanations: readonly Explanation[]
  /** Everything that was measured, for the JSON file. */
  readonly raw: unknown
}

export interface Bench {
  readonly pair: ApmodePair
  readonly runs: number
  /** For what is watched rather than repeated. */
  readonly minutes: number
  /** Says what is being done, and how far it is. */
  say(sentence: string): void
}

export type Measurement = (bench: Bench) => Promise<Measured>
