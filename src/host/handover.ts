/**
 * The other machine takes over on purpose. Fence; offer the lead in apmode.lead; let the peer catch up; follow it already;
 * let the VIP go; wait until it accepts writes. Invariants: nothing is touched before every check has passed; whatever
 * fails before the peer accepts writes puts this machine back; the VIP goes only once this machine is proven to be the
 * peer's complete replica, so that a peer that dies on the way leaves no doubt. The steps are the plan's, not its own.
 */

import { offerIn, type Purpose } from '../core/handover.ts'
import { lookUp } from '../core/interpret.ts'
import type { Withdrawal } from '../core/observed.ts'
import { elsewhere, type HandoverFacts, handoverRefusals, refusalsByWord } from '../core/preflight.ts'
import type { CommandResult } from '../ports/control.ts'
import type { PeerStatus } from '../ports/database.ts'
import { Account } from './account.ts'
import { fingerprint } from './fingerprint.ts'
import { freeMbOf } from './free-space.ts'
import { refused, type Tell } from './jobs.ts'
import { LIMITS } from './limits.ts'
import { HANDOVER_SILENT_MS, RETRY_FIRST_MS } from './pace.ts'
import { primaryOf } from './parts.ts'
import { proveWhole } from './proving.ts'
import { record, type Settled } from './request.ts'
import type { Supervisor } from './supervisor.ts'

export interface HandoverOrder {
  readonly purpose: Purpose
  /** End what holds up the fence: long transactions, table locks. */
  readonly kill: boolean
  /** For the whole of it; null: `handover_timeout`. */
  readonly timeoutMs: number | null
}

/** How often the peer is asked whether it accepts writes already. */
const ASK_MS = 3
/** How long this machine waits for the VIP to come back when it is undone: keepalived's own way, and its safety net. */
const BACK_MS = 15_000
/** A transaction that is open for longer may stay so. */
const LONG_TRANSACTION_MS = 1_000
const LOOK_MS = 1_000
/** What the peer says of itself can be so much older than the peer. */
const WORD_MS = 1_500

