/** What is saved of a topology: every single run, and on what machine. Written whole after each run. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Conditions, conditionsHere } from '../failover/conditions.ts'
import { newestOf, RESULTS, saveJson } from '../failover/result.ts'
import type { TopologyRun } from './run.ts'

export interface TopologyResult extends Conditions {
  readonly format: 1
  readonly topology: string
  readonly begun: string
  readonly ended: string
  readonly runs: readonly TopologyRun[]
}

export async function emptyResult(topology: string, say: (line: string) => void): Promise<TopologyResult> {
  const begun = new Date().toISOString()
  const conditions = await conditionsHere(['keepalived', 'systemd'], say)
  return { format: 1, topology, begun, ended: begun, ...conditions, runs: [] }
}

export function saveResult(result: TopologyResult, folder = RESULTS): string {
  const moment = result.begun.replaceAll(':', '-').replace(/\.\d+/, '')
  const path = join(folder, `topology-${result.topology}-${moment}.json`)
  saveJson(path, result)
  return path
}

/** null: there is none. */
export function newestResult(topology: string, folder = RESULTS): TopologyResult | null {
  const newest = newestOf(new RegExp(`^topology-${topology}-\\d.*\\.json$`), folder)
  if (newest === null) return null
  const result = JSON.parse(readFileSync(newest, 'utf8')) as TopologyResult
  if (result.format !== 1) throw new Error(`cannot read ${newest}: format ${result.format}, this program knows 1`)
  return result
}
