/**
 * What the supervisor's own process uses, from Node and /proc/self (proc_pid_statm(5), proc_pid_limits(5)). Never throws:
 * what cannot be read is unknown.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { ProcessMeter } from '../ports/meters.ts'

/** Of x86-64; Node tells no page size. */
const PAGE_BYTES = 4096

export function processMeter(): ProcessMeter {
  const { user, system } = process.cpuUsage()
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    virtualBytes: known(() => Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[0]) * PAGE_BYTES),
    openFiles: known(() => readdirSync('/proc/self/fd').length),
    mostFiles: known(() => Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1])),
    startedAt: Math.round(performance.timeOrigin) / 1000,
  }
}

function known(read: () => number): number | null {
  try {
    const value = read()
    return Number.isFinite(value) ? value : null
  } catch {
    return null
  }
}
