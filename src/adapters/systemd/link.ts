/**
 * The connection to systemd that comes back: dials, subscribes, and does both again after every loss (the bus died,
 * or systemd left it, as in `systemctl daemon-reexec`).
 * Invariant: `connected` is true only while every match rule is in force and systemd has accepted Subscribe.
 * It never repeats a call by itself: `until` repeats whole operations, which must be idempotent.
 */
import { performance } from 'node:perf_hooks'
import { messageOf } from '../../core/errors.ts'
import type { Call } from '../../ports/systemd.ts'
import { type Bus, BusError, type Dial, type Request, type Signal } from './bus.ts'

export const SYSTEMD = 'org.freedesktop.systemd1'
export const MANAGER_PATH = '/org/freedesktop/systemd1'
export const MANAGER = `${SYSTEMD}.Manager`
export const PROPERTIES = 'org.freedesktop.DBus.Properties'

export type Log = (level: 'debug' | 'info' | 'warn' | 'error', sentence: string) => void

/** How long a call waits for a lost bus to come back before it is `unreachable`; a daemon-reexec takes about half of it. */
const GRACE_MS = 1000
const DIAL_LIMIT_MS = 2000
const BACKOFF_MS = [20, 50, 100, 200, 500, 1000]

const DBUS = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const
const OWN_RULES = [
  `type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${SYSTEMD}'`,
  `type='signal',sender='${SYSTEMD}',path='${MANAGER_PATH}',interface='${MANAGER}',member='JobRemoved'`,
  `type='signal',sender='${SYSTEMD}',path='${MANAGER_PATH}',interface='${MANAGER}',member='Reloading'`,
  `type='signal',sender='${SYSTEMD}',path='${MANAGER_PATH}',interface='${MANAGER}',member='UnitFilesChanged'`,
]

/** What is left of a limit, for the next of several calls that share it. */
export function budget(call: Call): () => Call {
  const end = performance.now() + call.timeoutMs
  return () => ({ ...call, timeoutMs: Math.max(1, end - performance.now()) })
}

export class Link {
  readonly #address: string
  readonly #dial: Dial
  readonly #log: Log
  readonly #rules = new Map<string, number>()
  readonly #signalListeners = new Set<(signal: Signal) => void>()
  readonly #stateListeners = new Set<(connected: boolean) => void>()
  #bus: Bus | null = null
  #lastProblem = 'not connected yet'
  #lostBefore = false
  #closed = false
  #waits = true
  readonly #waiting = new Set<() => void>()
  #started = false
  #retry: NodeJS.Timeout | undefined

  constructor(address: string, dial: Dial, log: Log) {
    this.#address = address
    this.#dial = dial
    this.#log = log
  }

  get connected(): boolean {
    return this.#bus !== null
  }

