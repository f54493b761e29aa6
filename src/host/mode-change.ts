/**
 * The mode file through one change: `being …` is on the disk before the first step, the reached mode once every withdrawal
 * was made. Invariant: a disk that takes nothing stops no failover, only what an operator asked for; what was not written
 * is written at the next look.
 */
import { messageOf } from '../core/errors.ts'
import type { State } from '../core/state.ts'
import type { Mode } from '../core/vocabulary.ts'
import type { Parts } from './parts.ts'
import { modeOf } from './standing.ts'

export class ModeChange {
  /** The mode that a change is on its way to; null: at rest. */
  being: Mode | null = null
  /** Why the mode could not be written; null: it is. */
  unsaved: string | null = null
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** `mustBeDurable`: throws ApmodeError `storage`, and nothing is begun. */
  begin(from: State, to: State, mustBeDurable: boolean): void {
    const mode = modeOf(to.mode)
    if (mode === null || (from.mode === to.mode && this.being === null)) return
    this.being = mode
    try {
      this.#parts.modeFile.writeBeing(mode)
    } catch (thrown) {
      if (mustBeDurable) {
        this.being = null
        throw thrown
      }
      this.#failed(thrown)
    }
  }

  /** The mode counts as reached once every withdrawal was made; grants come after. */
  reach(state: State, mustBeDurable: boolean): void {
    const mode = modeOf(state.mode)
    if (mode === null || (this.being === null && this.unsaved === null)) return
    try {
      this.#parts.modeFile.write(mode)
      this.being = null
      this.unsaved = null
    } catch (thrown) {
      this.#failed(thrown)
      if (mustBeDurable) throw thrown
    }
  }

  #failed(thrown: unknown): void {
    this.unsaved = messageOf(thrown)
    this.being = null
    this.#parts.log.error({}, `the mode could not be saved, going on without: ${this.unsaved}`)
  }
}
