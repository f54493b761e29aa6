/**
 * Looks at everything once: systemd, the database, the interface, the tracked file and, when it is asked for, the peer.
 * Never throws: what does not answer within its limit is unknown. It remembers only what cannot be looked up (whether
 * the peer was attached, whether a fence was proven, what is down on purpose).
 */
import { bootUnitOf } from '../core/config.ts'
import type { Consent } from '../core/consent.ts'
import {
  isRunning,
  type Observed,
  type ObservedCheck,
  type ObservedUnit,
  routerOf,
  type Withdrawal,
} from '../core/observed.ts'
import { START_AS_REPLICA } from '../core/step.ts'
import type { DatabaseStatus, PeerStatus } from '../ports/database.ts'
import type { UnitStatus } from '../ports/systemd.ts'
import type { Bond } from './bond.ts'
import { ATTACHED_MEMORY_MS, LIMITS } from './limits.ts'
import type { Memory } from './memory.ts'
import { startWindowOf } from './pace.ts'
import { type Parts, primaryOf } from './parts.ts'
import { Patience } from './patience.ts'
import { Sight } from './sight.ts'
import { lookAtStarts, Starts } from './starts.ts'
import type { Thoroughness } from './thoroughness.ts'

/** A look at the peer that is not older still says something about whether this machine is fit. */
const RECENT_MS = 1_000

interface Hears {
  readonly checks: () => readonly ObservedCheck[]
  readonly consent: () => Consent
  readonly onChange: () => void
}

interface Claims {
  readonly takesPart: boolean
  readonly inPair: boolean
  readonly active: boolean
}

export class Observer {
  readonly memory: Memory
  readonly #parts: Parts
  readonly #told = new Map<string, UnitStatus>()
  /** When each unit was last seen to run. */
  readonly #ranAt = new Map<string, number>()
  /** By the last look. */
  #writable = false
  readonly #patience = new Patience()
  readonly #hears: Hears
  readonly #bond: Bond

  constructor(parts: Parts, bond: Bond, peerAttachedAt: number | null, hears: Hears) {
    this.#parts = parts
    this.#bond = bond
    this.#hears = hears
    const downExpected = new Set(parts.config.units.map((unit) => unit.name))
    this.memory = {
      peerAttachedAt,
      fenced: false,
      startsAsReplica: false,
      downExpected,
      peer: null,
      peerAt: Number.NEGATIVE_INFINITY,
      peerHeardAt: Number.NEGATIVE_INFINITY,
      sight: new Sight(hears.onChange),
      starts: new Starts(startWindowOf(parts.config)),
    }
  }