  /** Begins to connect; from then on the link keeps itself up until `close`. */
  start(): void {
    if (this.#started) return
    this.#started = true
    void this.#connect(0)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#bus?.close()
  }

  /** From now on a lost bus is not waited for: whoever waits, and whoever would, is told that it is unreachable. */
  stopWaiting(): void {
    this.#waits = false
    for (const giveUp of [...this.#waiting]) giveUp()
  }

  onSignal(listener: (signal: Signal) => void): () => void {
    this.#signalListeners.add(listener)
    return () => this.#signalListeners.delete(listener)
  }

  onState(listener: (connected: boolean) => void): () => void {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  /** Keeps a match rule in force, across reconnections, until the returned function is called. Rules are counted. */
  match(rule: string): () => void {
    const count = this.#rules.get(rule) ?? 0
    this.#rules.set(rule, count + 1)
    if (count === 0) this.#tellRule('AddMatch', rule)
    let held = true
    return () => {
      if (!held) return
      held = false
      const left = (this.#rules.get(rule) ?? 1) - 1
      if (left > 0) this.#rules.set(rule, left)
      else {
        this.#rules.delete(rule)
        this.#tellRule('RemoveMatch', rule)
      }
    }
  }

  /** Resolves once connected; rejects with BusError `unreachable` after `limitMs`. */
  connectedWithin(limitMs: number, signal?: AbortSignal): Promise<void> {
    if (this.connected) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        this.#waiting.delete(giveUp)
        forget()
        signal?.removeEventListener('abort', aborted)
      }
      const aborted = () => {
        settle()
        reject(signal?.reason)
      }
      const giveUp = () => {
        settle()
        reject(new BusError('unreachable', `the system bus cannot be reached (${this.#lastProblem})`))
      }
      const timer = setTimeout(giveUp, this.#waits ? limitMs : 0)
      this.#waiting.add(giveUp)
      const forget = this.onState((connected) => {
        if (!connected) return
        settle()
        resolve()
      })
      if (signal?.aborted) aborted()
      else signal?.addEventListener('abort', aborted)
    })
  }

  /** One call to systemd; waits up to a second for a lost bus first. */
  async call(request: Omit<Request, 'destination'>, call: Call): Promise<readonly unknown[]> {
    const left = budget(call)
    if (this.#bus === null) await this.connectedWithin(Math.min(call.timeoutMs, GRACE_MS), call.signal)
    if (this.#bus === null) throw new BusError('unreachable', 'the bus went away again', { lost: true })
    return this.#bus.call({ destination: SYSTEMD, ...request }, left())
  }

  /** Runs an idempotent operation, and again from its beginning each time the bus is lost in the middle of it. */
  async until<T>(call: Call, operation: (left: () => Call) => Promise<T>): Promise<T> {
    const left = budget(call)
    for (;;) {
      try {
        return await operation(left)
      } catch (thrown) {
        if (!(thrown instanceof BusError && thrown.lost) || left().timeoutMs <= 1 || !this.#waits || this.#closed)
          throw thrown
        // The loss is told to this link by the stream or by NameOwnerChanged; an answer "no such name" can come before it.
        if (this.connected) this.#drop('systemd left the bus')
        await this.connectedWithin(left().timeoutMs, call.signal)
      }
    }
  }

  async #connect(attempt: number): Promise<void> {
    try {
      const bus = await this.#dial(this.#address, { timeoutMs: DIAL_LIMIT_MS })
      try {
        await this.#subscribe(bus)
      } catch (thrown) {
        bus.close()
        throw thrown
      }
    } catch (thrown) {
      if (attempt === 3)
        this.#log('warn', `cannot reach systemd over ${this.#address}: ${messageOf(thrown)}; trying again`)
      this.#lastProblem = messageOf(thrown)
      if (this.#closed) return
      const wait = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)]
      this.#retry = setTimeout(() => void this.#connect(attempt + 1), wait)
    }
  }

  async #subscribe(bus: Bus): Promise<void> {
    const limit = { timeoutMs: DIAL_LIMIT_MS }
    bus.onSignal((signal) => this.#receive(signal))
    const rules = [...OWN_RULES, ...this.#rules.keys()]
    await Promise.all([
      ...rules.map((rule) => bus.call({ ...DBUS, member: 'AddMatch', signature: 's', body: [rule] }, limit)),
      bus.call({ destination: SYSTEMD, path: MANAGER_PATH, interface: MANAGER, member: 'Subscribe' }, limit),
    ])
    if (this.#closed) return bus.close()
    this.#bus = bus
    // Rules that came while the others were being told; telling one twice only counts it twice on this connection.
    for (const rule of this.#rules.keys()) if (!rules.includes(rule)) this.#tellRule('AddMatch', rule)
    if (this.#lostBefore) this.#log('info', 'connected to systemd again')
    this.#tellState(true)
    bus.onLost((reason) => {
      this.#bus = null
      this.#lostBefore = true
      this.#lastProblem = reason
      if (!this.#closed) {
        this.#log('warn', `the connection to systemd was lost (${reason}); connecting again`)
        void this.#connect(0)
      }
      this.#tellState(false)
    })
  }

  #receive(signal: Signal): void {
    if (signal.member === 'NameOwnerChanged') {
      // Also when systemd has come back already: the new one knows nothing of our subscription.
      this.#drop('systemd left the bus')
      return
    }
    for (const listener of [...this.#signalListeners]) this.#guard(() => listener(signal))
  }

  #drop(reason: string): void {
    this.#bus?.close(reason)
  }

  #tellState(connected: boolean): void {
    for (const listener of [...this.#stateListeners]) this.#guard(() => listener(connected))
  }

  #tellRule(member: 'AddMatch' | 'RemoveMatch', rule: string): void {
    this.#bus
      ?.call({ ...DBUS, member, signature: 's', body: [rule] }, { timeoutMs: DIAL_LIMIT_MS })
      .catch((thrown: unknown) => {
        if (!(thrown instanceof BusError && thrown.lost)) this.#log('warn', `cannot ${member}: ${messageOf(thrown)}`)
      })
  }

  #guard(listener: () => void): void {
    try {
      listener()
    } catch (thrown) {
      this.#log('error', `a listener of the systemd adapter failed: ${messageOf(thrown)}`)
    }
  }
}
