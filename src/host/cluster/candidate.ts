/**
 * A member that runs and is in no primary component asks the others, once Galera has had its time: whoever is proven to have
 * everything may go on, and needs no person for it. It finds out only; what follows is for the plan. Invariants: what it found counts
 * for a few seconds; of two that find the same at least one gives up, since each says that it is about to begin before it asks.
 */
import { beginsAt, type Outlook } from '../../core/bootstrap.ts'
import { isPrimary, MERGE_MS, memberOf } from '../../core/cluster.ts'
import type { Supervisor } from '../supervisor.ts'
import type { OwnPosition } from './own-position.ts'

const ASK_EVERY_MS = 1_000
/** The VIP has to come first; meanwhile it is asked again and again. */
const COUNTS_MS = 2_000

export class Candidate {
  readonly #supervisor: Supervisor
  readonly #own: OwnPosition
  readonly #outlook: () => Promise<Outlook>
  /** It asks, or has asked a moment ago. */
  #busy = false

  constructor(supervisor: Supervisor, own: OwnPosition, outlook: () => Promise<Outlook>) {
    this.#supervisor = supervisor
    this.#own = own
    this.#outlook = outlook
  }

  /** After each look; by itself as long as it is lost. Never throws. */
  see(): void {
    const lostMs = this.#lostMs()
    if (lostMs === 0) {
      this.#own.candidate = false
      return
    }
    if (this.#busy) return
    this.#busy = true
    const asked = lostMs >= MERGE_MS ? this.#ask().catch(() => this.#found(false)) : Promise.resolve()
    void asked.finally(() => setTimeout(() => this.#again(), ASK_EVERY_MS).unref())
  }

  #again(): void {
    this.#busy = false
    this.see()
  }

  /** For how long it goes on neither with the others nor alone; 0: it does, or somebody takes it out. */
  #lostMs(): number {
    const { settler, parts } = this.#supervisor
    const { mode } = settler.state
    const observed = settler.last?.observed
    if (observed === undefined || settler.withdrawal !== null || (mode !== 'ap' && mode !== 's')) return 0
    const member = memberOf(observed)
    if (member === null || isPrimary(member.cluster)) return 0
    return settler.bond.member.remembered(parts.clock.elapsed(), null).lostMs
  }

  async #ask(): Promise<void> {
    const self = this.#supervisor.parts.config.node.name
    // One that is not foremost anyway must not keep the other one from it.
    const foremost = this.#own.candidate || beginsAt(await this.#outlook(), self) !== null
    this.#own.candidate = foremost
    const asked = this.#supervisor.parts.clock.elapsed()
    this.#found(foremost && beginsAt(await this.#outlook(), self) !== null, asked)
  }

  /** `asked`: when the others were; what they say may be as old as that. */
  #found(foremost: boolean, asked = Number.NEGATIVE_INFINITY): void {
    this.#own.candidate = foremost
    this.#supervisor.settler.bond.member.foremost(foremost ? asked + COUNTS_MS : Number.NEGATIVE_INFINITY)
    if (foremost) this.#supervisor.check('no other machine has more', 'supervisor')
  }
}
