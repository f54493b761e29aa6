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
  /**
   * Of a Galera cluster. `in`: it takes writes as long as it is in the primary component. `in, alone if need be`: it forms one where the
   * peer is gone with it. `out`: it falls behind on purpose, and takes no writes.
   */
  readonly member: 'in' | 'in, alone if need be' | 'out' | 'as is'
}

/** A posture, less what is kept back for now. */
export interface Restrained {
  readonly posture: Posture
  /** A sentence for each right that is kept back. */
  readonly holds: readonly string[]
}

export interface Row {
  readonly mode: KnownMode
  readonly vrrp: readonly VrrpState[]
  readonly posture: Posture
  /** What this row means, for the table, for `status` and for the log. */
  readonly sentence: string
  /** The same on a machine without a database, where it is not. */
  readonly withoutDatabase?: string
  /** The same on a member of a Galera cluster, where it is not. */
  readonly inCluster?: string
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
  member: 'as is',
}

const inPair = { bootUnit: 'disabled', serviceUnits: 'disabled' } as const
const alone = { bootUnit: 'enabled', serviceUnits: 'disabled' } as const
const waiting = {
  router: 'as is',
  holderUnits: 'stopped',
  database: 'read-only',
  replication: 'as is',
  commits: 'as is',
  member: 'in',
} as const
const serving = {
  router: 'running',
  holderUnits: 'running',
  database: 'writable',
  replication: 'off',
  commits: 'with the peer',
  member: 'in, alone if need be',
} as const

export const ROWS: readonly Row[] = [
  { mode: 'unset', vrrp: ANY, posture: asIs, sentence: 'no mode has been set: everything is left as it is' },
  {
    mode: 'unreadable',
    vrrp: ANY,
    posture: { ...asIs, holderUnits: 'stopped', database: 'read-only', member: 'out' },
    sentence: 'the mode file cannot be understood: fenced, nothing is granted until `apmode set`',
    withoutDatabase: 'the mode file cannot be understood: nothing is granted until `apmode set`',
  },
  {
    mode: 'ap',
    vrrp: ['init', 'stop'],
    posture: { ...inPair, ...waiting },
    sentence: 'member of the pair, keepalived is not running: read-only',
    withoutDatabase: 'member of the pair, keepalived is not running',
    inCluster: 'member of the cluster, keepalived is not running',
  },
  {
    mode: 'ap',
    vrrp: ['master'],
    posture: { ...inPair, ...serving },
    sentence: 'member of the pair, carries the VIP: serves',
    inCluster: 'member of the cluster, carries the VIP: serves',
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
      member: 'in',
    },
    sentence: 'member of the pair, standing by: follows the peer',
    withoutDatabase: 'member of the pair, standing by',
    inCluster: 'member of the cluster, without the VIP',
  },
  {
    mode: 'ap',
    vrrp: ['fault'],
    // It goes on following, or begins to: what it lacks may be the very reason why it is not fit.
    posture: { ...inPair, ...waiting, replication: 'from the peer' },
    sentence: 'member of the pair, not able to serve: read-only, follows a peer that serves',
    withoutDatabase: 'member of the pair, not able to serve',
    inCluster: 'member of the cluster, not able to carry the VIP',
  },
  {
    mode: 's',
    vrrp: ['master'],
    posture: { ...alone, ...serving },
    sentence: 'alone, carries the VIP: serves',
    inCluster: 'alone, carries the VIP: serves, and forms the primary component where it must',
  },
  {
    mode: 's',
    vrrp: NOT_MASTER,
    posture: { ...alone, ...waiting, replication: 'off' },
    sentence: 'alone, without the VIP: read-only, and never follows the peer that failed',
    withoutDatabase: 'alone, without the VIP',
    inCluster: 'alone, without the VIP: forms no primary component',
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
      member: 'out',
    },
    sentence: 'in maintenance: masked, without the VIP, read-only',
    withoutDatabase: 'in maintenance: masked, without the VIP',
    inCluster: 'in maintenance: masked, without the VIP, out of the cluster',
  },
]

export function rowFor(state: Pick<State, 'mode' | 'vrrp'>): Row {
  const row = ROWS.find((candidate) => candidate.mode === state.mode && candidate.vrrp.includes(state.vrrp))
  if (row === undefined) throw new Error(`the decision table has no row for ${state.mode}, ${state.vrrp}`)
  return row
}

/**
 * What must hold on a machine with this engine. A member of a Galera cluster takes writes wherever it is `in`, with or without the
 * VIP; replication and who acknowledges is the cluster's own affair.
 */
export function postureFor(state: Pick<State, 'mode' | 'vrrp'>, engine: Engine): Posture {
  const { posture } = rowFor(state)
  if (engine !== 'galera') return { ...posture, member: 'as is' }
  return { ...posture, database: WRITES[posture.member], replication: 'as is', commits: 'as is' }
}

const WRITES: Readonly<Record<Posture['member'], Posture['database']>> = {
  in: 'writable',
  'in, alone if need be': 'writable',
  out: 'read-only',
  'as is': 'as is',
}

/** What the row means on a machine with this engine. */
export function meaningOf({ sentence, withoutDatabase, inCluster }: Row, engine: Engine): string {
  switch (engine) {
    case 'mariadb':
      return sentence
    case 'galera':
      return inCluster ?? sentence
    case 'none':
      return withoutDatabase ?? sentence
  }
}
