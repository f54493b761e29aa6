/**
 * The Systemd port over D-Bus: puts the parts together and gives every failure the name of what was being done.
 * Invariant: what it throws is an ApmodeError, or the reason of the caller's AbortSignal; job results and unit files
 * that could not be changed are values. It decides nothing.
 */
import { ApmodeError } from '../../core/errors.ts'
import type { StartCall, Systemd } from '../../ports/systemd.ts'
import { BusError, type Dial, dial } from './bus.ts'
import { Jobs } from './jobs.ts'
import { killUnit } from './kill-unit.ts'
import { budget, Link, type Log, MANAGER, MANAGER_PATH } from './link.ts'
import { linkedFiles } from './linked-unit.ts'
import { Look } from './look.ts'
import { maskDropIn } from './mask-drop-in.ts'
import { runJob } from './run-job.ts'
import { forgetVariable, keepVariable, withVariable } from './start-environment.ts'
import { changeFiles } from './unit-files.ts'
import { Watch } from './watch.ts'

export interface SystemdOptions {
  /** A D-Bus address; the machine's system bus when absent. */
  readonly busAddress?: string
  /** The root folder of the machine behind that bus; empty when it is this one. Drop-ins are written beneath it. */
  readonly root?: string
  readonly log?: Log
  /** Another way to connect: a bus made for a test. */
  readonly dial?: Dial
}

const SYSTEM_BUS = 'unix:path=/run/dbus/system_bus_socket'

export function createSystemd(options: SystemdOptions = {}): Systemd {
  const log = options.log ?? (() => {})
  const link = new Link(options.busAddress ?? SYSTEM_BUS, options.dial ?? dial, log)
  const dropIn = maskDropIn(options.root ?? '')
  const look = new Look(link, dropIn)
  const jobs = new Jobs()
  let closed = false
  const linkTarget = linkedFiles(options.root ?? '')

  link.onSignal((signal) => {
    if (signal.member !== 'JobRemoved' || signal.path !== MANAGER_PATH || signal.interface !== MANAGER) return
    const [, job, , result] = signal.body
    jobs.removed(String(job), String(result))
  })
  link.onState((connected) => {
    if (!connected) jobs.lost(new BusError('unreachable', 'the bus went away while the job ran', { lost: true }))
  })

  const start = (unit: string, call: StartCall) => {
    const job = () => runJob({ link, look, jobs }, 'start', unit, call)
    return call.variable === undefined ? job() : withVariable(look, call.variable, budget(call), job)
  }

  return {
    async open(call) {
      link.start()
      await named('reach systemd', () => link.connectedWithin(call.timeoutMs, call.signal))
    },
    stopWaiting: () => link.stopWaiting(),
    close() {
      closed = true
      link.close()
    },
    get connected() {
      return link.connected
    },
    observe: (units, call) =>
      named(`look at ${units.join(', ')}`, () => link.until(call, (left) => look.statuses(units, left()))),
    start: (unit, call) => named(`start ${unit}`, () => start(unit, call)),
    keepVariable: (variable, call) =>
      named(`keep ${variable.name}`, () => link.until(call, (left) => keepVariable(look, variable, left))),
    forgetVariable: (variable, call) =>
      named(`forget ${variable.name}`, () => link.until(call, (left) => forgetVariable(look, variable, left))),
    stop: (unit, call) => named(`stop ${unit}`, () => runJob({ link, look, jobs }, 'stop', unit, call)),
    kill: (unit, call) => named(`kill ${unit}`, () => killUnit(link, look, unit, call)),
    changeFiles: (changes, call) =>
      named('change unit files', () =>
        link.until(call, (left) => changeFiles({ look, dropIn, linkTarget }, changes, left)),
      ),
    systemState: (call) =>
      named('ask systemd for its state', () =>
        link.until(call, async (left) => String(await look.property(MANAGER_PATH, 'Manager', 'SystemState', left()))),
      ),
    watch(units, listener) {
      const watch = new Watch({ link, look, log }, units, listener)
      return () => watch.stop()
    },
    onConnection: (listener) =>
      link.onState((connected) => {
        if (!closed) listener(connected)
      }),
  }
}

async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof BusError)
      throw new ApmodeError(thrown.code, `cannot ${what}: ${thrown.message}`, { cause: thrown })
    throw thrown
  }
}
