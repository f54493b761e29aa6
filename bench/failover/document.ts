/**
 * The part of docs/failover.md that is measured: the table and its conditions, between two markers. Pure but for
 * `writeDocument`. Invariant: what is outside the markers is a person's and stays as it is.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { drawTimes, PICTURE } from './draw.ts'
import { guardTable } from './guards.ts'
import type { Result } from './result.ts'
import { median } from './statistics.ts'
import { DESIGNS, markdownTable } from './table.ts'
import { duration } from './words.ts'

export const DOCUMENT = fileURLToPath(new URL('../../docs/failover.md', import.meta.url))

/** Between what is measured stands; a part of the document has a name, the first one has none. */
export interface Marks {
  readonly begin: string
  readonly end: string
}

export function marksOf(command: string, part = ''): Marks {
  const words = part === '' ? 'measured' : `measured, ${part}`
  return { begin: `<!-- ${words}: begin (${command}) -->`, end: `<!-- ${words}: end -->` }
}

const MARKS = marksOf('npm run bench:failover -- --write-docs')

/** Both the picture and the table, from one result. */
export function writeDocument(result: Result): void {
  writeFileSync(PICTURE, drawTimes(result))
  writeFileSync(DOCUMENT, withMeasured(readFileSync(DOCUMENT, 'utf8'), measured(result)))
}

/** The text with what is between the markers replaced. Throws when they are not there, once each and in order. */
export function withMeasured(text: string, content: string, { begin, end }: Marks = MARKS): string {
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`cannot write the table: no "${begin}" before "${end}" in the document`)
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`
}

export function measured(result: Result): string {
  const { machine } = result
  const software = Object.entries(result.software).map(([name, version]) => `${name} ${version}`)
  const from = result.begun.slice(0, 10)
  const to = result.ended.slice(0, 10)
  const where = `${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, Linux ${machine.kernel}`
  const guards = guardTable(result.runs)
  return [
    markdownTable(result),
    '',
    ...(guards === null ? [] : [guards, '']),
    `Measured ${from === to ? from : `${from} to ${to}`}: both machines and the client together on ${where}; ${software.join(', ')}.`,
    `${quietSentence(result)} "never": not within ${duration(result.patienceMs)}.`,
    thrownAwaySentence(result),
  ].join('\n')
}

function quietSentence({ runs }: Result): string {
  const quiet = median(runs.map((run) => run.quietMs))
  return `Without any fault the longest time between two acknowledged writes is ${duration(quiet)} (median of the runs).`
}

function thrownAwaySentence({ thrownAway }: Result): string {
  if (thrownAway.length === 0) return 'After every run the pair became whole again.'
  const counts = DESIGNS.map(({ key, title }) => ({
    title,
    count: thrownAway.filter((thrown) => thrown.design === key).length,
  })).filter(({ count }) => count > 0)
  const each = counts.map(({ title, count }) => `${title} ${count}`).join(', ')
  return `Pairs that did not become whole again in their time, and were replaced: ${each}.`
}
