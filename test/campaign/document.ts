/**
 * The parts of docs/reliability.md that are not a person's: the lists of faults, topologies and oracles, and the longest run, each
 * between its markers. Pure but for `writeDocument`. Invariant: what is outside the markers stays as it is.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Fault, PLACES } from './fault.ts'
import { ORACLES } from './oracles.ts'
import { rowsOf, type Summary } from './summary.ts'
import { TOPOLOGIES } from './topologies/all.ts'
import { TOPOLOGY_ORACLES } from './topologies/oracles.ts'
import type { Topology } from './topologies/topology.ts'

export const DOCUMENT = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))

/** What is told of a run. */
export interface LongestRun {
  readonly seed: string
  /** ISO 8601 UTC. */
  readonly begun: string
  readonly version: string
  readonly summary: Summary
}

/** `run` null: what was measured stays. */
export function writeDocument(faults: readonly Fault[], run: LongestRun | null): void {
  const text = readFileSync(DOCUMENT, 'utf8')
  const parts = {
    faults: faultTable(faults),
    oracles: oracleTable(),
    topologies: topologyTable(TOPOLOGIES),
    'topology oracles': topologyOracleTable(),
  }
  const described = Object.entries(parts).reduce((written, [part, table]) => withPart(written, part, table), text)
  writeFileSync(DOCUMENT, run === null ? described : withPart(described, 'longest run', runTable(run, faults)))
}

/** The text with what is between the part's markers replaced. Throws when they are not there, once each and in order. */
export function withPart(text: string, part: string, content: string): string {
  const begin = `<!-- ${part}: begin (npm run campaign -- --write-docs) -->`
  const end = `<!-- ${part}: end -->`
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`cannot write the ${part}: no "${begin}" before "${end}" in the document`)
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`
}

export function faultTable(faults: readonly Fault[]): string {
  const head = ['| | fault | key | on |', '| --- | --- | --- | --- |']
  const rows = faults.map(({ subject, title, key, places }, index) => {
    const first = faults[index - 1]?.subject === subject ? '' : subject
    const where = places.length === PLACES.length ? 'holder, standby, both' : places.join(', ')
    return `| ${first} | ${title} | \`${key}\` | ${where} |`
  })
  return [...head, ...rows].join('\n')
}

export function oracleTable(): string {
  return ['| key | must hold |', '| --- | --- |', ...ORACLES.map(({ key, title }) => `| \`${key}\` | ${title} |`)].join(
    '\n',
  )
}

export function topologyTable(topologies: readonly Topology[]): string {
  const rows = topologies.map(({ key, title, recipe, faults, withinMs }) => {
    const where = faults.some(({ places }) => places.includes('both')) ? 'one of them, or two at once' : 'one of them'
    return `| \`${key}\` | [${title}](recipes/${recipe}/README.md) | ${where} | ${withinMs / 1000} s |`
  })
  const keys = new Set(topologies.flatMap(({ faults }) => faults.map(({ key }) => `\`${key}\``)))
  return [
    '| key | machines | a fault strikes | answered again within |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    `Faults: ${[...keys].join(', ')}.`,
  ].join('\n')
}

export function topologyOracleTable(): string {
  const rows = TOPOLOGY_ORACLES.map(({ key, title }) => `| \`${key}\` | ${title} |`)
  return ['| key | must hold |', '| --- | --- |', ...rows].join('\n')
}

export function runTable({ seed, begun, version, summary }: LongestRun, faults: readonly Fault[]): string {
  const rows = rowsOf(summary).map(([name, value]) => `| ${name} | ${value} |`)
  const broken = ORACLES.flatMap(({ key, title }) => {
    const count = summary.broken[key]
    return count === undefined ? [] : [`| \`${key}\`: ${title} | ${count} |`]
  })
  const struck = faults.map(({ key }) => `${key} ${summary.faults[key] ?? 0}`)
  return [
    `Begun ${begun.slice(0, 16).replace('T', ' ')} UTC with apmode ${version}; again: \`npm run campaign -- --rounds ${summary.rounds} --seed ${seed} --keep-going\``,
    '',
    '| | |',
    '| --- | --- |',
    ...rows,
    '',
    ...(broken.length === 0
      ? ['Every oracle was kept in every round.']
      : ['| oracle broken | rounds |', '| --- | --: |', ...broken]),
    '',
    `Faults struck: ${struck.join(', ')}.`,
  ].join('\n')
}
