/**
 * What must be true after each round, whatever was done to the pair: one function for each, from the evidence to the
 * sentences that say how it is broken. Pure. Invariant: an oracle knows nothing of faults but what the evidence excuses.
 */
import type { HistoryEntry } from '../../src/ports/storage.ts'
import type { Interval } from '../pair/lab/sampler.ts'
import type { Account } from './evidence.ts'

export interface Evidence {
  readonly accounts: readonly Account[]
  /** Acknowledged and not on the lead, as `VIP 17`; null: it could not be asked. */
  readonly lost: readonly string[] | null
  readonly bothWritable: readonly Interval[]
  /** What of the data must be the same on both, by machine. */
  readonly data: Readonly<Record<string, string>>
  readonly histories: Readonly<Record<string, readonly HistoryEntry[]>>
  readonly secrets: readonly string[]
  /** What was missing when the patience for the way home ended; null: the pair is whole. */
  readonly missing: string | null
  /** The service answered again before anybody typed anything. */
  readonly cameBack: boolean
  /** One fault on one machine, and no person's doing. */
  readonly mustComeBack: boolean
  readonly historyMayHaveGaps: boolean
}

export interface Broken {
  readonly oracle: OracleKey
  readonly sentence: string
}

export interface Oracle {
  readonly key: string
  readonly title: string
  judge(evidence: Evidence): readonly string[]
}

const listed = (items: readonly string[], most = 8) =>
  `${items.slice(0, most).join(', ')}${items.length > most ? ` and ${items.length - most} more` : ''}`

export const ORACLES = [
  {
    key: 'nothing-lost',
    title: 'every acknowledged row is on the lead',
    judge: ({ lost }) =>
      lost === null
        ? ['the lead could not be asked for the acknowledged rows']
        : lost.length === 0
          ? []
          : [`${lost.length} acknowledged rows are not on the lead: ${listed(lost)}`],
  },
  {
    key: 'one-writer',
    title: 'never are both databases writable',
    judge: ({ bothWritable }) =>
      bothWritable.map(
        ({ from, to }) => `both writable for ${Math.round(to - from)} ms from ${new Date(from).toISOString()} on`,
      ),
  },
  {
    key: 'one-vip',
    title: 'exactly one machine carries the VIP in the end',
    judge({ accounts }) {
      const holders = accounts.filter(({ truth }) => truth.holder).map(({ name }) => name)
      return holders.length === 1
        ? []
        : [`the VIP is on ${holders.length === 0 ? 'no machine' : holders.join(' and ')}`]
    },
  },
  {
    key: 'comes-back',
    title: 'after a single fault the service comes back without a person',
    judge: ({ mustComeBack, cameBack }) =>
      mustComeBack && !cameBack ? ['the service did not come back by itself after a single fault'] : [],
  },
  {
    key: 'way-home',
    title: 'what a person would type leads back to (ap,ap)',
    judge: ({ missing }) => (missing === null ? [] : [`the pair is not whole: ${missing}`]),
  },
  {
    key: 'same-data',
    title: 'the data is the same on both after the way back',
    judge({ data, missing }) {
      if (missing !== null) return [] // said by way-home
      const said = Object.entries(data)
      return new Set(said.map(([, text]) => text)).size === 1
        ? []
        : [`the data differs: ${said.map(([name, text]) => `${name}: ${text}`).join(' · ')}`]
    },
  },
  {
    key: 'history',
    title: 'one line of history for each decision, and for each change of mode',
    judge: ({ histories, historyMayHaveGaps, accounts }) =>
      Object.entries(histories).flatMap(([name, entries]) => [
        ...repeated(entries).map((sentence) => `${name}: two identical lines in a row: ${sentence}`),
        ...(historyMayHaveGaps ? [] : gaps(entries, accounts.find((account) => account.name === name)?.truth.mode)).map(
          (sentence) => `${name}: ${sentence}`,
        ),
      ]),
  },
  {
    key: 'status-true',
    title: 'status tells the truth',
    judge: ({ accounts }) => accounts.flatMap(falsehoods),
  },
  { key: 'no-secret', title: 'the replication password stands nowhere', judge: ({ secrets }) => secrets },
] as const satisfies readonly Oracle[]

export type OracleKey = (typeof ORACLES)[number]['key']

export function judge(evidence: Evidence): Broken[] {
  return ORACLES.flatMap(({ key, judge }) => judge(evidence).map((sentence) => ({ oracle: key, sentence })))
}

/** Sentences of entries that say the same as the one before. */
export function repeated(entries: readonly HistoryEntry[]): string[] {
  const decisionOf = ({ event, source, from, to, sentence, steps, result }: HistoryEntry) =>
    JSON.stringify([event, source, from, to, sentence, result, steps.map((step) => [step.step, step.ok, step.detail])])
  // What a person typed twice was done twice.
  return entries
    .filter(({ source }, index) => index > 0 && source !== 'operator')
    .filter((entry) => decisionOf(entry) === decisionOf(entries[entries.indexOf(entry) - 1] as HistoryEntry))
    .map(({ at, sentence }) => `${at} ${sentence}`)
}

/** Changes of the mode that no line tells. */
export function gaps(entries: readonly HistoryEntry[], modeInTheEnd: string | undefined): string[] {
  const found = entries.slice(1).flatMap((entry, index) => {
    const before = entries[index]
    if (before === undefined || before.to.mode === entry.from.mode) return []
    return [`no line tells how the mode went from ${before.to.mode} to ${entry.from.mode} before ${entry.at}`]
  })
  const last = entries.at(-1)
  if (last !== undefined && modeInTheEnd !== undefined && last.to.mode !== modeInTheEnd) {
    found.push(`the last line ends in ${last.to.mode}, the mode file says ${modeInTheEnd}`)
  }
  return found
}

/** What `status` says and the machine contradicts. */
export function falsehoods({ name, status, truth }: Account): string[] {
  if (status === null) return [`${name}: status gave no answer`]
  const found: string[] = []
  const compare = (what: string, said: unknown, is: unknown) => {
    if (said !== is) found.push(`${name}: status says ${what} ${said}, it is ${is}`)
  }
  compare('mode', status.being === null ? status.mode : `being ${status.being}`, truth.mode)
  compare('holder', status.holder, truth.holder)
  if (status.engine !== 'none') compare('writable', status.writable, truth.writable)
  for (const unit of status.units) {
    const is = truth.units.find((candidate) => candidate.name === unit.name)
    compare(`${unit.name} is`, unit.active, is?.active)
    compare(`${unit.name}'s file is`, unit.file, is?.file)
  }
  return found
}
