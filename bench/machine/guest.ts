/**
 * A machine of the lab as the bench reaches it from outside: its sockets through its PID 1's root folder, its processes by
 * their pid as the outer machine counts. So one process measures with one clock, and nothing runs in the machine for it.
 * Invariant: every call has a limit. It decides nothing and measures nothing.
 */
import { spawn } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import { request } from 'node:http'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { type Link, openLink, type Row } from '../../src/adapters/mariadb/link.ts'
import { type Bus, dial } from '../../src/adapters/systemd/bus.ts'
import type { Status } from '../../src/ports/control.ts'
import type { HistoryEntry } from '../../src/ports/storage.ts'
import type { Machine } from '../../test/pair/apmode-pair.ts'
import { PLAIN_ENVIRONMENT } from '../../test/pair/lab/command.ts'
import type { TimedOrder, TimedRun } from './timed-runs.ts'

const LIMIT_MS = 10_000
export const NODE = '/usr/lib/apmode/node'
const RUNNER = '/root/apmode-bench/timed-runs.mts'

/** A path of the machine, as the outer machine reaches it. */
export function outside(machine: Machine, path: string): string {
  return `/proc/${machine.leaderPid()}/root${path}`
}

/** A new connection as the administrator; whoever opens it closes it. */
export function connectTo(machine: Machine): Promise<Link> {
  return openLink({ kind: 'local', socket: outside(machine, '/run/mysqld/mysqld.sock') }, LIMIT_MS)
}

/** Statements on a connection of their own; the rows of the last. */
export async function sql(machine: Machine, ...statements: readonly string[]): Promise<readonly Row[]> {
  const link = await connectTo(machine)
  try {
    let rows: readonly Row[] = []
    for (const statement of statements) rows = await link.rows(statement, LIMIT_MS)
    return rows
  } finally {
    link.close()
  }
}

export function busOf(machine: Machine): Promise<Bus> {
  return dial(`unix:path=${outside(machine, '/run/dbus/system_bus_socket')}`, { timeoutMs: LIMIT_MS })
}

/** One line into keepalived's FIFO, as keepalived itself writes it. */
export function fifoOf(machine: Machine): { write(line: string): void; close(): void } {
  const fd = openSync(outside(machine, '/run/apmode/vrrp.fifo'), constants.O_WRONLY | constants.O_NONBLOCK)
  return { write: (line) => void writeSync(fd, `${line}\n`), close: () => closeSync(fd) }
}

/** GET over the supervisor's socket: `status` and `history` without the cost of a process. */
function get<T>(machine: Machine, target: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const socketPath = outside(machine, '/run/apmode/apmode.sock')
    const asked = request({ socketPath, path: target, timeout: LIMIT_MS }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as T)
        else reject(new Error(`GET ${target} on ${machine.name}: ${response.statusCode}: ${text.slice(0, 300)}`))
      })
      response.on('error', reject)
    })
    asked.on('timeout', () => asked.destroy(new Error(`GET ${target} on ${machine.name}: no answer`)))
    asked.on('error', reject)
    asked.end()
  })
}

export const statusOf = (machine: Machine) => get<Status>(machine, '/status')
export const historyOf = (machine: Machine, count: number) => get<HistoryEntry[]>(machine, `/history?n=${count}`)

/** Pids, as the outer machine counts, of a service's processes that run the program `name`. */
export function pidsOf(machine: Machine, service: string, name: string): number[] {
  const pids = readFileSync(`${cgroupOf(machine, service)}/cgroup.procs`, 'utf8')
    .split('\n')
    .filter(Boolean)
  return pids.map(Number).filter((pid) => programOf(pid) === name)
}

export function cgroupOf(machine: Machine, service: string): string {
  return `${machine.cgroup}/payload/system.slice/${service}`
}

/** The supervisor is the only Node process of its service. */
export function supervisorPid(machine: Machine): number {
  const [pid] = pidsOf(machine, 'apmode.service', 'node')
  if (pid === undefined) throw new Error(`cannot find the supervisor of ${machine.name}: apmode.service has no process`)
  return pid
}

function programOf(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`))
  } catch {
    return ''
  }
}

/** Starts a command on the machine's console, its standard input open; it ends with its limit at the latest. */
export function startOn(machine: Machine, argv: readonly string[], limitMs: number) {
  const inner = ['timeout', '-k', '1', String(limitMs / 1000), ...argv]
  return spawn('nsenter', ['-t', String(machine.leaderPid()), '-a', '--', ...inner], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: PLAIN_ENVIRONMENT,
  })
}

/** Runs the order inside the machine; `onRun` hears of each measured run. A program that fails fails the measurement. */
export async function timedRuns(machine: Machine, order: TimedOrder, onRun: (run: TimedRun) => void): Promise<void> {
  await machine.writeFile(RUNNER, readFileSync(new URL('./timed-runs.ts', import.meta.url)))
  const each = order.limitMs * 2 + order.pauseMs
  const child = startOn(
    machine,
    [NODE, RUNNER, JSON.stringify(order)],
    each * order.programs.length * (order.rounds + 5),
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000)
  })
  child.stdin.end()
  const failed: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    const run = JSON.parse(line) as TimedRun
    if (run.code === 0) onRun(run)
    else failed.push(`${run.name}: exit ${run.code}: ${run.said}`)
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (failed.length > 0) throw new Error(`cannot time programs on ${machine.name}: ${failed[0]}`)
  if (code !== 0) throw new Error(`cannot time programs on ${machine.name}: the runner ended with ${code}: ${said}`)
}
