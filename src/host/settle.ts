/**
 * The one path of every change: observe → transition → judge → withdraw → save → grant → record. A word of keepalived,
 * an operator's command, a boot, a retry and a check all come through here. Invariants: the mode file says `being …`
 * before the first step and the reached mode before the first grant; after a wait nothing is granted on an old look.
 */
import { messageOf } from '../core/errors.ts'
import { withoutStaleWord } from '../core/interpret.ts'
import { type Judgement, judge } from '../core/judge.ts'
import { type Claim, decreed } from '../core/lineage.ts'
import { transition } from '../core/machine.ts'
import type { Observed, ObservedCheck } from '../core/observed.ts'
import { decisionSentence } from '../core/sentence.ts'
import { type MachineEvent, type State, sameState } from '../core/state.ts'
import { type Step, sentenceOf } from '../core/step.ts'
import type { Mode } from '../core/vocabulary.ts'
import type { HistoryEntry, StepRecord } from '../ports/storage.ts'
import { Bond } from './bond.ts'
import { Observer, type Thoroughness } from './observe.ts'
import type { Parts } from './parts.ts'
import { Performer } from './perform.ts'
import { type Request, record, type Settled } from './request.ts'
import { Run } from './run.ts'
import { modeOf } from './standing.ts'

/** Rounds of withdraw and grant in one go; what is not settled then is looked at again by the next check. */
const ROUNDS = 3

export class Settler {
  state: State
  being: Mode | null = null
  /** An operation that takes this machine out of service for now, as a sentence; null: none. */
  withdrawn: string | null = null
  /** The mode could not be written; it is tried again at each look. */
  modeUnsaved: string | null = null
  readonly observer: Observer
  readonly performer: Performer
  readonly bond: Bond
  /** The newest line of the history of this run; null: none yet. */
  lastEntry: HistoryEntry | null = null
  last: { readonly observed: Observed; readonly judgement: Judgement } | null = null
  #attached = false
  #stateUnsaved = false
  readonly #parts: Parts

  constructor(
    parts: Parts,
    state: State,
    saved: { readonly peerAttachedAt: number | null; readonly claim: Claim },
    checks: () => readonly ObservedCheck[] = () => [],
  ) {
    this.#parts = parts
    this.state = state
    this.bond = new Bond(parts, saved.claim)
    this.observer = new Observer(parts, this.bond, saved.peerAttachedAt, checks)
    this.performer = new Performer(parts, this.observer.memory, {
      claim: (claim) => this.claim(claim),
      current: () => this.bond.claim,
      kept: (path) => {
        this.bond.apart.keptIn = path
      },
    })
  }

