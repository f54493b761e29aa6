/** The campaign in numbers, and as a table of text. Pure. */
import type { Fault } from './fault.ts'
import { ORACLES, type OracleKey } from './oracles.ts'
import type { RoundResult } from './round.ts'

export interface Summary {
  readonly rounds: number
  readonly single: number
  readonly minutes: number
  /** How often each was really done. */
  readonly faults: Readonly<Record<string, number>>
  readonly acknowledged: number
  readonly lost: number
  readonly bothWritableMs: number
  readonly bothHoldersMs: number
  readonly outageMedianMs: number | null
  readonly outageMaxMs: number | null
  /** Rounds in which somebody had to type something before the service answered: after one fault, after several. */
  readonly personsAfterOne: number
  readonly personsAfterSeveral: number
  readonly pairsReplaced: number
  readonly broken: Readonly<Partial<Record<OracleKey, number>>>
}

export function summaryOf(results: readonly RoundResult[], pairsReplaced: number): Summary {
  const sum = (of: (result: RoundResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const outages = results
    .flatMap(({ outageMs }) => (outageMs === null ? [] : [Math.round(outageMs)]))
    .sort((a, b) => a - b)
  const isOne = ({ round }: RoundResult) => round.strikes.length === 1 && round.strikes[0]?.place !== 'both'
  const needed = results.filter(({ person }) => person !== null)
  return {
    rounds: results.length,
    single: results.filter(isOne).length,
    minutes: Math.round(sum(({ tookMs }) => tookMs) / 6000) / 10,
    faults: counted(results.flatMap(({ struck }) => struck)),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    lost: sum(({ lost }) => lost ?? 0),
    bothWritableMs: sum(({ bothWritableMs }) => bothWritableMs),
    bothHoldersMs: sum(({ bothHoldersMs }) => bothHoldersMs),
    outageMedianMs: outages[Math.floor((outages.length - 1) / 2)] ?? null,
    outageMaxMs: outages.at(-1) ?? null,
    personsAfterOne: needed.filter(isOne).length,
    personsAfterSeveral: needed.filter((result) => !isOne(result)).length,
    pairsReplaced,
    broken: counted(results.flatMap(({ broken }) => [...new Set(broken.map(({ oracle }) => oracle))])),
  }
}

function counted<K extends string>(keys: readonly K[]): Partial<Record<K, number>> & Record<string, number> {
  const counts: Record<string, number> = {}
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1
  return counts as Partial<Record<K, number>> & Record<string, number>
}

export const duration = (ms: number | null): string =>
  ms === null ? '–' : ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`

/** What the campaign comes to, a line each: name and value. */
export function rowsOf(summary: Summary): [string, string][] {
  return [
    ['rounds', `${summary.rounds} in ${summary.minutes} min, ${summary.single} with a single fault on one machine`],
    [
      'faults struck',
      `${Object.values(summary.faults).reduce((sum, count) => sum + count, 0)} of ${Object.keys(summary.faults).length} kinds`,
    ],
    ['acknowledged writes', String(summary.acknowledged)],
    ['of these lost', String(summary.lost)],
    ['both databases writable', duration(summary.bothWritableMs)],
    ['VIP on both', duration(summary.bothHoldersMs)],
    ['time without a write, median of the rounds', duration(summary.outageMedianMs)],
    ['time without a write, longest', duration(summary.outageMaxMs)],
    ['a person was needed after a single fault', String(summary.personsAfterOne)],
    ['a person was needed after more than one', String(summary.personsAfterSeveral)],
    ['pairs replaced', String(summary.pairsReplaced)],
  ]
}

export function textSummary(summary: Summary, faults: readonly Pick<Fault, 'key' | 'title'>[]): string {
  const lines = rowsOf(summary).map(([name, value]) => `${name.padEnd(44)} ${value}`)
  const struck = faults.flatMap(({ key, title }) => {
    const count = summary.faults[key]
    return count === undefined ? [] : [`${String(count).padStart(5)} × ${title}`]
  })
  const oracles = ORACLES.map(({ key, title }) => {
    const count = summary.broken[key]
    return count === undefined ? `  kept    ${title}` : `  BROKEN  ${title}: in ${count} rounds`
  })
  return [...lines, '', ...struck, '', ...oracles].join('\n')
}
