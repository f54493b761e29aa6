/** A whole pair as its machines tell of it, to be broken in one place by a test. */

import type { Status } from '../../../src/ports/control.ts'
import type { HistoryEntry } from '../../../src/ports/storage.ts'
import type { Account } from '../../campaign/evidence.ts'
import type { Evidence } from '../../campaign/oracles.ts'
import { A_PEER, RUNS } from '../../fakes/control.ts'

const UNITS = [
  { name: 'mariadb.service', kind: 'database', ...RUNS },
  { name: 'keepalived.service', kind: 'router', ...RUNS },
] as const

export const HOLDER: Status = {
  node: 'host1',
  codename: 'ap',
  engine: 'mariadb',
  mode: 'ap',
  being: null,
  role: 'active',
  vrrp: 'master',
  holder: true,
  writable: true,
  commitsWithPeer: true,
  fit: true,
  reasons: [],
  gtid: null,
  posture: 'serves',
  units: UNITS,
  replication: null,
  cluster: null,
  peer: A_PEER,
  peers: [{ name: 'host2', address: '192.168.33.102' }],
  lead: { epoch: 3, node: 'host1', at: '2026-01-01T00:00:00.000Z', reason: 'master', gtid: '0-1-1' },
  lastChange: null,
  version: '0',
  problems: [],
  next: null,
}

export const STANDBY: Status = {
  ...HOLDER,
  node: 'host2',
  role: 'standby',
  vrrp: 'backup',
  holder: false,
  writable: false,
  commitsWithPeer: null,
  replication: {
    source: '192.168.33.101:3306',
    io: 'Yes',
    sql: true,
    lagSeconds: 0,
    gtid: '0-1-7',
    received: '0-1-7',
    errno: 0,
    error: '',
  },
  peer: { ...A_PEER, name: 'host1', address: '192.168.33.101', writable: true, attached: false },
}

export const accountFor = (status: Status): Account => ({
  name: status.node,
  status,
  truth: {
    mode: status.mode,
    holder: status.holder === true,
    writable: status.writable === true,
    units: status.units.map(({ name, active, file }) => ({ name, active, file })),
  },
})

export const entry = (from: string, to: string, sentence: string): HistoryEntry => {
  const at = (mode: string) => ({ mode, role: 'active', vrrp: 'master' }) as HistoryEntry['from']
  return {
    at: '2026-01-01T00:00:00.000Z',
    event: 'an event',
    source: 'fifo',
    from: at(from),
    to: at(to),
    sentence,
    steps: [],
    ms: 1,
    result: 'done',
  }
}

export const WELL: Evidence = {
  accounts: [accountFor(HOLDER), accountFor(STANDBY)],
  lost: [],
  bothWritable: [],
  data: { host1: 'the same', host2: 'the same' },
  histories: { host1: [entry('ap', 'ap', 'a')], host2: [] },
  secrets: [],
  missing: null,
  cameBack: true,
  mustComeBack: true,
  historyMayHaveGaps: false,
}
