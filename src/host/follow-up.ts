/**
 * When to look again without an event: soon after steps were made, ever more rarely after what failed, while the peer is
 * waited for. Invariant: one look is waiting at most, and the newest reason decides when. It looks at nothing itself.
 */
import { commitsAlone } from '../core/fitness.ts'
import { START_TRIES } from '../core/starting.ts'
import { PEER_WAIT_MS, RESTARTING_MS, RETRY_FIRST_MS, SETTLED_MS, WHOLE_MS } from './pace.ts'
import type { Parts } from './parts.ts'
import type { Settled } from './request.ts'
import type { Settler } from './settle.ts'

export class FollowUp {
  readonly #parts: Parts
  readonly #settler: Settler
  readonly #look: () => void
  #timer: NodeJS.Timeout | null = null
  #retryMs = RETRY_FIRST_MS
  #peerWaitMs = PEER_WAIT_MS
  #lastSteps = ''

  constructor(parts: Parts, settler: Settler, look: () => void) {
    this.#parts = parts
    this.#settler = settler
    this.#look = look
  }

  /** After anything was done, or failed: whether it is settled now. */
  after(settled: Settled): void {
    const waits = settled.judgement.holds.some((hold) => hold.startsWith('G3') || hold.startsWith('G9'))
    this.#settler.bond.held(settled.judgement.holds.some((hold) => hold.startsWith('G3')))
    const due = this.#settler.hooks.dueInMs
    // The same steps again have not helped: replication that stops at once, say.
    const steps = settled.done.map(({ step }) => step).join()
    const repeats = steps !== '' && steps === this.#lastSteps
    this.#lastSteps = steps
    const unsettled = settled.result === 'failed' || repeats || this.#settler.mode.unsaved !== null
    if (unsettled) this.failed()
    else if (waits) this.in(this.#peerWaitMs)
    else if (settled.done.length > 0) this.in(SETTLED_MS)
    else if (settled.observed.units.some((unit) => unit.kind === 'database' && unit.jobPending)) this.in(RESTARTING_MS)
    else if (due !== null) this.in(due)
    // Until it runs, or somebody else serves: it is tried again, or what it gave up is weighed again.
    else if (settled.observed.starting.failures.some(({ inPlace, tries }) => inPlace || tries >= START_TRIES))
      this.in(WHOLE_MS)
    else if (commitsAlone(this.#settler.state, settled.observed, this.#parts.config)) this.in(WHOLE_MS)
    if (!unsettled) this.#retryMs = RETRY_FIRST_MS
    this.#peerWaitMs = waits ? Math.min(this.#peerWaitMs * 1.5, WHOLE_MS) : PEER_WAIT_MS
  }

  /** Something failed: ever later, up to the drift interval. */
  failed(): void {
    this.in(this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, this.#parts.config.driftIntervalMs)
  }

  in(ms: number): void {
    this.stop()
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#look()
    }, ms)
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
