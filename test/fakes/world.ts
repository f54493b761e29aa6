/**
 * One small machine, in memory: systemd's units, a MariaDB, an interface with a VIP, the files. It obeys the ports, keeps
 * no secrets from the tests, and records every change so that a test can say what may never have been true.
 */

import { parseConfig } from '../../src/core/config/parse.ts'
import type { Config } from '../../src/core/config.ts'
import { Counting } from '../../src/core/counting.ts'
import { ApmodeError } from '../../src/core/errors.ts'
import type { ActiveState, Engine, Mode, UnitFileState } from '../../src/core/vocabulary.ts'
import { fingerprint } from '../../src/host/fingerprint.ts'
import type { Log, Parts } from '../../src/host/parts.ts'
import type {
  Database,
  DatabaseStatus,
  FenceOutcome,
  Lead,
  Membership,
  Obstacle,
  PeerDetails,
  PeerStatus,
  Presence,
  ReplicationStatus,
} from '../../src/ports/database.ts'
import type { HookCall, HookOutcome } from '../../src/ports/hooks.ts'
import type { HistoryEntry, ModeRecord, SavedState } from '../../src/ports/storage.ts'
import type { Systemd, UnitStatus } from '../../src/ports/systemd.ts'
import type { Witness } from '../../src/ports/witness.ts'

const TOML = `
codename = "ap"
[[node]]
name = "host1"
address = "192.168.33.101"
interface = "eth0"
role = "active"
[[node]]
name = "host2"
address = "192.168.33.102"
interface = "eth0"
role = "standby"
[vrrp]
vip = "192.168.33.100/24"
virtual_router_id = 50
[[unit]]
name = "mariadb.service"
kind = "database"
[[unit]]
name = "nginx.service"
kind = "api"
[[unit]]
name = "mailer.service"
kind = "other"
runs = "holder"
[[unit]]
name = "keepalived.service"
kind = "router"
[database]
engine = "mariadb"
replication_password_file = "/etc/apmode/replication.password"
`

/** The same machines without a database. */
const STATELESS = TOML.replace(/\[\[unit\]\]\nname = "mariadb.service"\nkind = "database"\n/, '').replace(
  '"mariadb"',
  '"none"',
)

/** The same machines as members of a Galera cluster. */
const CLUSTERED = TOML.replace('"mariadb"', '"galera"')

const TOML_OF = { mariadb: TOML, galera: CLUSTERED, none: STATELESS } as const satisfies Readonly<
  Record<Engine, string>
>

export function exampleConfig(node: 'host1' | 'host2' = 'host1', engine: Engine = 'mariadb'): Config {
  const result = parseConfig(TOML_OF[engine], { hostname: node, nodeFile: null })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.config
}

interface FakeUnit {
  active: ActiveState
  file: UnitFileState
  jobPending: boolean
}

/** A supervisor that is killed at this point of the world: the change was made, the caller never hears of it. */
export class Killed extends Error {}

/** Whoever is pinged; null: nobody is, as `seen` says at the beginning. */
function pinged(seen: () => boolean | null, answeredAt: () => number): Witness | null {
  if (seen() === null) return null
  const quiet = {
    open: () => {},
    close: () => {},
    known: async () => {},
    onChange: () => () => {},
    problem: () => null,
  }
  return { ...quiet, seen, answeredAt }
}

