/**
 * G3 over time: VRRP says master here while the peer goes on accepting writes. During a failover that is a matter of
 * milliseconds; when it lasts, VRRP does not get through, and this machine stays out for a while, each time longer.
 */
import { RIVAL_FIRST_MS, RIVAL_MOST_MS, RIVAL_PATIENCE_MS } from './pace.ts'

export class Rival {
  #since: number | null = null
  #until = 0
  #pauseMs = RIVAL_FIRST_MS
  #peerWritable = false

  /** `held`: a promotion was just held back because the peer accepts writes. Monotonic milliseconds. */
  held(held: boolean, now: number): void {
    if (!held) {
      this.#since = null
      return
    }
    this.#peerWritable = true
    this.#since ??= now
    if (now - this.#since < RIVAL_PATIENCE_MS || now < this.#until) return
    this.#until = now + this.#pauseMs
    this.#pauseMs = Math.min(this.#pauseMs * 2, RIVAL_MOST_MS)
    this.#since = null
  }

  /** What the last look at the peer says; null: it does not answer. One that writes no more keeps nobody out. */
  peer(writable: boolean | null): void {
    this.#peerWritable = writable === true
    if (writable === false) this.#pauseMs = RIVAL_FIRST_MS
  }

  staysOut(now: number): boolean {
    return now < this.#until && this.#peerWritable
  }
}
