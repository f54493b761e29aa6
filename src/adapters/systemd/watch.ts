/**
 * Tells what systemd says of watched units, the moment it says it.
 * Invariant: a listener hears every status once and in systemd's order, beginning with the first look; a look that a
 * signal overtook is thrown away. Watched units are pinned (Unit.Ref), so that systemd does not forget them while they
 * are stopped. Listeners only enqueue; what they throw is logged, not passed on.
 */

import { messageOf } from '../../core/errors.ts'
import type { UnitStatus } from '../../ports/systemd.ts'
import { BusError, type Signal } from './bus.ts'
import { type Link, type Log, MANAGER_PATH, PROPERTIES, SYSTEMD } from './link.ts'
import type { Look } from './look.ts'
import { isUnitName, unitPath } from './unit-name.ts'
import { type Changed, sameStatus, withChanges } from './unit-status.ts'

const LOOK = { timeoutMs: 5000 }

export class Watch {
  readonly #link: Link
  readonly #look: Look
  readonly #log: Log
  readonly #listener: (status: UnitStatus) => void
  readonly #units = new Map<string, Watched>()
  readonly #forget: (() => void)[]

  constructor(
    parts: { readonly link: Link; readonly look: Look; readonly log: Log },
    units: readonly string[],
    listener: (status: UnitStatus) => void,
  ) {
    this.#link = parts.link
    this.#look = parts.look
    this.#log = parts.log
    this.#listener = listener
    for (const name of new Set(units)) {
      if (!isUnitName(name)) continue
      const path = unitPath(name)
      this.#units.set(name, {
        name,
        path,
        release: this.#link.match(rule(path)),
        known: null,
        signals: 0,
        looking: false,
      })
    }
    this.#forget = [
      this.#link.onSignal((signal) => this.#receive(signal)),
      this.#link.onState((connected) => {
        if (connected) this.#lookAtAll()
      }),
    ]
    if (this.#link.connected) this.#lookAtAll()
  }

  stop(): void {
    for (const forget of this.#forget) forget()
    for (const unit of this.#units.values()) unit.release()
    this.#units.clear()
  }

  #receive(signal: Signal): void {
    // After `systemctl daemon-reload` (enable, mask … end with one) files and load states may differ.
    if (signal.member === 'Reloading' && signal.path === MANAGER_PATH && signal.body[0] === false) this.#lookAtAll()
    if (signal.member !== 'PropertiesChanged') return
    const [face, properties] = signal.body
    for (const unit of this.#units.values()) {
      if (unit.path !== signal.path) continue
      unit.signals += 1
      if (unit.known === null) continue
      const status = withChanges(unit.known, plain(properties))
      // systemd sends the Service's properties first and the Unit's right after: told once, with both.
      if (face === `${SYSTEMD}.Unit`) this.#tell(unit, status)
      else unit.known = status
    }
  }

  #lookAtAll(): void {
    for (const unit of this.#units.values()) void this.#lookAt(unit)
  }

  async #lookAt(unit: Watched): Promise<void> {
    unit.signals += 1
    if (unit.looking) return
    unit.looking = true
    try {
      for (;;) {
        const before = unit.signals
        await this.#pin(unit)
        const [status] = await this.#look.statuses([unit.name], LOOK)
        if (status === undefined || this.#units.get(unit.name) !== unit) return
        if (unit.signals !== before) continue
        const path = unitPath(status.id)
        if (path === unit.path) return this.#tell(unit, status)
        // An alias: its signals come from the unit behind it.
        unit.release()
        unit.release = this.#link.match(rule(path))
        unit.path = path
      }
    } catch (thrown) {
      // A lost bus brings another look when it is back.
      if (!(thrown instanceof BusError && thrown.lost))
        this.#log('warn', `cannot look at ${unit.name}: ${messageOf(thrown)}`)
    } finally {
      unit.looking = false
    }
  }

  /** The pin lasts as long as the connection; a unit that is not there cannot be pinned, and need not be. */
  async #pin(unit: Watched): Promise<void> {
    try {
      await this.#link.call({ path: unit.path, interface: `${SYSTEMD}.Unit`, member: 'Ref' }, LOOK)
    } catch (thrown) {
      if (!(thrown instanceof BusError) || thrown.answer === '' || thrown.lost) throw thrown
    }
  }

  #tell(unit: Watched, status: UnitStatus): void {
    const same = unit.told !== undefined && sameStatus(unit.told, status)
    unit.known = status
    unit.told = status
    if (same) return
    try {
      this.#listener(status)
    } catch (thrown) {
      this.#log('error', `a listener for ${unit.name} failed: ${messageOf(thrown)}`)
    }
  }
}

interface Watched {
  readonly name: string
  path: string
  release: () => void
  /** What is known now; null before the first look. */
  known: UnitStatus | null
  /** What the listener heard last. */
  told?: UnitStatus
  /** Counts signals and wishes to look: a look during which it moved is thrown away. */
  signals: number
  looking: boolean
}

function plain(properties: unknown): Changed {
  const entries = Object.entries(properties as Record<string, { value: unknown }>)
  return Object.fromEntries(entries.map(([name, variant]) => [name, variant.value]))
}

function rule(path: string): string {
  return `type='signal',sender='${SYSTEMD}',interface='${PROPERTIES}',member='PropertiesChanged',path='${path}'`
}
