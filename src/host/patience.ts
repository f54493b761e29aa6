/** How long the peer's database is waited for: one that has always answered in a millisecond is silent after thirty. */
import { LIMITS } from './limits.ts'

/** So many answers are remembered. */
const ANSWERS = 8
/** So many times its slowest remembered answer, and it counts as silent. */
const FACTOR = 10

export class Patience {
  /** How long the last answers took, newest last. */
  #answerMs: number[] = []

  answered(ms: number): void {
    this.#answerMs = [...this.#answerMs.slice(1 - ANSWERS), ms]
  }

  /** Milliseconds; never more than the limit of a look. */
  get limitMs(): number {
    if (this.#answerMs.length < ANSWERS) return LIMITS.peerLook
    return Math.min(LIMITS.peerLook, Math.max(LIMITS.peerLookLeast, Math.max(...this.#answerMs) * FACTOR))
  }
}
