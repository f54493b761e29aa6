/**
 * A supervisor that decides nothing: it answers with what a test gave it, and remembers what it was asked. For the tests
 * of the control socket and of the command line.
 */
import { ApmodeError } from '../../src/core/errors.ts'
import type { MemberView } from '../../src/ports/cluster.ts'
import type {
  BootstrapRequest,
  Check,
  CheckResult,
  CommandResult,
  Control,
  HandoverRequest,
  ModeView,
  PeerView,
  PlanRequest,
  PlanView,
  Progress,
  RecloneRequest,
  RejoinRequest,
  SetRequest,
  Status,
  UnitCommand,
} from '../../src/ports/control.ts'
import type { HistoryEntry, StepRecord } from '../../src/ports/storage.ts'
import type { VrrpEvent } from '../../src/ports/vrrp.ts'

export const A_STEP: StepRecord = {
  step: 'stop-unit',
  sentence: 'stop keepalived.service',
  ms: 41,
  ok: true,
  detail: '',
}

export const AN_ENTRY: HistoryEntry = {
  at: '2026-01-02T03:04:05.678Z',
  event: 'master',
  source: 'fifo',
  from: { mode: 'ap', role: 'standby', vrrp: 'backup' },
  to: { mode: 's', role: 'standby', vrrp: 'master' },
  sentence: 'keepalived made this machine the master: it serves alone now',
  steps: [A_STEP],
  ms: 57,
  result: 'done',
}

export const A_PEER: PeerView = {
  name: 'host2',
  address: '192.168.33.102',
  reachable: true,
  writable: false,
  attached: true,
  mode: 'ap',
  role: 'standby',
  vrrp: 'backup',
  fit: true,
  reasons: [],
  version: '0.1.0',
  saidAt: '2026-01-02T03:05:01.678Z',
  replication: {
    source: '192.168.33.101:3306',
    io: 'Yes',
    sql: true,
    lagSeconds: 0,
    gtid: '0-1-100',
    received: '0-1-100',
    errno: 0,
    error: '',
  },
  gtid: '0-1-100',
}

/** A unit that runs on both. */
export const RUNS = { runs: 'everywhere', active: 'active', file: 'disabled', givenUp: false } as const

export const A_STATUS: Status = {
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
  gtid: '0-1-100',
  posture: 'keepalived running, database writable, replication off',
  units: [
    { name: 'mariadb.service', kind: 'database', ...RUNS },
    { name: 'nginx.service', kind: 'api', ...RUNS },
    { name: 'keepalived.service', kind: 'router', ...RUNS },
  ],
  replication: null,
  cluster: null,
  peer: A_PEER,
  peers: [{ name: 'host2', address: '192.168.33.102' }],
  lead: { epoch: 3, node: 'host1', at: '2026-01-02T03:04:05.678Z', reason: 'master', gtid: '0-1-100' },
  lastChange: AN_ENTRY,
  version: '0.1.0',
  problems: [],
  next: null,
}

export const A_PLAN: PlanView = {
  event: 'set m',
  from: { mode: 'ap', role: 'active', vrrp: 'master' },
  to: { mode: 'm', role: 'active', vrrp: 'master' },
  sentence: 'maintenance: everything that can be started is masked',
  posture: 'everything masked, keepalived stopped, database read-only',
  checks: [],
  steps: [
    {
      step: 'fence',
      effect: 'withdraw',
      sentence: 'make the database refuse every write',
      calls: ['SET GLOBAL read_only = 1', 'SELECT @@global.read_only'],
    },
    {
      step: 'mask',
      effect: 'withdraw',
      sentence: 'mask keepalived.service',
      calls: ["Manager.MaskUnitFiles(['keepalived.service'], false, true)"],
    },
  ],
  refusedBy: null,
}

export const DONE: CommandResult = { exit: 0, sentence: 'the mode is m', done: [A_STEP], notDone: [] }

export class FakeControl implements Control {
  readonly asked: unknown[] = []
  readonly listeners = new Set<() => void>()
  modeView: ModeView = { mode: 'ap', being: null, problem: null }
  statusView: Status = A_STATUS
  entries: HistoryEntry[] = [AN_ENTRY]
  failing: readonly Check[] = []
  progress: readonly Progress[] = [
    { type: 'begin', step: A_STEP.step, sentence: A_STEP.sentence },
    { type: 'step', ...A_STEP },
  ]
  result: CommandResult = DONE
  planView: PlanView = A_PLAN
  clusterView: MemberView | null = null
  accepted = true
  healthy = true
  /** When set, commands and status wait for it. */
  gate: Promise<void> | null = null
  /** When set, status and commands fail with it. */
  error: ApmodeError | null = null
  /** When true, everything throws. */
  broken = false

  notify(event: VrrpEvent): { accepted: boolean; sentence: string } {
    this.remember({ notify: event })
    return { accepted: this.accepted, sentence: this.accepted ? 'accepted' : 'instance "VI_9" is not ours' }
  }

  mode(): ModeView {
    this.remember('mode')
    return this.modeView
  }

  async status(): Promise<Status> {
    this.remember('status')
    await this.gate
    if (this.error) throw this.error
    return this.statusView
  }

  known(): Status {
    this.remember('known')
    return this.statusView
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Shows another status, and says so. */
  becomes(status: Partial<Status>): void {
    this.statusView = { ...this.statusView, ...status }
    for (const listener of this.listeners) listener()
  }

  history(count: number): HistoryEntry[] {
    this.remember({ history: count })
    return this.entries.slice(-count)
  }

  check(what: readonly Check[]): CheckResult {
    this.remember({ check: what })
    const items = what.map((item) => {
      const ok = !this.failing.includes(item)
      return { what: item, ok, sentence: ok ? `the ${item} is well` : `the ${item} is not well` }
    })
    return { ok: items.every((item) => item.ok), items }
  }

  set(request: SetRequest, onProgress: (progress: Progress) => void): Promise<CommandResult> {
    this.remember({ set: request })
    return this.work(onProgress)
  }

  units(command: UnitCommand, onProgress: (progress: Progress) => void): Promise<CommandResult> {
    this.remember({ units: command })
    return this.work(onProgress)
  }

  handover(request: HandoverRequest, onProgress: (progress: Progress) => void): Promise<CommandResult> {
    this.remember({ handover: request })
    return this.work(onProgress)
  }

  rejoin(request: RejoinRequest, onProgress: (progress: Progress) => void): Promise<CommandResult> {
    this.remember({ rejoin: request })
    return this.work(onProgress)
  }

  reclone(request: RecloneRequest, onProgress: (progress: Progress) => void): Promise<CommandResult> {
    this.remember({ reclone: request })
    return this.work(onProgress)
  }

  bootstrap(request: BootstrapRequest, onProgress: (progress: Progress) => void): Promise<CommandResult> {
    this.remember({ bootstrap: request })
    return this.work(onProgress)
  }

  cluster(): MemberView | null {
    this.remember('cluster')
    return this.clusterView
  }

  async plan(request: PlanRequest): Promise<PlanView> {
    this.remember({ plan: request })
    return this.planView
  }

  alive(): { ok: boolean; sentence: string } {
    return { ok: this.healthy, sentence: this.healthy ? 'the loop answers' : 'the loop has not answered for 12 s' }
  }

  private remember(what: unknown): void {
    if (this.broken) throw new ApmodeError('failed', 'cannot answer: made to fail')
    this.asked.push(what)
  }

  private async work(onProgress: (progress: Progress) => void): Promise<CommandResult> {
    for (const progress of this.progress) onProgress(progress)
    await this.gate
    if (this.error) throw this.error
    return this.result
  }
}
