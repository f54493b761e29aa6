/**
 * What the bench saves: every single run, and on what machine. Tables and pictures are made from this alone.
 * Invariant: a saved result is never changed but by appending runs; it is written whole or not at all.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Conditions } from './conditions.ts'
import type { DesignKey } from './design.ts'

export interface Run {
  readonly design: DesignKey
  /** Key of the fault. */
  readonly fault: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** The longest time between two acknowledged writes from the fault on; null: the service did not come back. */
  readonly outageMs: number | null
  /** The other machine serves in the end. */
  readonly moved: boolean
  /** From the fault until the other machine had the VIP, and until its database was writable; null: it never was. */
  readonly vipMs: number | null
  readonly writableMs: number | null
  readonly acknowledged: number
  /** Acknowledged and not there in the end, on the machine that serves (or else carries the VIP); null: unknown. */
  readonly lost: number | null
  /** Both databases writable at once, from the fault to the end of the run. */
  readonly bothWritableMs: number
  /** They still were when the run ended. */
  readonly bothWritableAtEnd: boolean
  /** Both machines carried the VIP. */
  readonly bothHoldersMs: number
  /** The longest time between two acknowledged writes before the fault: what this machine does without any. */
  readonly quietMs: number
  /** What the new holder says of its promotion: milliseconds by step; null or not there: it says nothing. */
  readonly promotion?: Readonly<Record<string, number>> | null
  /** From the fault until the run was over, without the repair. */
  readonly watchedMs: number
}

/** A pair that did not become whole again, and was replaced. */
export interface ThrownAway {
  readonly design: DesignKey
  readonly fault: string
  readonly at: string
  readonly reason: string
}

export interface Result extends Conditions {
  readonly format: 1
  readonly begun: string
  readonly ended: string
  readonly patienceMs: number
  readonly runs: readonly Run[]
  readonly thrownAway: readonly ThrownAway[]
}

export const RESULTS = fileURLToPath(new URL('../results', import.meta.url))

/** The newest saved result; null when there is none. */
export function newestResult(folder = RESULTS): string | null {
  return newestOf(/^failover-.*\.json$/, folder)
}

/** The newest file whose name is of this kind; their names begin alike and go on with the moment. */
export function newestOf(kind: RegExp, folder: string): string | null {
  let names: string[] = []
  try {
    names = readdirSync(folder)
  } catch {
    return null
  }
  const newest = names
    .filter((name) => kind.test(name))
    .sort()
    .at(-1)
  return newest === undefined ? null : join(folder, newest)
}

export function pathForResult(begun: string, folder = RESULTS): string {
  return join(folder, `failover-${begun.replaceAll(':', '-').replace(/\.\d+/, '')}.json`)
}

export function readResult(path: string): Result {
  const result = JSON.parse(readFileSync(path, 'utf8')) as Result
  if (result.format !== 1) throw new Error(`cannot read ${path}: format ${result.format}, this program knows 1`)
  return result
}

export function saveResult(path: string, result: Result): void {
  saveJson(path, result)
}

/** Whole or not at all. */
export function saveJson(path: string, result: unknown): void {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(`${path}.new`, `${JSON.stringify(result, null, 1)}\n`)
  renameSync(`${path}.new`, path)
}
