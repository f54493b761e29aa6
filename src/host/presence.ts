/**
 * Says in the own database how this machine is, where its peer reads it. Invariant: always in the background, one statement
 * at a time, within its limit: nothing ever waits for it, and what cannot be said now is said later.
 */
import { messageOf } from '../core/errors.ts'
import type { Presence as Said } from '../ports/database.ts'
import { fingerprint } from './fingerprint.ts'
import { freeMbOf } from './free-space.ts'
import type { Parts } from './parts.ts'
import { VERSION } from './version.ts'

export type PresenceView = Pick<Said, 'mode' | 'role' | 'vrrp' | 'fit' | 'reasons'>

const LIMIT_MS = 1_000
/** A write to the disk is not what a takeover needs at that moment; and more may change. */
const AFTER_MS = 200
/** However fast it goes on changing. */
const AFTER_ALL_MS = 1_000
/** What was said is said again: the database may have been restored, or copied from the peer. */
const AGAIN_MS = 30_000
/** How soon after it could not be said. */
const RETRY_MS = 2_000

export class Presence {
  readonly #parts: Parts
  #view: PresenceView | null = null
  /** What was said last, or could not be. */
  #tried = ''
  #triedUnfit = false
  /** Since when there is something else to say, by the clock. */
  #changedAt: number | null = null
  #saying = false
  #failing = false
  #stopped = false
  #timer: NodeJS.Timeout | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Cheap; to be called whenever anything may have changed. */
  tell(view: PresenceView): void {
    this.#view = view
    if (JSON.stringify(view) !== this.#tried && !this.#saying) this.#soon()
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  async #say(): Promise<void> {
    const { database, config, log } = this.#parts
    if (this.#saying || this.#stopped || database === null || this.#view === null) return
    const view = this.#view
    this.#saying = true
    this.#tried = JSON.stringify(view)
    this.#triedUnfit = view.fit === false
    this.#changedAt = null
    try {
      const freeMb = await freeMbOf(database.folders())
      const presence = { ...view, node: config.node.name, version: VERSION, configuration: fingerprint(config), freeMb }
      await database.announce(presence, { timeoutMs: LIMIT_MS })
      this.#failing = false
    } catch (thrown) {
      if (!this.#failing) log.debug({}, messageOf(thrown))
      this.#failing = true
    }
    this.#saying = false
    if (JSON.stringify(this.#view) !== this.#tried) this.#soon()
    else this.#in(this.#failing ? RETRY_MS : AGAIN_MS)
  }

  #soon(): void {
    const now = this.#parts.clock.elapsed()
    this.#changedAt ??= now
    // A standby that cannot take over says so before its peer fails too (G4).
    const urgent = this.#view?.role === 'standby' && this.#view.fit === false && !this.#triedUnfit
    this.#in(urgent ? 0 : Math.max(Math.min(AFTER_MS, this.#changedAt + AFTER_ALL_MS - now), 0))
  }

  #in(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.#say(), ms)
    this.#timer.unref()
  }
}
