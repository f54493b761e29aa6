/**
 * Is a server that no longer listens really gone? A mariadbd that shuts down removes its socket first and ends its
 * clients afterwards; in between an open session may still commit. Looks in /proc only.
 * Invariant: "gone" is said only when the process has ended, or when no client connection to it is established any more.
 */
import { readFileSync } from 'node:fs'

export interface ServerProcess {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: tells a process from a later one with the same number. */
  readonly startTime: string
  readonly socket: string
  readonly port: number
}

export function serverProcess(pidFile: string, socket: string, port: number): ServerProcess | null {
  const pid = Number.parseInt(readOr(pidFile), 10)
  const startTime = Number.isInteger(pid) ? startTimeOf(pid) : ''
  return startTime === '' ? null : { pid, startTime, socket, port }
}

export function isGone(server: ServerProcess): boolean {
  return startTimeOf(server.pid) !== server.startTime || !hasClients(server)
}

/** A zombie has ended as well: it only waits to be counted. */
function startTimeOf(pid: number): string {
  const stat = readOr(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '')
}

/** /proc/net/unix: state 03 is connected, the path is the server's end. /proc/net/tcp: state 01 is ESTABLISHED. */
function hasClients({ socket, port }: ServerProcess): boolean {
  const local = readOr('/proc/net/unix')
    .split('\n')
    .some((line) => line.endsWith(` ${socket}`) && line.trim().split(/\s+/)[5] === '03')
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const remote = ['/proc/net/tcp', '/proc/net/tcp6'].some((table) =>
    readOr(table)
      .split('\n')
      .some((line) => {
        const [, localAddress, , state] = line.trim().split(/\s+/)
        return state === '01' && (localAddress ?? '').endsWith(suffix)
      }),
  )
  return local || remote
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