export class World {
  readonly config: Config
  readonly units = new Map<string, FakeUnit>()
  busConnected = true
  /** A lost bus is waited for. */
  busAwaited = true
  vip = false
  carrier = true
  unfit: boolean | null = null
  mode: ModeRecord = { mode: 'unset', being: null, problem: null }
  saved: SavedState | null = null
  history: HistoryEntry[] = []
  readonly counting = new Counting()
  /** Every change of the outside, in order, as short words. */
  readonly changes: string[] = []
  readonly log: string[] = []
  database = {
    writable: false,
    hung: false,
    replication: null as ReplicationStatus | null,
    commitsWithPeer: false,
    binlogPosition: '0-1-5',
    binlogState: '0-1-5',
    /** Commits wait and no acknowledgement comes. */
    unacknowledged: false,
    replicas: [] as string[],
    lead: null as Lead | null,
    fenceWorks: true,
    /** A fence with less time than this cannot be proven. */
    fenceNeedsMs: 0,
    /** Where it stands in its Galera cluster; null: in none. */
    cluster: null as Membership | null,
  }
  peer: PeerStatus = {
    reachable: true,
    writable: false,
    cluster: null,
    detail: '',
    applied: '0-1-5',
    binlogPosition: '0-1-5',
    binlogState: '0-1-5',
    commitsWithPeer: false,
    lead: null,
    leadKnown: true,
    refused: false,
  }
  /** How the peer is, as it says itself; null: its database does not answer. */
  details: PeerDetails | null = null
  /** Since the peer's supervisor last asked; null: it is not connected. */
  heardMs: number | null = 100
  obstacles: Obstacle[] = []
  readonly announced: Omit<Presence, 'at'>[] = []
  witness: boolean | null = null
  /** Whether one of the other machines answers a ping; null: nobody asks. */
  othersAnswer: boolean | null = null
  /** When it last did, by the machine's clock. */
  witnessAnsweredAt = Number.POSITIVE_INFINITY
  /** When somebody last answered at the VIP, by the machine's clock. */
  vipAnsweredAt = Number.NEGATIVE_INFINITY
  /** Called after each change; a test looks for what must never be, or throws Killed. */
  onChange: (change: string) => void = () => {}
  probes: Parts['probes'] = []
  /** Variables that were taken out of systemd's environment. */
  readonly forgotten: string[] = []
  /** The files of a Galera member, and the others; null: nobody asks. */
  galera: Parts['cluster'] = null
  /** The operator's programs, by name; undefined: it agrees. */
  hooks: Record<string, (call: HookCall) => Promise<HookOutcome | undefined>> = {}
  /** Before a step of this name is done, the test may let something happen. */
  before = new Map<string, () => void | Promise<void>>()
  failing = new Map<string, string>()
  modeWriteFails = false
  /** Replication ends with an error as soon as it was started. */
  stopsAtOnce = false
  /** The supervisor was killed: whatever it still tries does not happen. */
  dead = false
  now = Date.parse('2026-01-01T00:00:00Z')
  #slept = 0
  readonly #watchers = new Set<(status: UnitStatus) => void>()

  constructor(node: 'host1' | 'host2' = 'host1', engine: Engine = 'mariadb') {
    this.config = exampleConfig(node, engine)
    this.database.replicas = [this.peerAddress]
    for (const { name } of this.config.units)
      this.units.set(name, { active: 'inactive', file: 'enabled', jobPending: false })
    this.units.set('ap.service', { active: 'inactive', file: 'disabled', jobPending: false })
  }

  /** Everything runs, as on the machine of a healthy pair. */
  running(vip: boolean): this {
    for (const { name, runs } of this.config.units)
      this.unit(name).active = runs === 'holder' && !vip ? 'inactive' : 'active'
    for (const { name } of this.config.units) this.unit(name).file = 'disabled'
    this.vip = vip
    this.unfit = false
    this.mode = { mode: 'ap', being: null, problem: null }
    this.database.writable = vip
    this.database.commitsWithPeer = vip
    this.database.replication = vip ? null : following(this.peerAddress)
    if (!vip) this.database.replicas = []
    const lead = {
      epoch: 1,
      node: vip ? this.config.node.name : this.peerName,
      at: '2026-01-01T00:00:00.000Z',
      reason: '',
      gtid: '',
    }
    this.database.lead = lead
    this.saved = { role: this.config.node.role, peerAttachedAt: null, claim: vip ? 'shared' : 'none', cloning: null }
    this.peer = { ...this.peer, writable: !vip, commitsWithPeer: !vip, lead }
    return this
  }

  /** A member of a whole cluster, as the other one is. */
  member(vip: boolean): this {
    this.running(vip)
    this.database = {
      ...this.database,
      writable: true,
      replication: null,
      commitsWithPeer: true,
      replicas: [this.peerAddress],
      cluster: synced,
    }
    const lead = this.database.lead
    this.saved = { role: this.config.node.role, peerAttachedAt: null, claim: 'none', cloning: null }
    this.peer = { ...this.peer, writable: true, commitsWithPeer: true, cluster: synced, lead }
    return this
  }

