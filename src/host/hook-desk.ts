/**
 * Asks the hooks before a promotion and tells them afterwards. Invariants: a veto holds until the hooks agree or it has no
 * object any more (the peer serves, this machine does, the mode is another); asking ends at once when a withdrawal takes
 * over; telling is in order, beside everything else, and nobody waits for it. It decides nothing.
 */
import { AGREED, type Consent, servedElsewhere } from '../core/consent.ts'
import { type HookEvent, type HookFacts, hookEnvironment, hookEventOf } from '../core/hook-words.ts'
import type { Observed } from '../core/observed.ts'
import type { State } from '../core/state.ts'
import type { Progress } from '../ports/control.ts'
import type { HookOutcome } from '../ports/hooks.ts'
import type { HistoryEntry, StepRecord } from '../ports/storage.ts'
import { VETO_FIRST_MS } from './pace.ts'
import type { Parts } from './parts.ts'

/** Decisions that wait to be told; a hook that hangs at each must not make them endless. */
const MOST_UNTOLD = 32

interface Veto {
  readonly sentence: string
  /** When the hooks are asked again, monotonic. */
  readonly dueAt: number
  readonly waitMs: number
}

export type HookParts = Pick<Parts, 'hooks' | 'config' | 'clock' | 'log'>

export class HookDesk {
  /** What looks like a hook and is not run: a sentence for each. */
  problems: readonly string[] = []
  readonly #parts: HookParts
  #names: readonly string[] = []
  #veto: Veto | null = null
  #agreed = true
  #untold = 0
  #telling: Promise<void> = Promise.resolve()

  constructor(parts: HookParts) {
    this.#parts = parts
  }

