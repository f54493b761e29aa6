/**
 * What a machine of the search sees, in the program's own words: a world becomes an `Observed`. Looks are atomic. It
 * decides nothing; what is noticed over time (a lease, a silence) is in `notice.ts`.
 */
import { NEVER_MEMBER } from '../../src/core/cluster.ts'
import type { Config } from '../../src/core/config.ts'
import type { Observed, ObservedUnit } from '../../src/core/observed.ts'
import { ALL_STARTED } from '../../src/core/starting.ts'
import type { State } from '../../src/core/state.ts'
import type { UnitFileState } from '../../src/core/vocabulary.ts'
import type { DatabaseStatus, Lead, PeerStatus, ReplicationStatus } from '../../src/ports/database.ts'
import { exampleConfig } from '../fakes/world.ts'
import { hasMore, hasVip, type Machine, other, type Side, sqlPasses, type World } from './world.ts'

/** The pair of the other tests, without what the search does not model. */
function configOf(hostname: 'host1' | 'host2', witness: boolean): Config {
  const config = exampleConfig(hostname)
  const units = config.units.filter(({ kind }) => kind === 'database' || kind === 'router')
  return { ...config, units, vrrp: { ...config.vrrp, witness: witness ? ['192.168.33.1'] : [] } }
}

const CONFIGS = [false, true].map((witness) => [configOf('host1', witness), configOf('host2', witness)] as const)

/** A witness is configured, or not: two pairs to search. */
export type Pair = 'without a witness' | 'with a witness'
export const PAIRS: readonly Pair[] = ['without a witness', 'with a witness']

export function configFor(pair: Pair, side: Side): Config {
  const config = CONFIGS[pair === 'with a witness' ? 1 : 0]?.[side]
  if (config === undefined) throw new Error(`no configuration for ${pair}`)
  return config
}

export const stateOf = ({ mode, role, vrrp }: Machine): State => ({ mode, role, vrrp })

/** null: no witness is configured. */
export const seesWitness = (pair: Pair, { witness, nic }: Machine) =>
  pair === 'with a witness' ? witness && nic : null

export function leadOf({ epoch, leader }: Machine): Lead | null {
  if (epoch === 0) return null
  return { epoch, node: leader === 0 ? 'host1' : 'host2', at: '2026-01-01T00:00:00.000Z', reason: '', gtid: '' }
}

const THREADS = {
  stopped: { io: 'No', sql: false },
  draining: { io: 'No', sql: true },
  error: { io: 'Yes', sql: false },
  running: { io: 'Yes', sql: true },
} as const

function replicationOf(world: World, side: Side): ReplicationStatus | null {
  const { replica, relay } = world.machines[side]
  if (replica === 'none') return null
  const threads = THREADS[replica]
  const peer = world.machines[other(side)]
  const connected = peer.dump && sqlPasses(world) && peer.db === 'up'
  return {
    source: side === 0 ? '192.168.33.102:3306' : '192.168.33.101:3306',
    io: threads.io === 'Yes' && !connected ? 'Connecting' : threads.io,
    sql: threads.sql,
    lagSeconds: threads.sql ? 0 : null,
    gtid: '0-1-5',
    received: relay ? '0-1-6' : '0-1-5',
    errno: replica === 'error' ? 1062 : 0,
    error: replica === 'error' ? 'duplicate entry' : '',
  }
}

/** What only this machine has, its own server wrote. */
function binlogOf(machine: Machine, side: Side): string {
  const own = hasMore(machine) ? 6 : 5
  return side === 0 ? `0-1-${own},0-2-5` : `0-1-5,0-2-${own}`
}

function databaseOf(world: World, side: Side): DatabaseStatus {
  const machine = world.machines[side]
  if (machine.db !== 'up') return { answers: false, reason: 'down', detail: 'nothing listens' }
  return {
    answers: true,
    version: '10.11.11',
    writable: !machine.readOnly,
    cluster: null,
    commitsWithPeer: machine.semiSync,
    replication: replicationOf(world, side),
    binlogPosition: '0-1-5',
    binlogState: binlogOf(machine, side),
    serverId: String(side + 1),
    replicas: machine.dump ? [side === 0 ? '192.168.33.102' : '192.168.33.101'] : [],
    lead: leadOf(machine),
  }
}

