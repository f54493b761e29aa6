/** What doctor sees of a machine of which nothing is wrong: the standby of the example's pair, or its holder. */
import type { Facts } from '../../../../src/core/doctor/facts.ts'
import { parseKeepalived } from '../../../../src/core/doctor/keepalived-file.ts'
import { type Looks, type PathFact, seen } from '../../../../src/core/doctor/look.ts'
import { renderedOptions } from '../../../../src/core/doctor/start-options.ts'
import { grantedWith } from '../../../../src/core/render/grants.ts'
import { renderKeepalived } from '../../../../src/core/render/keepalived.ts'
import { renderMariadb } from '../../../../src/core/render/mariadb.ts'
import type { Presence, ReplicationStatus } from '../../../../src/ports/database.ts'
import type { UnitExamination } from '../../../../src/ports/examination.ts'
import { A_STATUS } from '../../../fakes/control.ts'
import { configOf, EXAMPLE } from '../config/example.ts'

export const CONFIG = configOf(EXAMPLE, { hostname: 'host2', nodeFile: null })
export const KEEPALIVED_CONF = renderKeepalived(CONFIG, CONFIG.node)

export const pathOf = (path: string, kind: PathFact['kind'], mode: number): PathFact => ({
  path,
  kind,
  mode,
  uid: 0,
  gid: 0,
  changedAtMs: 1000,
})

export const unitOf = (name: string, more: Partial<UnitExamination> = {}): UnitExamination => ({
  name,
  id: name,
  load: 'loaded',
  active: 'active',
  file: 'disabled',
  fragment: `/usr/lib/systemd/system/${name}`,
  dropIns: [],
  stale: false,
  changedAtMs: 2000,
  restart: 'no',
  restartMs: 100,
  command: [],
  ...more,
})

export const unitsOf = (...units: readonly UnitExamination[]): Facts['units'] =>
  new Map(units.map((unit) => [unit.name, unit]))

export const UNITS: readonly UnitExamination[] = [
  unitOf('mariadb.service', { restart: 'on-abnormal', restartMs: 5000 }),
  unitOf('nginx.service'),
  unitOf('keepalived.service'),
  unitOf('ap.service', { active: 'inactive', command: ['/usr/bin/apmode', 'start'] }),
  unitOf('apmode.service', { file: 'enabled' }),
  unitOf('apmode.socket', { file: 'enabled' }),
]

export const REPLICA: ReplicationStatus = {
  source: '192.168.33.101:3306',
  io: 'Yes',
  sql: true,
  lagSeconds: 0,
  gtid: '0-1-5',
  received: '0-1-5',
  errno: 0,
  error: '',
}

export const WORD: Presence = {
  node: 'host1',
  version: '1.0',
  mode: 'ap',
  role: 'active',
  vrrp: 'master',
  fit: true,
  reasons: '',
  configuration: 'abc',
  freeMb: null,
  at: '2026-01-02T03:04:05.000Z',
}

const account = { rights: grantedWith('mariadb'), more: 0 }

export const FACTS: Facts = {
  configuration: { path: '/etc/apmode/apmode.toml', faults: [] },
  config: CONFIG,
  fingerprint: 'abc',
  password: null,
  fifo: pathOf('/run/apmode/vrrp.fifo', 'fifo', 0o600),
  unfit: { file: pathOf('/run/apmode/vrrp.unfit', 'file', 0o644), text: '0\n' },
  modeFile: { mode: 'ap', problem: null, file: pathOf('/opt/ap-mode', 'file', 0o644) },
  state: {
    folder: pathOf('/var/lib/apmode', 'folder', 0o700),
    file: pathOf('/var/lib/apmode/state.json', 'file', 0o600),
  },
  hooks: { names: ['10-tell'], refused: [] },
  keepalivedPath: pathOf('/etc/keepalived/keepalived.conf', 'file', 0o644),
  keepalivedFile: {
    file: pathOf('/etc/keepalived/keepalived.conf', 'file', 0o644),
    tree: parseKeepalived(KEEPALIVED_CONF),
  },
  keepalivedTest: { code: 0, out: '', err: '' },
  scripts: [{ path: '/usr/bin/apmode', there: true, weak: [] }],
  units: unitsOf(...UNITS),
  supervisor: null,
  status: { ...A_STATUS, node: 'host2', role: 'standby', vrrp: 'backup', holder: false, writable: false },
  database: null,
  variables: {
    ...renderedOptions(renderMariadb(CONFIG, CONFIG.node)),
    log_bin: 'ON',
    max_connections: '151',
    version: '10.11.19-MariaDB',
    replicate_do_db: '',
  },
  counters: { Max_used_connections: '9', Rpl_semi_sync_slave_status: 'ON' },
  startOptions: renderedOptions(renderMariadb(CONFIG, CONFIG.node)),
  accounts: new Map(CONFIG.nodes.map(({ address }) => [`'replication'@'${address}'`, account])),
  privileged: ["'root'@'localhost'", "'mysql'@'localhost'"],
  tables: { fragile: [], keyless: [] },
  binlogFilter: '',
  peerSessions: 1,
  replica: REPLICA,
  ownWord: { ...WORD, node: 'host2', role: 'standby', vrrp: 'backup' },
  reach: null,
  login: null,
  peerServer: {
    version: '10.11.18-MariaDB',
    serverId: '1',
    clockAheadMs: 12,
    clockErrorMs: 1,
    readOnly: false,
  },
  peerWord: { presence: WORD, ageMs: 4000 },
  peerReplica: null,
  interfaces: [
    { name: 'lo', up: true, carrier: true, addresses: ['127.0.0.1/8'] },
    { name: 'enp0s8', up: true, carrier: true, addresses: ['192.168.33.102/24'] },
  ],
  binding: { nonlocal: false, bound: [], refused: [] },
  firewall: [],
  witness: [],
  neighbours: [],
  health: null,
  disks: [{ folder: '/var/lib/mysql', holds: 'the database', needsMb: 1024, freeMb: 9000, freeFiles: 90_000 }],
  denials: [],
  versions: { keepalived: '2.2.7', systemd: '252.39-1~deb12u1' },
  apmode: '1.0',
  programs: [{ name: 'ip', needed: 'addresses', there: true }],
  journal: true,
}

/** All of it seen, with these facts in place of theirs. */
export function looksWith(facts: Partial<Facts> = {}): Looks {
  const entries = Object.entries({ ...FACTS, ...facts }).map(([name, value]) => [name, seen(value)])
  return Object.fromEntries(entries) as Looks
}