  /** A settling begins: what the hooks said to an earlier one counts no more, but for a veto. */
  begin(): void {
    const { names, refused } = this.#parts.hooks.list()
    for (const sentence of refused) if (!this.problems.includes(sentence)) this.#parts.log.warn({}, sentence)
    this.problems = refused
    this.#names = names
    this.#agreed = names.length === 0
    if (this.#agreed) this.#veto = null
  }

  /** It has ended: nothing is granted before the next. */
  end(): void {
    this.#agreed = true
  }

  /** Who would be asked now. */
  current(): readonly string[] {
    return this.#parts.hooks.list().names
  }

  get consent(): Consent {
    if (this.#veto !== null) return { says: 'no', sentence: this.#veto.sentence }
    return this.#agreed ? AGREED : { says: 'nothing' }
  }

  /** In how many milliseconds those who said no are asked again; null: nobody said no. */
  get dueInMs(): number | null {
    return this.#veto === null ? null : Math.max(this.#veto.dueAt - this.#parts.clock.elapsed(), 0)
  }

  /** A veto of a promotion that is nobody's wish any more. */
  forgetOld({ mode }: State, observed: Observed): void {
    const { database } = observed
    const serves = database?.answers === true && database.writable
    if (serves || servedElsewhere(observed) || (mode !== 'ap' && mode !== 's')) this.#veto = null
  }

  /** Whether it is time to ask. `opens`: writes would be allowed now if they agree. */
  isDue(opens: boolean): boolean {
    if (this.#names.length === 0) return false
    return this.#veto === null ? opens && !this.#agreed : this.dueInMs === 0
  }

  /** What each said, as steps; `consent` is the answer. Aborted, nobody has answered. */
  async askForPromotion(facts: HookFacts, grants: AbortSignal, tell: (progress: Progress) => void) {
    const { records, veto } = await this.#ask('promote', facts, grants, tell)
    const { clock, config } = this.#parts
    if (veto !== null) {
      const waitMs = this.#veto === null ? VETO_FIRST_MS : Math.min(this.#veto.waitMs * 2, config.driftIntervalMs)
      this.#veto = { sentence: veto.sentence, dueAt: clock.elapsed() + waitMs, waitMs }
    } else if (!grants.aborted) {
      this.#veto = null
      this.#agreed = true
    }
    return records
  }

  /** Before an operator's change of the mode. null: they agree, or there are none. Aborted, they have not agreed. */
  async askForChange(facts: HookFacts, grants: AbortSignal, tell: (progress: Progress) => void) {
    const { veto } = await this.#ask('change', facts, grants, tell)
    const unasked = { by: 'G8 newest wins', sentence: 'G8 newest wins: something happened before the hooks had agreed' }
    return veto ?? (grants.aborted && this.current().length > 0 ? unasked : null)
  }

  async #ask(event: HookEvent, facts: HookFacts, grants: AbortSignal, tell: (progress: Progress) => void) {
    const { hooks, config } = this.#parts
    const records: StepRecord[] = []
    const call = {
      phase: 'pre',
      event,
      environment: hookEnvironment('pre', event, facts, config),
      timeoutMs: config.hooks.timeoutMs,
      signal: grants,
    } as const
    for (const name of hooks.list().names) {
      if (grants.aborted) break
      const sentence = askSentence(name, event)
      tell({ type: 'begin', step: 'ask-hook', sentence })
      const { outcome, ms } = await this.#timed(() => hooks.run(name, call))
      const noAnswer = outcome.answer === 'none' && !grants.aborted
      const refuses = outcome.answer === 'no' || (noAnswer && config.hooks.withoutAnswer === 'veto')
      const goesOn = noAnswer && !refuses ? `${outcome.detail}; without its answer it goes on` : outcome.detail
      const ok = outcome.answer === 'yes' || (noAnswer && !refuses)
      const record = { step: 'ask-hook', sentence, ms, ok, detail: goesOn }
      tell({ type: 'step', ...record })
      records.push(record)
      this.#say(name, `pre ${event}`, outcome, ms)
      if (refuses)
        return { records, veto: { by: `hook ${name}`, sentence: `vetoed by hook ${name}: ${outcome.detail}` } }
    }
    return { records, veto: null }
  }

  /** What was decided, to whom it concerns. Returns at once. */
  tell(entry: HistoryEntry): void {
    const event = hookEventOf(entry)
    const { hooks, config, log } = this.#parts
    const { names } = hooks.list()
    if (event === null || names.length === 0) return
    if (this.#untold >= MOST_UNTOLD) {
      log.warn({}, `the hooks are not told: ${this.#untold} decisions wait already`)
      return
    }
    this.#untold += 1
    const call = {
      phase: 'post',
      event,
      environment: hookEnvironment('post', event, entry, config),
      timeoutMs: config.hooks.timeoutMs,
    } as const
    this.#telling = this.#telling.then(async () => {
      for (const name of names) {
        const { outcome, ms } = await this.#timed(() => hooks.run(name, call))
        this.#say(name, `post ${event}`, outcome, ms)
      }
      this.#untold -= 1
    })
  }

  /** Resolves when everybody has been told. */
  told(): Promise<void> {
    return this.#telling
  }

  async #timed(run: () => Promise<HookOutcome>): Promise<{ readonly outcome: HookOutcome; readonly ms: number }> {
    const { clock } = this.#parts
    const begun = clock.elapsed()
    const outcome = await run()
    return { outcome, ms: Math.round((clock.elapsed() - begun) * 10) / 10 }
  }

  #say(name: string, what: string, { answer, detail, output }: HookOutcome, ms: number): void {
    const { log } = this.#parts
    const facts = { hook: name, ms, output }
    const ending = detail === '' ? '' : `: ${detail}`
    if (answer === 'yes') log.info(facts, `hook ${name} (${what}): done in ${ms} ms${ending}`)
    else log.warn(facts, `hook ${name} (${what}): ${answer === 'no' ? 'no' : 'no answer'} after ${ms} ms${ending}`)
  }
}

export function askSentence(name: string, event: HookEvent): string {
  return `ask hook ${name} (pre ${event})`
}
