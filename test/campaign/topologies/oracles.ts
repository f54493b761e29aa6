/**
 * What must be true after each round on machines without a database, whatever their topology: from the evidence to the sentences
 * that say how it is broken. Pure.
 */
import type { HistoryEntry } from '../../../src/ports/storage.ts'
import type { Change, Interval } from '../../pair/lab/sampler.ts'
import type { Account } from '../evidence.ts'
import type { Typed } from '../home.ts'
import { falsehoods, gaps, repeated } from '../oracles.ts'

export interface Evidence {
  readonly accounts: readonly Account[]
  readonly histories: Readonly<Record<string, readonly HistoryEntry[]>>
  /** Of all machines, during the round. */
  readonly vip: readonly Change[]
  readonly bothHolders: readonly Interval[]
  /** When two components of a cluster took writes at once. */
  readonly apart: readonly Interval[]
  /** When two machines may carry the VIP, because one does not see or cannot let go; null: never. */
  readonly excused: Interval | null
  /** Machines that were without a supervisor for a while. */
  readonly untold: readonly string[]
  /** One fault on one machine, and no person's doing. */
  readonly single: boolean
  /** The longest time without an answer; null: none came any more. */
  readonly outageMs: number | null
  readonly withinMs: number
  /** The client was answered again before anybody typed anything. */
  readonly cameBack: boolean
  /** What was acknowledged and is not there any more, a sentence each. */
  readonly lost: readonly string[]
  readonly typed: readonly Typed[]
  readonly missing: string | null
}

export interface Broken {
  readonly oracle: TopologyOracleKey
  readonly sentence: string
}

/**
 * Two that stand by may claim a free VIP in the same moment; the next advert (0.1 s) tells the lower one. Twice that, for a busy
 * machine.
 */
export const HEARD_WITHIN_MS = 200
/** What lasts longer must be told; what is shorter may be over before it is seen. */
const CARRIED_MS = 1000
/** A line is written when the decision is done. */
const TOLD_WITHIN_MS = 5000

export const TOPOLOGY_ORACLES = [
  {
    key: 'answers',
    title: 'after a single fault a client is answered again in time, and without a person',
    judge: ({ single, outageMs, withinMs, cameBack }: Evidence) => {
      if (!single) return []
      if (!cameBack) return ['the service did not come back by itself after a single fault']
      if (outageMs !== null && outageMs <= withinMs) return []
      return [`${outageMs === null ? 'no answer any more' : `${outageMs} ms without an answer`}: ${withinMs} at most`]
    },
  },
  {
    key: 'one-holder',
    title: 'never do two machines that see each other carry the VIP for longer than VRRP needs to tell them apart',
    judge: ({ bothHolders, excused }: Evidence) =>
      bothHolders
        .filter(({ from, to }) => to - from > HEARD_WITHIN_MS)
        .filter(({ from, to }) => excused === null || from < excused.from || to > excused.to)
        .map(({ from, to }) => `two holders for ${Math.round(to - from)} ms from ${new Date(from).toISOString()} on`),
  },
  {
    key: 'one-component',
    title: 'never do two components of a cluster take writes at once (where there is one)',
    judge: ({ apart }: Evidence) =>
      apart.map(
        ({ from, to }) =>
          `two components took writes for ${Math.round(to - from)} ms from ${new Date(from).toISOString()} on`,
      ),
  },
  {
    key: 'nothing-lost',
    title: 'what was acknowledged is on every member (where there is data)',
    judge: ({ lost }: Evidence) => lost,
  },
  {
    key: 'way-home',
    title: 'what `apmode status` proposes leads home; after a single fault one command on each machine is enough',
    judge({ missing, single, typed }: Evidence) {
      if (missing !== null) return [`not whole: ${missing}`]
      const failed = typed
        .filter(({ exit }) => exit !== 0)
        .map(({ machine, command, exit }) => `${machine}: apmode ${command}: exit ${exit}`)
      const often = typed
        .filter(({ machine }, index) => typed.findIndex((other) => other.machine === machine) !== index)
        .map(({ machine, command }) => `${machine}: one more command: ${command}`)
      return single ? [...failed, ...often] : []
    },
  },
  {
    key: 'moves-told',
    title: 'each move of the VIP to a machine with a supervisor has its line in the history',
    judge: ({ vip, histories, untold }: Evidence) =>
      carried(vip).flatMap(({ node, at }) => {
        if (untold.includes(node)) return []
        const told = (histories[node] ?? []).some((entry) => {
          const after = Date.parse(entry.at) - at
          const moved = entry.to.vrrp === 'master' && after > -CARRIED_MS && after < TOLD_WITHIN_MS
          return moved || (takesOut(entry) && after > 0 && after < entry.ms)
        })
        return told ? [] : [`${node}: no line tells of the VIP that came at ${new Date(at).toISOString()}`]
      }),
  },
  {
    key: 'history',
    title: 'one line of history for each decision, and for each change of mode',
    judge: ({ histories, accounts }: Evidence) =>
      Object.entries(histories).flatMap(([name, entries]) =>
        [
          ...repeated(entries).map((sentence) => `two identical lines in a row: ${sentence}`),
          ...gaps(entries, accounts.find((account) => account.name === name)?.truth.mode),
        ].map((sentence) => `${name}: ${sentence}`),
      ),
  },
  {
    key: 'status-true',
    title: 'status tells the truth',
    judge: ({ accounts }: Evidence) => accounts.flatMap(falsehoods),
  },
] as const

export type TopologyOracleKey = (typeof TOPOLOGY_ORACLES)[number]['key']

export function judge(evidence: Evidence): Broken[] {
  return TOPOLOGY_ORACLES.flatMap(({ key, judge: judged }) =>
    judged(evidence).map((sentence) => ({ oracle: key, sentence })),
  )
}

/** Asked by an operator: a VIP that comes while it lasts leaves again with it, and its line is this one. */
const takesOut = ({ source, event }: HistoryEntry) => source === 'operator' && (event === 'stop' || event === 'set m')

/** Arrivals of the VIP that lasted. The first word about a machine is no arrival. */
function carried(vip: readonly Change[]): { readonly node: string; readonly at: number }[] {
  const lasting: { node: string; at: number }[] = []
  for (const node of new Set(vip.map((change) => change.node))) {
    const own = vip.filter((change) => change.node === node)
    for (const [index, { value, at }] of own.entries()) {
      if (index === 0 || value !== true || own[index - 1]?.value !== false) continue
      const until = own[index + 1]?.at ?? Number.POSITIVE_INFINITY
      if (until - at > CARRIED_MS) lasting.push({ node, at })
    }
  }
  return lasting
}
