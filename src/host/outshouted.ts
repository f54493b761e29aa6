/**
 * Another machine is VRRP master too, is heard here, and its database does not answer: it does not hear this machine, will
 * not give way, and takes over. Invariant: whoever hears the other is the one who knows, so it is the one who ends; it
 * stays out for a while, each time longer, unless the other's database answers again. Pure bookkeeping.
 */
import { RIVAL_FIRST_MS, RIVAL_MOST_MS } from './pace.ts'

/** keepalived says it once for each advert of the other. */
const HEARD_LATELY_MS = 500

export class Outshouted {
  #heardAt = Number.NEGATIVE_INFINITY
  #until = Number.NEGATIVE_INFINITY
  #pauseMs = RIVAL_FIRST_MS

  /** keepalived: MASTER_RX_LOWER_PRI. Monotonic milliseconds. */
  heard(now: number): void {
    this.#heardAt = now
  }

  heardLately(now: number): boolean {
    return now - this.#heardAt < HEARD_LATELY_MS
  }

  /** A look at the peer's database. `there`: it answered, or refused. */
  peer(there: boolean, now: number): void {
    if (there) {
      this.#until = Number.NEGATIVE_INFINITY
      this.#pauseMs = RIVAL_FIRST_MS
      return
    }
    if (!this.heardLately(now) || this.staysOut(now)) return
    this.#until = now + this.#pauseMs
    this.#pauseMs = Math.min(this.#pauseMs * 2, RIVAL_MOST_MS)
  }

  staysOut(now: number): boolean {
    return now < this.#until
  }
}