  /** The other one is gone without a word, and the component with it. */
  loses(peer: Partial<PeerStatus> = { reachable: false, writable: null, cluster: null }): this {
    const alone = { component: 'non-Primary', state: 'Initialized', ready: false, size: 1 } as const
    this.#cluster({ ...alone, members: [this.config.node.address] })
    this.database.replicas = []
    this.peer = { ...this.peer, ...peer }
    return this
  }

  /** The other machine is well, and takes over when this one lets go. */
  beside(takesOver = true): this {
    this.details = {
      presence: {
        node: this.peerName,
        version: '',
        mode: 'ap',
        role: 'standby',
        vrrp: 'backup',
        fit: true,
        reasons: '',
        configuration: fingerprint(this.config),
        freeMb: null,
        at: '2026-01-01T00:00:00.000Z',
      },
      replication: following('192.168.33.101'),
      replicationKnown: true,
    }
    const changed = this.onChange
    this.onChange = (change) => {
      changed(change)
      if (change !== 'unfit' || !takesOver) return
      this.vip = false
      const lead = {
        epoch: (this.database.lead?.epoch ?? 0) + 1,
        node: this.peerName,
        at: '2026-01-01T00:00:00.000Z',
        reason: '',
        gtid: '',
      }
      this.peer = { ...this.peer, writable: true, commitsWithPeer: true, lead }
      if (this.database.replication !== null) this.database.lead = lead
    }
    return this
  }

  unit(name: string): FakeUnit {
    const unit = this.units.get(name)
    if (unit === undefined) throw new Error(`no unit ${name}`)
    return unit
  }

  get peerName(): string {
    return this.config.peer?.name ?? ''
  }

  get peerAddress(): string {
    return this.config.peer?.address ?? ''
  }

  get databaseRuns(): boolean {
    return this.unit('mariadb.service').active === 'active'
  }

  /** A client could write now. */
  get acceptsWrites(): boolean {
    return this.databaseRuns && this.database.writable
  }

