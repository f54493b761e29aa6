/** How far a replica is from having everything, told while it catches up. Pure arithmetic over looks. */

export interface CatchUpLook {
  /** Monotonic milliseconds. */
  readonly at: number
  /** Transactions that it lacks. */
  readonly remaining: number
}

/** Rates are told over this long, so that one busy moment says little. */
const OVER_MS = 5_000

export class CatchingUp {
  #looks: readonly CatchUpLook[] = []

  /** The sentence after one more look. */
  look(look: CatchUpLook): string {
    this.#looks = [...this.#looks.filter(({ at }) => look.at - at <= OVER_MS), look]
    const { remaining } = look
    if (remaining === 0) return 'has every transaction; waiting for the proof'
    const [first] = this.#looks
    const ms = first === undefined ? 0 : look.at - first.at
    const left = `${remaining.toLocaleString('en')} transactions to go`
    if (first === undefined || ms < 500) return left
    const perSecond = ((first.remaining - remaining) * 1000) / ms
    if (perSecond < 1) return `${left}, getting no closer at the moment`
    return `${left}, ${Math.round(perSecond).toLocaleString('en')}/s, about ${seconds(remaining / perSecond)}`
  }
}

function seconds(count: number): string {
  if (count < 90) return `${Math.max(1, Math.round(count))} s`
  return count < 5_400 ? `${Math.round(count / 60)} min` : `${(count / 3600).toFixed(1)} h`
}
