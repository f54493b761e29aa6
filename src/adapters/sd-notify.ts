/**
 * Tells systemd how the supervisor is (sd_notify(3)): READY, STATUS, WATCHDOG, STOPPING.
 * Node has no datagram Unix sockets, so it runs systemd-notify(1) (3 ms), one at a time, without waiting for it.
 * Invariant: never blocks, never throws, never more than one process; without $NOTIFY_SOCKET it does nothing.
 *
 * The unit needs `Type=notify` and `NotifyAccess=all`. As root with CAP_SYS_ADMIN systemd-notify sends in its parent's
 * name and NotifyAccess=main would do; without that capability it sends in its own, and a child is neither `main` nor
 * `exec` (ExecStart= and its like only). It waits until systemd has read the message (sd_notify_barrier(3)), so that
 * systemd can still tell to which unit the sender belongs.
 */
import { execFile } from 'node:child_process'

export interface Notifier {
  /** How often `watchdog` is due: half of WatchdogSec=, in ms; null when the unit has no watchdog. */
  readonly watchdogEveryMs: number | null
  ready(status: string): void
  status(text: string): void
  watchdog(): void
  stopping(): void
  /** Resolves when everything said so far has been delivered, or given up (2 s). */
  delivered(): Promise<void>
}

const LIMIT_MS = 2000

type Environment = Readonly<Record<string, string | undefined>>
type Send = (assignments: readonly string[], done: (problem: string | null) => void) => void

/** `onProblem` hears a failure, once until something got through again. */
export function createNotifier(
  env: Environment,
  onProblem: (sentence: string) => void = () => {},
  send: Send = sendBy(env),
): Notifier {
  const enabled = (env.NOTIFY_SOCKET ?? '') !== ''
  let waiting: string[] = []
  let busy = false
  let troubled = false
  let idle: (() => void)[] = []

  const next = () => {
    if (busy) return
    if (waiting.length === 0) {
      for (const resolve of idle) resolve()
      idle = []
      return
    }
    const assignments = waiting
    waiting = []
    busy = true
    send(assignments, (problem) => {
      busy = false
      if (problem !== null && !troubled) onProblem(`cannot notify systemd: ${problem}`)
      troubled = problem !== null
      next()
    })
  }
  /** Of each variable only the newest value waits: a systemd that does not read costs one process, not one a second. */
  const say = (...assignments: string[]) => {
    if (!enabled) return
    const names = assignments.map(nameOf)
    waiting = [...waiting.filter((old) => !names.includes(nameOf(old))), ...assignments]
    next()
  }

  return {
    watchdogEveryMs: enabled ? watchdogEveryMs(env) : null,
    ready: (status) => say('READY=1', statusLine(status)),
    status: (text) => say(statusLine(text)),
    watchdog: () => say('WATCHDOG=1'),
    stopping: () => say('STOPPING=1'),
    delivered: () =>
      new Promise((resolve) => {
        idle.push(resolve)
        next()
      }),
  }
}

/** Half of $WATCHDOG_USEC, as sd_watchdog_enabled(3) recommends; null when it is not meant for this process. */
function watchdogEveryMs(env: Environment): number | null {
  const microseconds = Number(env.WATCHDOG_USEC)
  const pid = env.WATCHDOG_PID
  if (!(microseconds > 0) || (pid !== undefined && pid !== String(process.pid))) return null
  return Math.max(1, Math.floor(microseconds / 2000))
}

function sendBy(env: Environment): Send {
  return (assignments, done) => {
    const options = {
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL' as const,
      env: { NOTIFY_SOCKET: env.NOTIFY_SOCKET, PATH: env.PATH ?? '/usr/bin:/bin' },
    }
    execFile('systemd-notify', [...assignments], options, (error, _stdout, stderr) =>
      done(error === null ? null : stderr.trim() || error.message),
    )
  }
}

function nameOf(assignment: string): string {
  return assignment.slice(0, assignment.indexOf('='))
}

function statusLine(text: string): string {
  return `STATUS=${text.replace(/\s+/g, ' ').trim()}`
}