export class Handover {
  readonly #supervisor: Supervisor

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor
  }

  /** Why not; null: nothing stands against it. Looks at everything, changes nothing. */
  async refusal({ purpose, kill }: HandoverOrder): Promise<CommandResult | null> {
    const { settler, parts } = this.#supervisor
    const { clock, config } = parts
    const until = clock.elapsed() + WORD_MS
    for (;;) {
      const facts = await this.#facts()
      const where = elsewhere(settler.state, facts.observed, config, purpose)
      if (where !== null) return refused('handover', where)
      const reasons = handoverRefusals(facts, config, kill)
      if (reasons.length === 0) return null
      const mayPass = reasons.length === refusalsByWord(facts, config).length
      if (!mayPass || clock.elapsed() > until) return refused('handover', `nothing was touched: ${reasons.join('; ')}`)
      await clock.sleep(RETRY_FIRST_MS)
    }
  }

  async #facts(): Promise<HandoverFacts> {
    const { settler, parts } = this.#supervisor
    const { database, config } = parts
    const primary = primaryOf(config)
    const observed = await settler.look('everything')
    const configuration = fingerprint(config)
    if (database === null || primary === null || config.peer === null) {
      return { observed, peer: null, heardMs: null, obstacles: null, configuration, freeMb: null }
    }
    const call = { timeoutMs: LOOK_MS }
    const [peer, heardMs, obstacles, freeMb] = await Promise.all([
      database.examinePeer(primary, config.peer.name, call).catch(() => null),
      database.heardFrom(primary, call).catch(() => null),
      database.obstacles({ transactionMs: LONG_TRANSACTION_MS }, call).catch(() => null),
      freeMbOf(database.folders()),
    ])
    return { observed, peer, heardMs, obstacles, configuration, freeMb }
  }

  /** After `refusal`, in the same job. The peer leads when the exit is 0; otherwise this machine does, or says what it waits for. */
  async run(order: HandoverOrder, tell: Tell, grants: AbortSignal): Promise<CommandResult> {
    const { settler, parts, followUp } = this.#supervisor
    const { clock, config } = parts
    const to = config.peer?.name ?? ''
    const begun = clock.elapsed()
    const from = settler.state
    const deadline = begun + (order.timeoutMs ?? config.database.handoverTimeoutMs)
    const account = new Account()
    const withdrawal = (stage: Withdrawal['stage']): Withdrawal => ({
      stage,
      sentence: `the lead is being handed over to ${to}`,
      offer: { purpose: order.purpose, to },
      follows: true,
    })
    /** `undoable`: on the way there; otherwise whatever the machine itself shows decides. */
    const settle = async (undoable: boolean) => {
      const peerWaitMs = Math.max(deadline - clock.elapsed(), 1)
      const settled = await settler.settle(
        {
          event: order.purpose,
          source: 'operator',
          planned: true,
          unrecorded: true,
          undoable,
          peerWaitMs,
          onProgress: tell,
          // Unfit it is only because it was asked to be: that throws nobody out of the pair.
          decide: (observed, state) =>
            undoable ? null : lookUp(state, observed, config, observed.unfitDeclared === true),
        },
        grants,
      )
      account.add(settled)
      return settled
    }
    parts.log.info({}, `handing the lead over to ${to} (${order.purpose}) begins`)
    // Members of a cluster write both: only the VIP moves.
    const clustered = config.database.engine === 'galera'
    settler.withdraw(withdrawal(clustered ? 'vip' : 'writes'))
    let why = ''
    let last: Settled
    try {
      last = await settle(true)
      why = account.trouble()
      if (why === '' && !clustered && !(await proveWhole(settler.bond, clock, deadline, () => this.#peerIsSilent()))) {
        why = `it was not proven in time that this machine has everything that ${to} has`
      }
      if (why === '' && !clustered) {
        settler.withdraw(withdrawal('vip'))
        last = await settle(true)
        why = account.trouble()
      }
      if (why === '' && !(await this.#taken(deadline, grants))) why = `${to} did not accept writes in time`
    } finally {
      settler.withdraw(null)
    }
    if (why === '') {
      settler.yielded()
      last = await settle(false)
    } else {
      tell({ type: 'note', sentence: `${why}; this machine goes on` })
      account.failed = false
      last = await this.#back(() => settle(false), grants)
      account.failed = true
    }
    const result = account.result(
      why === '' ? `${to} leads, and accepts writes` : `not handed over: ${why}; ${this.#whereNow()}`,
    )
    const ms = clock.elapsed() - begun
    const whole: Settled = {
      ...last,
      from,
      done: account.done,
      notDone: account.notDone,
      result: why === '' ? last.result : 'failed',
      sentence: `${order.purpose}: ${result.sentence}; ${last.sentence}`,
    }
    const entry = { event: order.purpose, source: 'operator', alwaysRecord: true, decide: () => null }
    settler.told(record(parts, entry, whole, ms, null))
    followUp.after(last)
    return { ...result, exit: why === '' ? 0 : 1 }
  }

  /** The peer accepts writes: from here on there is no way back but another handover. */
  async #taken(deadline: number, grants: AbortSignal): Promise<boolean> {
    const { settler, parts } = this.#supervisor
    while (parts.clock.elapsed() < deadline && !grants.aborted && !this.#peerIsSilent()) {
      const peer = await settler.observer.lookAtPeer(LIMITS.peerLook)
      if (this.#leads(peer)) return true
      await parts.clock.sleep(ASK_MS)
    }
    return false
  }

  #leads(peer: PeerStatus | null): boolean {
    const { engine } = this.#supervisor.parts.config.database
    if (engine !== 'galera') return peer?.writable === true
    return peer?.lead != null && peer.lead.node === this.#supervisor.parts.config.peer?.name
  }

  /** Until this machine accepts writes again, or the peer does after all. */
  async #back(settle: () => Promise<Settled>, grants: AbortSignal): Promise<Settled> {
    const { settler, parts } = this.#supervisor
    const { clock, network } = parts
    const until = clock.elapsed() + BACK_MS
    let last = await settle()
    let pauseMs = ASK_MS
    while (!this.#settled() && clock.elapsed() < until && !grants.aborted) {
      const held = network.holdsVip()
      await clock.sleep(pauseMs)
      if (held) pauseMs = Math.min(pauseMs * 2, RETRY_FIRST_MS)
      const peer = held ? null : await settler.observer.lookAtPeer(LIMITS.peerLook)
      if (network.holdsVip() || peer?.writable === true) last = await settle()
    }
    return last
  }

  /** As long as its lease lasts, this machine can still take the lead back; one that is gone must be given up before. */
  #peerIsSilent(): boolean {
    const { settler, parts } = this.#supervisor
    return parts.clock.elapsed() - settler.observer.memory.peerHeardAt > HANDOVER_SILENT_MS
  }

  #settled(): boolean {
    const { observed } = this.#supervisor.settler.last ?? {}
    const own = observed?.database
    const here = own?.answers === true && own.writable
    return here || observed?.peer?.writable === true
  }

  #whereNow(): string {
    const { last, state } = this.#supervisor.settler
    const own = last?.observed.database
    if (own?.answers === true && own.writable && offerIn(own.lead) === null) return 'this machine accepts writes again'
    const waits = [...(last?.judgement.unfit ?? []), ...(last?.judgement.holds ?? [])]
    return `this machine is ${state.role} in ${state.mode}, VRRP ${state.vrrp}${waits.length > 0 ? `: ${waits.join('; ')}` : ''}`
  }
}
