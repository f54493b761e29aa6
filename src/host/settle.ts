/**
 * The one path of every change: observe → transition → judge → withdraw → save → grant → record. A word of keepalived,
 * an operator's command, a boot, a retry and a check all come through here. Invariants: the mode file says `being …`
 * before the first step and the reached mode before the first grant; after a wait nothing is granted on an old look.
 */
import { messageOf } from '../core/errors.ts'
import type { Judgement } from '../core/judge.ts'
import { type Claim, decreed, isUsedUp } from '../core/lineage.ts'
import { transition } from '../core/machine.ts'
import type { Observed, ObservedCheck, Withdrawal } from '../core/observed.ts'
import { decisionSentence } from '../core/sentence.ts'
import { type MachineEvent, type State, sameState } from '../core/state.ts'
import { type Step, sentenceOf } from '../core/step.ts'
import type { Mode } from '../core/vocabulary.ts'
import type { HistoryEntry, SavedState, StepRecord } from '../ports/storage.ts'
import { Bond } from './bond.ts'
import { consult } from './consult.ts'
import { decided, judged } from './decide.ts'
import { HookDesk } from './hook-desk.ts'
import { ModeChange } from './mode-change.ts'
import { Observer } from './observe.ts'
import type { Parts } from './parts.ts'
import { Performer } from './perform.ts'
import { type Request, record, type Settled } from './request.ts'
import { Run } from './run.ts'
import type { Thoroughness } from './thoroughness.ts'

const ALONE = { offer: null, follows: false } as const
/** Rounds of withdraw and grant in one go; what is not settled then is looked at again by the next check. */
const ROUNDS = 3

export class Settler {
  state: State
  readonly mode: ModeChange
  /** An operation that takes rights away for now; null: none. */
  withdrawal: Withdrawal | null = null
  readonly observer: Observer
  readonly performer: Performer
  readonly bond: Bond
  readonly hooks: HookDesk
  /** The newest line of the history of this run; null: none yet. */
  lastEntry: HistoryEntry | null = null
  last: { readonly observed: Observed; readonly judgement: Judgement } | null = null
  /** Called after each settling. */
  onSettled: (judgement: Judgement) => void = () => {}
  #attached = false
  #stateUnsaved = false
  readonly #parts: Parts
  readonly #onChange: () => void

  constructor(
    parts: Parts,
    state: State,
    saved: Pick<SavedState, 'peerAttachedAt' | 'claim' | 'cloning' | 'member'>,
    hears: { readonly checks?: () => readonly ObservedCheck[]; readonly onChange?: () => void } = {},
  ) {
    const { checks = () => [], onChange = () => {} } = hears
    this.#onChange = onChange
    this.#parts = parts
    this.state = state
    this.mode = new ModeChange(parts)
    this.withdrawal = saved.cloning === null ? null : { stage: 'data', sentence: saved.cloning, ...ALONE }
    this.bond = new Bond(parts, saved.claim, onChange)
    this.bond.member.keep(saved.member, () => this.saveState())
    this.hooks = new HookDesk(parts)
    const consent = () => this.hooks.consent
    this.observer = new Observer(parts, this.bond, saved.peerAttachedAt, { checks, consent, onChange })
    this.performer = new Performer(parts, this.observer.memory, {
      claim: (claim) => this.claim(claim),
      current: () => this.bond.claim,
      kept: (path) => {
        this.bond.apart.keptIn = path
      },
      unrecorded: (is) => this.bond.member.change({ unrecorded: is }),
    })
  }