  /** What systemd says by itself: the unit changed and nobody of us asked for it. */
  becomes(name: string, active: ActiveState): void {
    this.unit(name).active = active
    for (const watcher of this.#watchers) watcher(this.#status(name))
  }

  parts(): Parts {
    const log = (level: string) => (_facts: object, sentence: string) => void this.log.push(`${level} ${sentence}`)
    return {
      config: this.config,
      systemd: this.#systemd(),
      database: this.config.database.engine === 'none' ? null : this.#database(),
      cloner: null,
      cluster: this.galera,
      network: {
        holdsVip: () => this.vip && this.carrier,
        carrier: () => this.carrier,
        removeVip: () =>
          this.#change('remove-vip', () => {
            this.vip = false
          }),
        watch: () => () => {},
      },
      witness: pinged(
        () => this.witness,
        () => (this.witness === true ? this.witnessAnsweredAt : Number.NEGATIVE_INFINITY),
      ),
      othersAnswer: pinged(
        () => this.othersAnswer,
        () => (this.othersAnswer === true ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY),
      ),
      vipHolder: pinged(
        () => Number.isFinite(this.vipAnsweredAt),
        () => this.vipAnsweredAt,
      ),
      modeFile: {
        read: () => this.mode,
        writeBeing: (mode: Mode) => this.#writeMode(`being ${mode}`, { ...this.mode, being: mode }),
        write: (mode: Mode) => this.#writeMode(`mode ${mode}`, { mode, being: null, problem: null }),
        watch: () => () => {},
      },
      stateFile: {
        read: () => this.saved,
        write: (state) => {
          if (!this.dead) this.saved = state
        },
        forget: () => {
          this.saved = null
        },
      },
      unfitFile: {
        read: () => this.unfit,
        write: (unfit) => {
          if (this.dead) throw new Killed('unfit')
          this.unfit = unfit
          this.#changed(unfit ? 'unfit' : 'fit')
        },
      },
      hooks: {
        list: () => ({ names: Object.keys(this.hooks).sort(), refused: [] }),
        run: async (name, call) => {
          const word = `hook ${name} ${call.phase} ${call.event}`
          // A hook that is told is none of the changes that a supervisor is killed after: nobody waits for it.
          if (call.phase === 'post') this.changes.push(word)
          else this.#changed(word)
          return (await this.hooks[name]?.(call)) ?? { answer: 'yes', detail: '', output: '' }
        },
      },
      counting: this.counting,
      history: {
        append: (entry) => {
          this.history.push(entry)
          return { ok: true, detail: '' }
        },
        newest: (count) => this.history.slice(-count),
      },
      probes: this.probes,
      clock: {
        now: () => this.now,
        elapsed: () => performance.now() + this.#slept,
        sleep: async (ms) => {
          this.#slept += ms
        },
      },
      log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') } satisfies Log,
    }
  }

  #writeMode(word: string, record: ModeRecord): void {
    if (this.dead) throw new Killed(word)
    if (this.modeWriteFails) throw new Error('cannot write the mode file: no space left on device')
    this.mode = record
    this.#changed(word)
  }

  #changed(change: string): void {
    this.changes.push(change)
    this.onChange(change)
  }

  async #change(change: string, apply: () => void): Promise<void> {
    await this.before.get(change)?.()
    if (this.dead) throw new Killed(change)
    const failure = this.failing.get(change)
    if (failure !== undefined) throw new Error(failure)
    apply()
    this.#changed(change)
  }

  #status(name: string): UnitStatus {
    const unit = this.units.get(name)
    return {
      name,
      id: name,
      active: unit?.active ?? 'missing',
      sub: unit?.active === 'active' ? 'running' : 'dead',
      file: unit?.file ?? 'missing',
      load: unit === undefined ? 'not-found' : 'loaded',
      jobPending: unit?.jobPending ?? false,
      mainPid: unit?.active === 'active' ? 100 : 0,
    }
  }

  #systemd(): Systemd {
    const files = (state: UnitFileState) => (units: readonly string[] | undefined) => {
      for (const name of units ?? []) this.unit(name).file = state
    }
    return {
      open: async () => {},
      stopWaiting: () => {
        this.busAwaited = false
      },
      close: () => {},
      connected: true,
      observe: async (units) => {
        if (!this.busConnected) throw new Error('the bus is gone')
        return units.map((name) => this.#status(name))
      },
      start: async (unit, { variable }) => {
        if (variable !== undefined) this.changes.push(`${variable.name}=${variable.value}`)
        await this.#change(`start ${unit}`, () => {
          this.unit(unit).active = 'active'
          if (unit === 'mariadb.service') this.database.writable = false
        })
        return { result: 'done', detail: '' }
      },
      stop: async (unit) => {
        await this.#change(`stop ${unit}`, () => {
          this.unit(unit).active = 'inactive'
          if (unit === 'keepalived.service') this.vip = false
        })
        return { result: 'done', detail: '' }
      },
      kill: async (unit) => {
        await this.#change(`kill ${unit}`, () => {
          this.unit(unit).active = 'failed'
        })
      },
      changeFiles: async ({ mask, unmask, disable, enable }) => {
        await this.#change('files', () => {
          files('disabled')(unmask)
          files('disabled')(disable)
          files('enabled')(enable)
          files('masked')(mask)
        })
        return []
      },
      forgetVariable: async ({ name }) => void this.forgotten.push(name),
      keepVariable: async () => {},
      systemState: async () => 'running',
      watch: (_units, listener) => {
        this.#watchers.add(listener)
        return () => this.#watchers.delete(listener)
      },
      onConnection: () => () => {},
    }
  }

  #cluster(changes: Partial<Membership>): void {
    const { cluster } = this.database
    if (cluster !== null) this.database.cluster = { ...cluster, ...changes }
  }

  #database(): Database {
    const { database } = this
    return {
      open: () => {},
      close: async () => {},
      ping: async () => (database.hung ? 'it does not answer' : null),
      folders: () => [],
      announce: async (presence) => void this.announced.push(presence),
      examinePeer: async () => this.details,
      heardFrom: async () => this.heardMs,
      obstacles: async () => this.obstacles,
      observe: async (): Promise<DatabaseStatus> => {
        if (!this.databaseRuns) return { answers: false, reason: 'down', detail: 'nothing listens' }
        if (database.hung) return { answers: false, reason: 'hung', detail: 'it does not answer' }
        const { writable, commitsWithPeer, replication, binlogPosition, binlogState, replicas, lead } = database
        const cluster = database.cluster === null ? null : { ...database.cluster, readOnly: !writable }
        const takes = cluster === null || (cluster.ready && cluster.component === 'Primary')
        return {
          answers: true,
          version: '10.11.6',
          serverId: this.config.node.name === 'host1' ? '1' : '2',
          writable: writable && takes,
          cluster,
          commitsWithPeer,
          replication,
          binlogPosition,
          binlogState,
          replicas,
          lead,
        }
      },
      fence: async ({ timeoutMs }): Promise<FenceOutcome> => {
        if (!this.databaseRuns) return { proven: true, killed: 0, detail: 'nothing listens' }
        const slow = timeoutMs < database.fenceNeedsMs
        if (database.hung || slow || !database.fenceWorks)
          return { proven: false, killed: 0, detail: 'it does not answer' }
        await this.#change('fence', () => {
          database.writable = false
        })
        return { proven: true, killed: 0, detail: '' }
      },
      drain: async () => {
        await this.#change('drain', () => {
          if (database.replication !== null) database.replication = { ...database.replication, io: 'No' }
        })
        return { complete: true, detail: '', left: 0 }
      },
      stopReplication: () =>
        this.#change('stop-replication', () => {
          if (database.replication !== null) database.replication = { ...database.replication, io: 'No', sql: false }
        }),
      forgetPrimary: () =>
        this.#change('forget-primary', () => {
          database.replication = null
        }),
      recordLead: async ({ node, reason }, { timeoutMs }) => {
        if (database.commitsWithPeer && database.unacknowledged) {
          throw new ApmodeError('timeout', `the row is not acknowledged within ${timeoutMs} ms`)
        }
        const lead = { epoch: (database.lead?.epoch ?? 0) + 1, node, at: '2026-01-01T00:00:00.000Z', reason, gtid: '' }
        await this.#change('record-lead', () => {
          database.lead = lead
        })
        return lead
      },
      acknowledgements: async () => ({ waiting: database.unacknowledged ? 1 : 0, received: 0 }),
      keepTransactions: async (_ranges, folder) => {
        await this.#change('keep-transactions', () => {})
        return `${folder}/kept.sql`
      },
      commitWithPeer: (on) =>
        this.#change(on ? 'commit-with-peer' : 'commit-alone', () => {
          database.commitsWithPeer = on
        }),
      disconnectReplica: async (address) => {
        database.replicas = database.replicas.filter((replica) => replica !== address)
      },
      allowWrites: () =>
        this.#change('allow-writes', () => {
          database.writable = true
        }),
      follow: () =>
        this.#change('follow', () => {
          database.replication = { ...following(this.peerAddress), ...(this.stopsAtOnce ? { io: 'No' } : {}) }
        }),
      desync: (on) =>
        this.#change(on ? 'desync' : 'resync', () =>
          this.#cluster({ desynced: on, state: on ? 'Donor/Desynced' : 'Synced' }),
        ),
      formComponent: () =>
        this.#change('form-component', () =>
          this.#cluster({ component: 'Primary', state: 'Synced', ready: true, size: 1 }),
        ),
      observePeer: async () => this.peer,
      waitForPeer: async () => {
        await this.#change('wait-for-peer', () => {})
        return { complete: true, detail: '' }
      },
    }
  }
}

export function following(address: string): ReplicationStatus {
  return {
    source: `${address}:3306`,
    io: 'Yes',
    sql: true,
    lagSeconds: 0,
    gtid: '0-1-5',
    received: '0-1-5',
    errno: 0,
    error: '',
  }
}

/** Of two members, whole: this one and the peer. */
export const synced: Membership = {
  component: 'Primary',
  state: 'Synced',
  ready: true,
  size: 2,
  members: ['192.168.33.101', '192.168.33.102'],
  uuid: '6a5a31f2-c6b1-11f0-9d1c-2f3a0b9c1d2e',
  seqno: 5,
  desynced: false,
  queue: 0,
  paused: 0,
  readOnly: false,
  leads: [{ epoch: 1, node: 'host1', mark: 'first' }],
}
