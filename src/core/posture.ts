/**
 * What must hold on this machine for a given mode and VRRP state: the decision table, as data. This is the only place
 * that says it; `plan.ts` reads it, `table.ts` prints it, docs/mode-table.md is it. Invariant: every (mode, VRRP state)
 * has exactly one row.
 */
import type { State } from './state.ts'
import type { Engine, KnownMode, VrrpState } from './vocabulary.ts'

/** `as is`: apmode neither starts nor stops it, neither grants nor withdraws. */
export interface Posture {
  readonly bootUnit: 'enabled' | 'disabled' | 'masked' | 'as is'
  readonly serviceUnits: 'disabled' | 'masked' | 'as is'
  readonly router: 'running' | 'stopped' | 'as is'
  readonly holderUnits: 'running' | 'stopped' | 'as is'
  readonly database: 'writable' | 'read-only' | 'as is'
  readonly replication: 'off' | 'from the peer' | 'as is'
  /** Who acknowledges a commit (semi-sync): the peer too, until it is known that it cannot. */
  readonly commits: 'with the peer' | 'as is'
}

export interface Row {
  readonly mode: KnownMode
  readonly vrrp: readonly VrrpState[]
  readonly posture: Posture
  /** What this row means, for the table, for `status` and for the log. */
  readonly sentence: string
  /** The same on a machine without a database, where it is not. */
  readonly withoutDatabase?: string
}

const ANY = ['init', 'master', 'backup', 'fault', 'stop'] as const
const NOT_MASTER = ['init', 'backup', 'fault', 'stop'] as const

const asIs: Posture = {
  bootUnit: 'as is',
  serviceUnits: 'as is',
  router: 'as is',
  holderUnits: 'as is',
  database: 'as is',
  replication: 'as is',
  commits: 'as is',
}

const inPair = { bootUnit: 'disabled', serviceUnits: 'disabled' } as const
const alone = { bootUnit: 'enabled', serviceUnits: 'disabled' } as const
const waiting = {
  router: 'as is',
  holderUnits: 'stopped',
  database: 'read-only',
  replication: 'as is',
  commits: 'as is',
} as const
const serving = {
  router: 'running',
  holderUnits: 'running',
  database: 'writable',
  replication: 'off',
  commits: 'with the peer',
} as const

export const ROWS: readonly Row[] = [
  { mode: 'unset', vrrp: ANY, posture: asIs, sentence: 'no mode has been set: everything is left as it is' },
  {
    mode: 'unreadable',
    vrrp: ANY,
    posture: { ...asIs, holderUnits: 'stopped', database: 'read-only' },
    sentence: 'the mode file cannot be understood: fenced, nothing is granted until `apmode set`',
    withoutDatabase: 'the mode file cannot be understood: nothing is granted until `apmode set`',
  },
  {
    mode: 'ap',
    vrrp: ['init', 'stop'],
    posture: { ...inPair, ...waiting },
    sentence: 'member of the pair, keepalived is not running: read-only',
    withoutDatabase: 'member of the pair, keepalived is not running',
  },
  {
    mode: 'ap',
    vrrp: ['master'],
    posture: { ...inPair, ...serving },
    sentence: 'member of the pair, carries the VIP: serves',
  },
  {
    mode: 'ap',
    vrrp: ['backup'],
    posture: {
      ...inPair,
      router: 'running',
      holderUnits: 'stopped',
      database: 'read-only',
      replication: 'from the peer',
      commits: 'as is',
    },
    sentence: 'member of the pair, standing by: follows the peer',
    withoutDatabase: 'member of the pair, standing by',
  },
  {
    mode: 'ap',
    vrrp: ['fault'],
    // It goes on following, or begins to: what it lacks may be the very reason why it is not fit.
    posture: { ...inPair, ...waiting, replication: 'from the peer' },
    sentence: 'member of the pair, not able to serve: read-only, follows a peer that serves',
    withoutDatabase: 'member of the pair, not able to serve',
  },
  {
    mode: 's',
    vrrp: ['master'],
    posture: { ...alone, ...serving },
    sentence: 'alone, carries the VIP: serves',
  },
  {
    mode: 's',
    vrrp: NOT_MASTER,
    posture: { ...alone, ...waiting, replication: 'off' },
    sentence: 'alone, without the VIP: read-only, and never follows the peer that failed',
    withoutDatabase: 'alone, without the VIP',
  },
  {
    mode: 'm',
    vrrp: ANY,
    posture: {
      bootUnit: 'masked',
      serviceUnits: 'masked',
      router: 'stopped',
      holderUnits: 'stopped',
      database: 'read-only',
      replication: 'as is',
      commits: 'as is',
    },
    sentence: 'in maintenance: masked, without the VIP, read-only',
    withoutDatabase: 'in maintenance: masked, without the VIP',
  },
]

export function rowFor(state: Pick<State, 'mode' | 'vrrp'>): Row {
  const row = ROWS.find((candidate) => candidate.mode === state.mode && candidate.vrrp.includes(state.vrrp))
  if (row === undefined) throw new Error(`the decision table has no row for ${state.mode}, ${state.vrrp}`)
  return row
}

/** What the row means on a machine with this engine. */
export function meaningOf({ sentence, withoutDatabase = sentence }: Row, engine: Engine): string {
  return engine === 'none' ? withoutDatabase : sentence
}