  async settle(request: Request, grants: AbortSignal): Promise<Settled> {
    const { clock, config } = this.#parts
    const begun = clock.elapsed()
    const from = this.state
    const tell = request.onProgress ?? (() => {})
    const run = new Run({ performer: this.performer, config, tell, grants, undoable: request.undoable === true })
    this.hooks.begin()
    let observed = await this.look(request.look ?? 'anew')
    const takes = () => this.bond.claim === 'none' && this.claim('taking')
    const said = await consult({ hooks: this.hooks, config, grants, tell, takes }, request, observed, from)
    if (said !== null) {
      run.done.push(...said)
      // Nothing is granted any more when a withdrawal has taken over: it need not wait for a look.
      if (!grants.aborted) observed = await this.look('anew')
    }
    const { event, to, doubt } = decided(request, observed, from)
    if (request.event === 'backup' && from.vrrp === 'master' && to.vrrp === 'backup') this.bond.yielding.yields(begun)
    if (this.bond.claim === 'alone' && this.bond.yielding.forLong(begun)) this.claim('shared')
    // Decided: a supervisor that is killed from here on finishes it (G2).
    if (event?.type === 'master' && from.mode !== to.mode) this.claim('taking')
    const mustBeDurable = request.needsDurableMode === true
    this.mode.begin(from, to, mustBeDurable)
    if (event?.type === 'set') this.#decreed(event.mode, request.forced === true)
    this.state = to
    this.#onChange()
    if (from.role !== to.role) this.saveState()
    // What moved the machine names the entry, not what made it look.
    const moved = event !== null && event.type !== 'set' && !sameState(from, to)
    const named = moved ? { ...request, event: event.type } : request
    let judgement = judged(to, observed, config, named, from)
    for (let round = 0; round < ROUNDS; round += 1) {
      const withdrew = await run.withdraw(judgement.plan.withdraw, observed)
      if (run.result !== 'failed') this.mode.reach(this.state, mustBeDurable)
      if (judgement.plan.grant.length === 0) break
      if (withdrew) {
        observed = await this.look('anew')
        judgement = judged(to, observed, config, named, from)
        if (judgement.plan.withdraw.length > 0 && round + 1 < ROUNDS) continue
      }
      await run.grant(judgement.plan.grant)
      break
    }
    if (run.followed) this.bond.followed()
    // Whoever has offered its lead goes on claiming it until the peer has taken it.
    if (run.followed && this.withdrawal?.offer == null) this.yielded()
    // Its last word need not come any more, and would be late.
    if (run.stoppedRouter) this.#move({ type: 'stop', wanted: true, lastStanding: false })
    this.#remember(observed, run.opened)
    this.hooks.end()
    this.last = { observed, judgement }
    this.onSettled(judgement)
    const told = request.cameFrom ?? from
    const sentence = decisionSentence({
      event: named.event,
      from: told,
      to: this.state,
      holds: judgement.holds,
      unfit: judgement.unfit,
      doubt,
      engine: config.database.engine,
    })
    const { done, notDone, result } = run
    const settled: Settled = { from: told, to: this.state, sentence, observed, judgement, done, notDone, result }
    if (request.unrecorded === true) return settled
    this.told(record(this.#parts, named, settled, clock.elapsed() - begun, this.lastEntry))
    return settled
  }

  /** A new line of the history; null: nothing was worth one. */
  told(entry: HistoryEntry | null): void {
    if (entry === null) return
    this.lastEntry = entry
    this.hooks.tell(entry)
  }

  /** Begins to watch what ties this machine to its peer; resolves when that is known. */
  startBond(onTurn: (sentence: string, withdraws: boolean) => void): Promise<void> {
    const lookAtPeer = (timeoutMs: number) => this.observer.lookAtPeer(timeoutMs)
    const lookAtDatabase = (timeoutMs: number) => this.observer.lookAtDatabase(timeoutMs)
    return this.bond.start({ state: () => this.state, lookAtDatabase, lookAtPeer, onTurn })
  }

  look(how: Thoroughness): Promise<Observed> {
    const { mode, role } = this.state
    const claims = { takesPart: mode === 'ap' || mode === 's', inPair: mode === 'ap', active: role === 'active' }
    return this.observer.look(how, claims, this.withdrawal)
  }

  perform(step: Step, signal: AbortSignal): Promise<StepRecord> {
    return this.performer.perform(step, signal)
  }

  sentenceOf(step: Step): string {
    return sentenceOf(step, this.#parts.config)
  }

  /** Takes rights away from now on, or gives them back (null): nothing is done before the next settling. */
  withdraw(withdrawal: Withdrawal | null): void {
    const durable = [this.withdrawal, withdrawal].some((one) => one?.stage === 'data')
    this.withdrawal = withdrawal
    if (durable) this.saveState()
  }

  /** The peer leads, and this machine follows it. */
  yielded(): void {
    this.claim('none')
    this.#move({ type: 'followed' })
  }

  /** What this machine knows of its right to write; on the disk when it returns, if the disk takes it. */
  claim(claim: Claim): void {
    // In a cluster the members share the lead; only a person's word is kept.
    const kept = this.#parts.config.database.engine !== 'galera' || claim === 'none' || claim === 'forced'
    if (!kept || (this.bond.claim === claim && !this.#stateUnsaved)) return
    this.bond.claim = claim
    this.saveState()
  }

  saveState(): void {
    this.#stateUnsaved = true
    try {
      const { bond } = this
      const { role } = this.state
      const { peerAttachedAt } = this.observer.memory
      const cloning = this.withdrawal?.stage === 'data' ? this.withdrawal.sentence : null
      this.#parts.stateFile.write({ role, peerAttachedAt, claim: bond.claim, cloning, ...bond.member.saved })
      this.#stateUnsaved = false
    } catch (thrown) {
      this.#parts.log.error({}, `the state could not be saved: ${messageOf(thrown)}`)
      // An old claim on the disk would be believed after a power cut (G2).
      this.#parts.stateFile.forget()
    }
  }

  /** A person's word: it ends what was given up, and may decide whose data counts. */
  #decreed(mode: Mode, forced: boolean): void {
    this.observer.memory.starts.forget()
    if (forced) this.bond.member.change({ ended: null })
    this.claim(decreed(this.bond.claim, mode, forced))
  }

  /** What must be known after a crash too: whether a peer was there (G4), and what that makes of the claim (G2). */
  #remember(observed: Observed, opened: boolean): void {
    const { bond } = this
    const attached = observed.peerAttached
    const writable = opened || (observed.database?.answers === true && observed.database.writable)
    const master = this.state.vrrp === 'master'
    // A machine that came back from maintenance has nothing to hand over yet.
    bond.led = this.state.mode !== 'm' && (bond.led || (writable && master))
    if (writable && master) bond.yielding.leads()
    bond.leadKept = master && (bond.leadKept || (writable && observed.vip))
    const async = this.#parts.config.database.durability === 'async'
    if (writable && master && observed.vip) {
      // Who waits for acknowledgements says so before and after; without them being attached is all there is.
      if (async) this.claim(attached ? 'shared' : 'alone')
      else if (bond.claim !== 'shared') this.claim('alone')
    }
    if ((bond.claim === 'taking' && !master && !writable) || isUsedUp(bond.claim, observed)) this.claim('none')
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