export function peerOf(world: World, side: Side): PeerStatus {
  const peer = world.machines[other(side)]
  const reachable = sqlPasses(world) && peer.db === 'up'
  return {
    reachable,
    writable: reachable ? !peer.readOnly : null,
    cluster: null,
    detail: '',
    applied: reachable ? '0-1-5' : '',
    binlogPosition: reachable ? '0-1-5' : '',
    binlogState: reachable ? binlogOf(peer, other(side)) : '',
    commitsWithPeer: reachable ? peer.semiSync : null,
    lead: reachable ? leadOf(peer) : null,
    leadKnown: reachable,
    refused: sqlPasses(world) && !reachable,
  }
}

const STOPPING = { stage: 'vip', sentence: 'an operator stops the services', offer: null, follows: false } as const

const DATABASE = { up: 'active', dead: 'activating', off: 'inactive' } as const
const FILES: Readonly<Record<Machine['files'], UnitFileState>> = { ap: 'disabled', s: 'disabled', m: 'masked' }
const BOOT: Readonly<Record<Machine['files'], UnitFileState>> = { ap: 'disabled', s: 'enabled', m: 'masked' }

function routerActive({ keepalived }: Machine): ObservedUnit['active'] {
  if (keepalived === 'down') return 'inactive'
  return keepalived === 'killed' || keepalived === 'dead' ? 'failed' : 'active'
}

export function observe(world: World, side: Side, pair: Pair): Observed {
  const machine = world.machines[side]
  const database = databaseOf(world, side)
  const unit = { file: FILES[machine.files], jobPending: false, downMs: 0, runs: 'everywhere' } as const
  return {
    units: [
      {
        ...unit,
        name: 'mariadb.service',
        kind: 'database',
        active: DATABASE[machine.db],
        sub: machine.db === 'dead' ? 'auto-restart' : '',
      },
      { ...unit, name: 'keepalived.service', kind: 'router', active: routerActive(machine), sub: '' },
    ],
    bootUnit: { name: 'ap.service', file: BOOT[machine.files] },
    vip: hasVip(machine),
    carrier: machine.nic,
    unfitDeclared: machine.unfit,
    checks: [],
    database,
    fenced: machine.db === 'up' && machine.readOnly,
    peer: peerOf(world, side),
    peerAttached: database.answers ? database.replicas.length > 0 : machine.attachedLately,
    lineage: {
      claim: machine.claim,
      leadKept: machine.leadKept,
      led: machine.led,
      lease: machine.lease,
      attachedLately: machine.dump,
      stalled: false,
      peerGone: machine.peerGone,
      peerUnfit: false,
      rival: machine.rival,
      outshouted: false,
      witness: seesWitness(pair, machine),
      // A witness that answers does so at once here.
      unwitnessed: hasVip(machine) && seesWitness(pair, machine) === false,
      // A witness that answers does so at once here.
      cutOff: machine.cutOff,
      cluster: NEVER_MEMBER,
      diverged: machine.diverged ? [{ domain: '0', server: '9', after: 0n, last: 1n }] : [],
      keptIn: machine.diverged ? 'kept' : null,
    },
    routerDownExpected: machine.routerDownExpected,
    consent: { says: 'yes' },
    starting: ALL_STARTED,
    shuttingDown: false,
    withdrawal: machine.withdrawn ? STOPPING : null,
  }
}

/** Everything that `observe` depends on, and the state beside it. */
export function viewOf(world: World, side: Side, pair: Pair): string {
  const m = world.machines[side]
  const peer = world.machines[other(side)]
  const passes = sqlPasses(world)
  const bits = [
    pair === 'with a witness',
    side === 0,
    m.nic,
    m.witness,
    m.readOnly,
    m.semiSync,
    m.relay,
    m.dump,
    m.unfit,
    m.attachedLately,
    m.routerDownExpected,
    m.leadKept,
    m.led,
    m.lease,
    m.peerGone,
    m.rival,
    m.cutOff,
    m.diverged,
    m.withdrawn,
    hasMore(m),
    hasMore(peer),
    passes,
    passes && peer.db === 'up' && peer.readOnly,
    passes && peer.db === 'up' && peer.semiSync,
    passes && peer.db === 'up' && peer.dump,
  ]
  const number = bits.reduce((sum, one) => sum * 2 + (one ? 1 : 0), 0)
  const there = passes && peer.db === 'up' ? `${peer.epoch}${peer.leader}` : passes
  return `${number} ${m.db} ${m.replica} ${m.epoch}${m.leader} ${m.keepalived} ${m.mode} ${m.files} ${m.role} ${m.claim} ${m.vrrp} ${there}`
}
