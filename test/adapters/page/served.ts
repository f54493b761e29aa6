/** The page as the real port serves it, in front of a supervisor that shows what a test wants. */
import { vi } from 'vitest'
import { buildPage } from '../../../scripts/page.ts'
import type { EventLimits } from '../../../src/adapters/control/events.ts'
import { startHealthServer } from '../../../src/adapters/control/health.ts'
import type { Status } from '../../../src/ports/control.ts'
import type { ReplicationStatus } from '../../../src/ports/database.ts'
import type { HistoryEntry } from '../../../src/ports/storage.ts'
import { A_PEER, A_STATUS, A_STEP, AN_ENTRY, FakeControl, RUNS } from '../../fakes/control.ts'

export const FOLLOWS: ReplicationStatus = {
  source: '192.168.33.101:3306',
  io: 'Yes',
  sql: true,
  lagSeconds: 0,
  gtid: '0-1-4711',
  received: '0-1-4711',
  errno: 0,
  error: '',
}

const FAILED: HistoryEntry = {
  ...AN_ENTRY,
  at: '2026-01-02T03:10:00.000Z',
  event: 'mariadb.service is failed',
  source: 'systemd',
  result: 'failed',
  steps: [
    A_STEP,
    { ...A_STEP, step: 'fence', sentence: 'make the database refuse every write', ok: false, detail: 'it hangs' },
  ],
}

/** A whole pair, seen from its holder. */
export const WHOLE: Status = { ...A_STATUS, peer: { ...A_PEER, replication: FOLLOWS }, lastChange: FAILED }

/** A machine without a database, seen from itself. */
export const BALANCER: Status = {
  ...A_STATUS,
  engine: 'none',
  writable: null,
  commitsWithPeer: null,
  gtid: null,
  lead: null,
  posture: 'member of the pair, carries the VIP: serves',
  units: A_STATUS.units.filter(({ kind }) => kind !== 'database'),
  peer: {
    ...A_PEER,
    reachable: null,
    writable: null,
    attached: null,
    mode: null,
    role: null,
    vrrp: null,
    fit: null,
    version: null,
    saidAt: null,
    replication: null,
    gtid: null,
  },
}

/** After a failover, seen from the machine that took over. */
export const ALONE: Status = {
  ...A_STATUS,
  node: 'host2',
  mode: 's',
  role: 'standby',
  commitsWithPeer: false,
  posture: 'alone, carries the VIP: serves',
  peer: {
    ...A_PEER,
    name: 'host1',
    reachable: false,
    writable: null,
    attached: false,
    mode: null,
    vrrp: null,
    saidAt: null,
  },
  units: [
    { name: 'mariadb.service', kind: 'database', ...RUNS },
    { name: 'nginx.service', kind: 'api', ...RUNS, active: 'failed' },
  ],
  reasons: ['the peer acknowledges nothing any more'],
  next: { command: 'apmode rejoin', on: 'host1', why: 'once it is mended: it follows this machine again' },
}

export interface Served {
  readonly control: FakeControl
  readonly url: string
  /** The supervisor ends, and comes back at the same place. */
  stop(): void
  start(): Promise<void>
}

export async function serve(events: Partial<EventLimits> = {}): Promise<Served> {
  const page = await buildPage()
  const control = new FakeControl()
  control.statusView = WHOLE
  control.entries = [AN_ENTRY, FAILED]
  let port = 0
  let server: ReturnType<typeof startHealthServer> | null = null
  const start = async () => {
    const started = startHealthServer(control, {
      host: '127.0.0.1',
      port,
      onProblem: () => {},
      page,
      events,
      retryMs: 20,
    })
    server = started
    port = await vi.waitFor(() => started.port() ?? Promise.reject(new Error('not listening yet')), { timeout: 5000 })
  }
  await start()
  return { control, url: `http://127.0.0.1:${port}/`, start, stop: () => server?.close() }
}