  async settle(request: Request, grants: AbortSignal): Promise<Settled> {
    const { clock, config } = this.#parts
    const begun = clock.elapsed()
    const from = this.state
    const run = new Run({ performer: this.performer, config, tell: request.onProgress ?? (() => {}), grants })
    let observed = await this.look(request.look ?? 'anew')
    const asked = request.decide(observed, from)
    const doubt = asked !== null && 'believed' in asked && !asked.believed ? asked.sentence : null
    const event = asked === null ? null : 'believed' in asked ? (asked.believed ? asked.event : null) : asked
    const now = withoutStaleWord(from, observed)
    const to = event === null ? now : transition(now, event)
    if (request.event === 'backup' && from.vrrp === 'master' && to.vrrp === 'backup') this.bond.yields()
    if (this.bond.claim === 'alone' && this.bond.yieldedForLong) this.claim('shared')
    // Decided: a supervisor that is killed from here on finishes it (G2).
    if (event?.type === 'master' && from.mode !== to.mode) this.claim('taking')
    this.#begin(from, to, request)
    if (event?.type === 'set') this.claim(decreed(this.bond.claim, event.mode, request.forced === true))
    this.state = to
    if (from.role !== to.role) this.saveState()

    // What moved the machine names the entry, not what made it look.
    const moved = event !== null && event.type !== 'set' && !sameState(from, to)
    const named = moved ? { ...request, event: event.type } : request
    let judgement = this.#judge(observed, named, from)
    for (let round = 0; round < ROUNDS; round += 1) {
      const withdrew = await run.withdraw(judgement.plan.withdraw, observed)
      if (run.result !== 'failed') this.#reach(request)
      if (judgement.plan.grant.length === 0) break
      if (withdrew) {
        observed = await this.look('anew')
        judgement = this.#judge(observed, named, from)
        if (judgement.plan.withdraw.length > 0 && round + 1 < ROUNDS) continue
      }
      await run.grant(judgement.plan.grant)
      break
    }
    if (run.followed) {
      this.claim('none')
      this.bond.followed()
      this.#move({ type: 'followed' })
    }
    // Its last word need not come any more, and would be late.
    if (run.stoppedRouter) this.#move({ type: 'stop', wanted: true, lastStanding: false })
    this.#remember(observed, run.opened)
    this.last = { observed, judgement }
    const sentence = decisionSentence({
      event: named.event,
      from,
      to: this.state,
      holds: judgement.holds,
      unfit: judgement.unfit,
      doubt,
    })
    const settled: Settled = {
      from,
      to: this.state,
      sentence,
      observed,
      judgement,
      done: run.done,
      notDone: run.notDone,
      result: run.result,
    }
    this.lastEntry = record(this.#parts, named, settled, clock.elapsed() - begun) ?? this.lastEntry
    return settled
  }

  /** Begins to watch what ties this machine to its peer; resolves when that is known. */
  startBond(onTurn: (sentence: string, withdraws: boolean) => void): Promise<void> {
    const lookAtPeer = (timeoutMs: number) => this.observer.lookAtPeer(timeoutMs)
    return this.bond.start({ state: () => this.state, lookAtPeer, onTurn })
  }

  look(how: Thoroughness): Promise<Observed> {
    const { mode, role } = this.state
    return this.observer.look(how, {
      takesPart: mode === 'ap' || mode === 's',
      inPair: mode === 'ap',
      active: role === 'active',
    })
  }

  perform(step: Step, signal: AbortSignal): Promise<StepRecord> {
    return this.performer.perform(step, signal)
  }

  sentenceOf(step: Step): string {
    return sentenceOf(step, this.#parts.config)
  }

  /** What this machine knows of its right to write; on the disk when it returns, if the disk takes it. */
  claim(claim: Claim): void {
    if (this.bond.claim === claim && !this.#stateUnsaved) return
    this.bond.claim = claim
    this.saveState()
  }

  saveState(): void {
    this.#stateUnsaved = true
    try {
      const { peerAttachedAt } = this.observer.memory
      this.#parts.stateFile.write({ role: this.state.role, peerAttachedAt, claim: this.bond.claim })
      this.#stateUnsaved = false
    } catch (thrown) {
      this.#parts.log.error({}, `the state could not be saved: ${messageOf(thrown)}`)
      // An old claim on the disk would be believed after a power cut (G2).
      this.#parts.stateFile.forget()
    }
  }

  #judge(observed: Observed, request: Request, from: State): Judgement {
    return judge(this.state, observed, this.#parts.config, {
      event: request.event,
      from,
      planned: request.planned === true,
      withdrawn: this.withdrawn,
    })
  }

  /** `being …` is on the disk before the first step. */
  #begin(from: State, to: State, request: Request): void {
    const mode = modeOf(to.mode)
    if (mode === null || (from.mode === to.mode && this.being === null)) return
    this.being = mode
    try {
      this.#parts.modeFile.writeBeing(mode)
    } catch (thrown) {
      if (request.needsDurableMode === true) {
        this.being = null
        throw thrown
      }
      this.#unsaved(thrown)
    }
  }

  /** The mode counts as reached once every withdrawal was made; grants come after. */
  #reach(request: Request): void {
    const mode = modeOf(this.state.mode)
    if (mode === null || (this.being === null && this.modeUnsaved === null)) return
    try {
      this.#parts.modeFile.write(mode)
      this.being = null
      this.modeUnsaved = null
    } catch (thrown) {
      this.#unsaved(thrown)
      if (request.needsDurableMode === true) throw thrown
    }
  }

  #unsaved(thrown: unknown): void {
    this.modeUnsaved = messageOf(thrown)
    this.being = null
    this.#parts.log.error({}, `the mode could not be saved, going on without: ${this.modeUnsaved}`)
  }

  /** What must be known after a crash too: whether a peer was there (G4), and what that makes of the claim (G2). */
  #remember(observed: Observed, opened: boolean): void {
    const { bond } = this
    const attached = observed.peerAttached
    const writable = opened || (observed.database?.answers === true && observed.database.writable)
    const master = this.state.vrrp === 'master'
    // A machine that came back from maintenance has nothing to hand over yet.
    bond.led = this.state.mode !== 'm' && (bond.led || (writable && master))
    if (writable && master) bond.leads()
    bond.leadKept = master && (bond.leadKept || (writable && observed.vip))
    const async = this.#parts.config.database.durability === 'async'
    if (writable && master && observed.vip) {
      // Who waits for acknowledgements says so before and after; without them being attached is all there is.
      if (async) this.claim(attached ? 'shared' : 'alone')
      else if (bond.claim !== 'shared') this.claim('alone')
    }
    if (bond.claim === 'taking' && !master && !writable) this.claim('none')
    if (attached === this.#attached && !this.#stateUnsaved) return
    this.#attached = attached
    this.saveState()
  }

  /** What was done moves the machine too: one that follows its writable peer is the standby. */
  #move(event: MachineEvent): void {
    const before = this.state
    this.state = transition(before, event)
    if (this.state.role !== before.role) this.saveState()
  }
}