  /** `withdrawal`: what an operation takes away from this machine now. */
  async look(how: Thoroughness, claims: Claims, withdrawal: Withdrawal | null): Promise<Observed> {
    const { network, unfitFile } = this.#parts
    const promotes = claims.takesPart && network.holdsVip() && !this.#writable
    const [database, statuses, early] = await Promise.all([
      // First, since it costs the least to send.
      this.#database(),
      this.#units(how),
      how === 'everything'
        ? this.lookAtPeer(LIMITS.peerLook * 5)
        : promotes
          ? this.lookAtPeer(this.#patience.limitMs)
          : null,
    ])
    const bootUnit = { name: bootUnitOf(this.#parts.config), file: statuses?.at(-1)?.file ?? null }
    const seen = { units: this.#unitsFrom(statuses), bootUnit, database }
    const starting = lookAtStarts(this.memory.starts, this.#parts, seen.units, this.#hears.checks())
    const router = routerOf(seen)
    for (const unit of seen.units) if (isRunning(unit)) this.memory.downExpected.delete(unit.name)
    const down = router !== undefined && router.active !== null && !isRunning(router)
    const shuttingDown = down ? await this.#shuttingDown() : false
    const vip = network.holdsVip()
    // A cluster of two writes on both sides: whether the other one is still there decides who goes on.
    const shared = database?.answers === true && (database.cluster?.size ?? 1) > 1
    const mayPromote = vip && database?.answers === true && (!database.writable || shared)
    const attached = this.#attached(database)
    const follows = database?.answers === true && database.replication !== null
    // Without the VIP: has the peer taken over (then it can be followed, and this machine is not the last one standing)?
    const wonders = claims.active && (!vip || down) && !follows && !attached
    // Whose commits are still its own alone: has the peer caught up?
    const whole = attached && database?.answers === true && database.writable && !database.commitsWithPeer
    const matters = (claims.inPair && wonders) || (claims.takesPart && (mayPromote || (whole && this.#semiSync())))
    const late = early === null && matters ? await this.lookAtPeer(this.#patience.limitMs) : early
    this.#bond.outlook.vip(network.holdsVip(), this.#parts.clock.elapsed())
    return {
      ...seen,
      withdrawal,
      // Asked again after the last wait: the interface may have changed meanwhile.
      vip: network.holdsVip(),
      carrier: network.carrier(),
      unfitDeclared: unfitFile.read(),
      checks: this.#hears.checks(),
      // Alone with its data it goes on trying: nobody could take the VIP.
      starting: claims.inPair || database === null ? starting : { ...starting, failures: [], nobodyElse: false },
      consent: this.#hears.consent(),
      fenced: this.memory.fenced,
      peer: late ?? this.#recentPeer(),
      peerAttached: attached,
      lineage: this.#bond.lineage,
      routerDownExpected: router !== undefined && this.memory.downExpected.has(router.name),
      shuttingDown,
    }
  }

  #semiSync(): boolean {
    return this.#parts.config.database.durability === 'semi-sync'
  }

  /** What systemd said of a watched unit. */
  told(status: UnitStatus): void {
    this.#told.set(status.name, status)
  }

  get unitNames(): readonly string[] {
    const { config } = this.#parts
    return [...config.units.map((unit) => unit.name), bootUnitOf(config)]
  }

  async #units(how: Thoroughness): Promise<UnitStatus[] | null> {
    const { systemd, log } = this.#parts
    const names = this.unitNames
    if (how === 'as told' && systemd.connected) {
      const told = names.flatMap((name) => this.#told.get(name) ?? [])
      if (told.length === names.length) return told
    }
    try {
      return await systemd.observe([...names], { timeoutMs: LIMITS.systemdLook })
    } catch (thrown) {
      log.debug({ err: thrown }, 'systemd does not say how its units are')
      return null
    }
  }

  #unitsFrom(statuses: readonly UnitStatus[] | null): ObservedUnit[] {
    return this.#parts.config.units.map((unit, index) => {
      const status = statuses?.[index]
      return {
        name: unit.name,
        kind: unit.kind,
        runs: unit.runs,
        active: status?.active ?? null,
        sub: status?.sub ?? '',
        file: status?.file ?? null,
        jobPending: status?.jobPending ?? false,
        downMs: this.#downMs(unit.name, status),
      }
    })
  }

  #downMs(name: string, status: UnitStatus | undefined): number {
    const now = this.#parts.clock.elapsed()
    if (status === undefined || isRunning(status)) this.#ranAt.set(name, now)
    return now - (this.#ranAt.get(name) ?? Number.NEGATIVE_INFINITY)
  }

  async #database(): Promise<DatabaseStatus | null> {
    const silent = this.#hears.checks().some(({ kind, trouble }) => kind === 'database' && trouble !== null)
    const status = await this.lookAtDatabase(silent ? LIMITS.hungDatabaseLook : LIMITS.databaseLook)
    if (status === null) return null
    this.#writable = status.answers && status.writable
    if (status.answers) this.memory.fenced = !status.writable
    if (status.answers && this.memory.startsAsReplica) {
      this.memory.startsAsReplica = false
      await this.#parts.systemd.forgetVariable(START_AS_REPLICA, { timeoutMs: LIMITS.systemdLook }).catch(() => {})
    }
    return status
  }

  /** A look at the own database that is remembered; null: there is none. */
  async lookAtDatabase(timeoutMs: number): Promise<DatabaseStatus | null> {
    const { database } = this.#parts
    if (database === null) return null
    const saw = this.memory.sight.look()
    const status = await database.observe({ timeoutMs })
    saw(status)
    return status
  }

  /** Of the last second; what is decided by it is looked at again before anything is granted. */
  #recentPeer(): PeerStatus | null {
    return this.#parts.clock.elapsed() - this.memory.peerAt < RECENT_MS ? this.memory.peer : null
  }

  /** A look that is remembered; null: there is no peer to look at. */
  async lookAtPeer(timeoutMs: number): Promise<PeerStatus | null> {
    const { database, config } = this.#parts
    const primary = primaryOf(config)
    if (database === null || primary === null) return null
    const { clock } = this.#parts
    const begun = clock.elapsed()
    this.memory.peer = await database.observePeer(primary, { timeoutMs })
    this.memory.peerAt = begun
    this.#bond.outlook.looked(this.memory.peer, begun)
    if (this.memory.peer.reachable) {
      this.memory.peerHeardAt = clock.elapsed()
      this.#patience.answered(this.memory.peerHeardAt - begun)
    }
    return this.memory.peer
  }

  async #shuttingDown(): Promise<boolean> {
    try {
      return (await this.#parts.systemd.systemState({ timeoutMs: LIMITS.systemdLook })) === 'stopping'
    } catch {
      return false
    }
  }

  #attached(database: DatabaseStatus | null): boolean {
    const { config, clock } = this.#parts
    if (database === null || config.peer === null) return false
    const { peerAttachedAt } = this.memory
    if (!database.answers) return peerAttachedAt !== null && clock.now() - peerAttachedAt < ATTACHED_MEMORY_MS
    const attached = database.replicas.includes(config.peer.address)
    if (attached) this.memory.peerAttachedAt = clock.now()
    return attached
  }
}
