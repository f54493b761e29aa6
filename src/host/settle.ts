/**
 * The one path of every change: observe → transition → judge → withdraw → save → grant → record. A word of keepalived,
 * an operator's command, a boot, a retry and a check all come through here. Invariants: the mode file says `being …`
 * before the first step and the reached mode before the first grant; after a wait nothing is granted on an old look.
 */
import { messageOf } from '../core/errors.ts'
import { type Interpretation, withoutStaleWord } from '../core/interpret.ts'
import { type Judgement, judge } from '../core/judge.ts'
import { transition } from '../core/machine.ts'
import type { Observed, ObservedCheck } from '../core/observed.ts'
import { decisionSentence } from '../core/sentence.ts'
import { type MachineEvent, type State, sameState } from '../core/state.ts'
import { type Step, sentenceOf } from '../core/step.ts'
import type { Mode } from '../core/vocabulary.ts'
import type { Progress } from '../ports/control.ts'
import type { HistoryEntry, StepRecord } from '../ports/storage.ts'
import { Observer, type Thoroughness } from './observe.ts'
import type { Parts } from './parts.ts'
import { Performer } from './perform.ts'
import { Run } from './run.ts'
import { modeOf } from './standing.ts'

/** Rounds of withdraw and grant in one go; what is not settled then is looked at again by the next check. */
const ROUNDS = 3

export interface Request {
  /** For the history: `master`, `set m`, `check`. */
  readonly event: string
  readonly source: string
  /** Turns what is seen into the machine's event; null: no event, only look whether all is as it must be. */
  decide(observed: Observed, state: State): Interpretation | MachineEvent | null
  readonly planned?: boolean
  /** How thoroughly to look before the decision; `anew` by default. */
  readonly look?: Thoroughness
  readonly onProgress?: (progress: Progress) => void
  /** An operator's command is recorded even when nothing was to be done. */
  readonly alwaysRecord?: boolean
  /** The mode must be durable or nothing is begun (an operator's `set`). */
  readonly needsDurableMode?: boolean
}

export interface Settled {
  readonly from: State
  readonly to: State
  readonly sentence: string
  readonly observed: Observed
  readonly judgement: Judgement
  readonly done: readonly StepRecord[]
  readonly notDone: readonly string[]
  readonly result: HistoryEntry['result']
}

export class Settler {
  state: State
  being: Mode | null = null
  /** An operation that takes this machine out of service for now, as a sentence; null: none. */
  withdrawn: string | null = null
  /** The mode could not be written; it is tried again at each look. */
  modeUnsaved: string | null = null
  readonly observer: Observer
  readonly performer: Performer
  /** The newest line of the history of this run; null: none yet. */
  lastEntry: HistoryEntry | null = null
  last: { readonly observed: Observed; readonly judgement: Judgement } | null = null
  #attached = false
  #stateUnsaved = false
  readonly #parts: Parts

  constructor(
    parts: Parts,
    state: State,
    peerAttachedAt: number | null,
    checks: () => readonly ObservedCheck[] = () => [],
  ) {
    this.#parts = parts
    this.state = state
    this.observer = new Observer(parts, peerAttachedAt, checks)
    this.performer = new Performer(parts, this.observer.memory)
  }

  async settle(request: Request, grants: AbortSignal): Promise<Settled> {
    const { clock } = this.#parts
    const begun = clock.elapsed()
    const from = this.state
    const { config } = this.#parts
    const run = new Run({ performer: this.performer, config, tell: request.onProgress ?? (() => {}), grants })
    let observed = await this.look(request.look ?? 'anew')
    const asked = request.decide(observed, from)
    const doubt = asked !== null && 'believed' in asked && !asked.believed ? asked.sentence : null
    const event = asked === null ? null : 'believed' in asked ? (asked.believed ? asked.event : null) : asked
    const now = withoutStaleWord(from, observed)
    const to = event === null ? now : transition(now, event)
    this.#begin(from, to, request)
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
    if (run.followed) this.#move({ type: 'followed' })
    // Its last word need not come any more, and would be late.
    if (run.stoppedRouter) this.#move({ type: 'stop', wanted: true, lastStanding: false })
    this.#remember(observed.peerAttached)
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
    this.#record(named, settled, clock.elapsed() - begun)
    return settled
  }

  look(how: Thoroughness): Promise<Observed> {
    const { mode, role } = this.state
    return this.observer.look(how, { inPair: mode === 'ap', active: role === 'active' })
  }

  perform(step: Step, signal: AbortSignal): Promise<StepRecord> {
    return this.performer.perform(step, signal)
  }

  sentenceOf(step: Step): string {
    return sentenceOf(step, this.#parts.config)
  }

  saveState(): void {
    this.#stateUnsaved = true
    try {
      this.#parts.stateFile.write({ role: this.state.role, peerAttachedAt: this.observer.memory.peerAttachedAt })
      this.#stateUnsaved = false
    } catch (thrown) {
      this.#parts.log.error({}, `the state could not be saved: ${messageOf(thrown)}`)
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

  /** Whether a peer was there must be known after a crash too (G4). */
  #remember(attached: boolean): void {
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

  #record(request: Request, settled: Settled, ms: number): void {
    const { from, to, sentence, done, result } = settled
    const moved = !sameState(from, to)
    if (!moved && done.length === 0 && request.alwaysRecord !== true) return
    const { log, history, clock } = this.#parts
    const entry: HistoryEntry = {
      at: new Date(clock.now()).toISOString(),
      event: request.event,
      source: request.source,
      from,
      to,
      sentence,
      steps: done,
      ms: Math.round(ms * 10) / 10,
      result,
    }
    const facts = { event: entry.event, source: entry.source, from, to, steps: done, ms: entry.ms, result }
    if (result === 'done') log.info(facts, sentence)
    else log.warn(facts, `${sentence}; ${result}: ${firstTrouble(settled)}`)
    const written = history.append(entry)
    if (!written.ok) log.error({}, `the history could not be written: ${written.detail}`)
    this.lastEntry = entry
  }
}

function firstTrouble(settled: Settled): string {
  const trouble = settled.done.find((step) => !step.ok)
  return trouble === undefined ? `not done: ${settled.notDone.join('; ')}` : `${trouble.sentence}: ${trouble.detail}`
}
