/**
 * Starts of the holder's units that came to nothing, counted in a row, and whether anybody else carries the VIP once one was
 * given up. A unit that falls over, or whose check fails, before it has run for a while has not started. Invariant: what
 * was given up stays so until the unit runs, or a person's word. Bookkeeping; it starts nothing and decides nothing.
 */
import type { ObservedCheck, ObservedUnit } from '../core/observed.ts'
import { START_TRIES, type Starting } from '../core/starting.ts'
import type { ActiveState } from '../core/vocabulary.ts'
import { START_REST_MS, START_STEADY_MS, START_WINDOW_MS, VIP_SILENT_MS } from './pace.ts'
import type { Parts } from './parts.ts'

interface Failed {
  readonly tries: number
  readonly at: number
  readonly detail: string
  readonly inPlace: boolean
}

/** A unit of the holder, as it was just looked at. */
export interface Seen {
  readonly name: string
  readonly active: ActiveState | null
  readonly sub: string
  /** What its check says; null: well. */
  readonly trouble: string | null
  readonly checkWithinMs: number
}

export class Starts {
  readonly #failed = new Map<string, Failed>()
  /** Since when a unit runs that has not yet run for a while. */
  readonly #fresh = new Map<string, number>()
  /** Since the VIP came. */
  readonly #ran = new Set<string>()
  readonly #windowMs: number
  #vipLeftAt: number | null = null
  #nobodyElse = false
  #routerTried = false

  /** `windowMs`: how long a single try in vain counts. */
  constructor(windowMs = START_WINDOW_MS) {
    this.#windowMs = windowMs
  }

  started(name: string, now: number): void {
    this.#ran.add(name)
    this.#fresh.set(name, now)
  }

  /** Whatever came of it: keepalived that starts and ends at once does not bring the VIP either. */
  routerTried(): void {
    this.#routerTried = true
  }

  /** apmode stops it: what becomes of it says nothing about its start. */
  stopped(name: string): void {
    this.#fresh.delete(name)
  }

  /** `inPlace`: its start failed; otherwise it ran first. */
  failed(name: string, detail: string, now: number, inPlace = true): void {
    this.#fresh.delete(name)
    const tries = (this.#failed.get(name)?.tries ?? 0) + 1
    this.#failed.set(name, { tries, at: now, detail, inPlace })
  }

  saw(unit: Seen, now: number): void {
    const { name, active, sub, trouble } = unit
    const since = this.#fresh.get(name)
    const runs = active === 'active' && trouble === null
    if (active === 'active') this.#ran.add(name)
    if (since === undefined) {
      if (runs && this.#failed.has(name)) this.#fresh.set(name, now)
      return
    }
    // Whatever becomes of it now, it ran: nobody may have looked in between.
    if (now - since >= START_STEADY_MS + unit.checkWithinMs) {
      this.#fresh.delete(name)
      this.#failed.delete(name)
      return
    }
    if (runs) return
    if (active === 'failed' || sub === 'auto-restart') this.failed(name, 'it ended soon after its start', now, false)
    else if (trouble !== null) this.failed(name, trouble, now, false)
  }

  /** `answeredAt`: when the VIP last answered a ping, wherever it is. */
  vip(here: boolean, answeredAt: number, now: number): void {
    for (const [name, { tries, at }] of this.#failed) {
      if (tries < START_TRIES && now - at > this.#windowMs) this.#failed.delete(name)
    }
    if (here) {
      this.#routerTried = false
      this.#vipLeftAt = null
      return
    }
    this.#fresh.clear()
    this.#ran.clear()
    if (!this.gaveUp) this.#nobodyElse = false
    this.#vipLeftAt ??= now
    const quietSince = Math.max(this.#vipLeftAt, answeredAt)
    if (answeredAt > this.#vipLeftAt) this.#nobodyElse = false
    if (this.gaveUp && now - quietSince >= VIP_SILENT_MS) this.#nobodyElse = true
  }

  /** A person says: try again. */
  forget(): void {
    this.#failed.clear()
    this.#fresh.clear()
    this.#ran.clear()
    this.#nobodyElse = false
  }

  get gaveUp(): boolean {
    return [...this.#failed.values()].some(({ tries }) => tries >= START_TRIES)
  }

  at(now: number): Starting {
    const failures = [...this.#failed].map(([unit, { tries, at, detail, inPlace }]) => {
      return { unit, tries, detail, inPlace, rests: now - at < START_REST_MS }
    })
    return { ran: [...this.#ran], failures, nobodyElse: this.#nobodyElse, routerTried: this.#routerTried }
  }
}

/** One look, with whoever answers at the VIP once something was given up. */
export function lookAtStarts(
  starts: Starts,
  { network, clock, vipHolder, config }: Pick<Parts, 'network' | 'clock' | 'vipHolder' | 'config'>,
  units: readonly ObservedUnit[],
  checks: readonly ObservedCheck[],
): Starting {
  const now = clock.elapsed()
  for (const { name, active, sub } of units.filter(({ runs }) => runs === 'holder')) {
    const trouble = checks.find(({ kind, unit }) => kind === 'unit' && unit === name)?.trouble ?? null
    const checkWithinMs = config.units.find((unit) => unit.name === name)?.checkWithinMs ?? 0
    starts.saw({ name, active, sub, trouble, checkWithinMs }, now)
  }
  if (starts.gaveUp) vipHolder?.open()
  else vipHolder?.close()
  starts.vip(network.holdsVip(), vipHolder?.answeredAt() ?? Number.NEGATIVE_INFINITY, now)
  return starts.at(now)
}
