/**
 * `npm run bench:failover -- --topology …`: each fault in turn, round by round, so that whatever else the computer does falls
 * on all of them. Invariant: what was measured is saved after each run.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { DOCUMENT, marksOf, withMeasured } from '../failover/document.ts'
import { duration } from '../failover/words.ts'
import { TOPOLOGIES } from './all.ts'
import { emptyResult, newestResult, saveResult, type TopologyResult } from './result.ts'
import { runOnce } from './run.ts'
import { markdownTable, rowsOf, textTable } from './table.ts'
import type { Topology } from './topology.ts'

export const MARKS = marksOf('npm run bench:failover -- --topology … --write-docs', 'topologies')

type Say = (line: string) => void

/** Runs them, prints the table, and gives where it was saved. Throws when the machines do not become whole again. */
export async function benchTopology(
  topology: Topology,
  faults: readonly string[],
  runs: number,
  say: Say,
): Promise<string> {
  let result = await emptyResult(topology.key, say)
  const chosen = topology.faults.filter(({ key }) => faults.length === 0 || faults.includes(key))
  const field = await topology.start(say)
  let path = ''
  try {
    for (let round = 1; round <= runs; round += 1) {
      for (const fault of chosen) {
        const run = await runOnce(field, fault)
        const vip = run.vipMs === null ? '' : `, VIP at ${duration(run.vipMs)}`
        const start = run.startMs === null ? '' : `, start ${duration(run.startMs)}`
        say(`${fault.title}, ${round} of ${runs}: ${duration(run.outageMs)}${vip}${start}`)
        result = { ...result, runs: [...result.runs, run], ended: new Date().toISOString() }
        path = saveResult(result)
      }
    }
  } finally {
    await field.stop()
  }
  process.stdout.write(`${textTable(rowsOf(topology, result))}\n`)
  return path
}

/** The newest result of each. */
export function reportTopologies(chosen: readonly Topology[]): void {
  process.stdout.write(`${textTable(rowsOfAll(chosen).rows)}\n`)
}

/** All of them: what the table had of one that was measured elsewhere would be lost. */
export function writeTopologies(): void {
  const missing = TOPOLOGIES.filter(({ key }) => newestResult(key) === null).map(({ key }) => key)
  if (missing.length > 0)
    throw new Error(
      `cannot write the table: found no saved result of ${missing.join(', ')}, expected one of each topology`,
    )
  writeFileSync(DOCUMENT, withMeasured(readFileSync(DOCUMENT, 'utf8'), measured(), MARKS))
}

function rowsOfAll(chosen: readonly Topology[]): { rows: string[][]; results: TopologyResult[] } {
  const found = chosen.flatMap((topology) => {
    const result = newestResult(topology.key)
    return result === null ? [] : [{ result, rows: rowsOf(topology, result) }]
  })
  if (found.length === 0) throw new Error('cannot find a saved result: there is none yet')
  return { rows: found.flatMap(({ rows }) => rows), results: found.map(({ result }) => result) }
}

function measured(): string {
  const { rows, results } = rowsOfAll(TOPOLOGIES)
  const sentences = results.map(({ topology, ended, machine, software }) => {
    const versions = Object.entries(software).map(([name, version]) => `${name} ${version}`)
    return `${topology}: ${ended.slice(0, 10)}, all machines together on ${machine.cores} × ${machine.cpu}, ${versions.join(', ')}.`
  })
  return [markdownTable(rows), '', ...sentences.map((sentence) => `- ${sentence}`)].join('\n')
}
