/**
 * What the supervisor costs while nothing happens, on both machines of a healthy pair: its memory (VmRSS of its process)
 * and the processor time of its whole control group, so that its children (ip monitor, systemd-notify) count.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Machine } from '../../test/pair/apmode-pair.ts'
import { cgroupOf, supervisorPid } from './guest.ts'
import type { Measurement } from './result.ts'

const WATCHED_MS = 30_000
/** After the pair was started: what was compiled and allocated for that comes to an end. */
const REST_MS = 10_000
const AIM_MB = 90
const AIM_PERCENT = 0.5

interface Idle {
  readonly machine: string
  readonly residentMb: number
  /** Of it the supervisor's alone (RssAnon); the rest is Node's program file, shared with every other Node. */
  readonly privateMb: number
  readonly supervisorPercent: number
  /** Of keepalived's control group: its own work and `apmode check`, which it starts every two seconds. */
  readonly keepalivedPercent: number
}

export const measureIdle: Measurement = async ({ pair, say }) => {
  say('idle: letting the pair come to rest')
  await pause(REST_MS)
  const machines = pair.nodes
  const before = machines.map(usageOf)
  const begun = performance.now()
  say(`idle: ${WATCHED_MS / 1000} s of nothing`)
  await pause(WATCHED_MS)
  const watchedMs = performance.now() - begun
  const idle = machines.map((machine, index): Idle => {
    const now = usageOf(machine)
    const percent = (service: keyof typeof now) => (now[service] - (before[index]?.[service] ?? 0)) / 10 / watchedMs
    return {
      machine: machine.name,
      residentMb: memoryMb(supervisorPid(machine), 'VmRSS'),
      privateMb: memoryMb(supervisorPid(machine), 'RssAnon'),
      supervisorPercent: percent('supervisor'),
      keepalivedPercent: percent('keepalived'),
    }
  })
  const most = (of: (one: Idle) => number) => Math.max(...idle.map(of))
  const memory = most((one) => one.residentMb)
  const processor = most((one) => one.supervisorPercent)
  return {
    rows: [
      {
        what: "the supervisor's memory (VmRSS)",
        value: `${memory.toFixed(0)} MB`,
        aim: `< ${AIM_MB} MB`,
        met: memory < AIM_MB,
      },
      {
        what: `the supervisor's processor time, idle for ${WATCHED_MS / 1000} s`,
        value: `${processor.toFixed(2)} % of a core`,
        aim: `< ${AIM_PERCENT} %`,
        met: processor < AIM_PERCENT,
      },
    ],
    explanations: [
      {
        title: 'A healthy pair with nothing to do',
        head: ['machine', 'supervisor, VmRSS', 'supervisor and its children', 'keepalived with `apmode check`'],
        rows: idle.map((one, index) => [
          `${one.machine} (${index === 0 ? 'holder' : 'standby'})`,
          `${one.residentMb.toFixed(0)} MB (${one.privateMb.toFixed(0)} of its own)`,
          `${one.supervisorPercent.toFixed(2)} %`,
          `${one.keepalivedPercent.toFixed(2)} %`,
        ]),
      },
    ],
    raw: { idle, watchedMs },
  }
}

/** Microseconds of processor time so far. */
function usageOf(machine: Machine): { readonly supervisor: number; readonly keepalived: number } {
  const of = (service: string) => {
    const text = readFileSync(`${cgroupOf(machine, service)}/cpu.stat`, 'utf8')
    return Number(/^usage_usec (\d+)$/m.exec(text)?.[1] ?? Number.NaN)
  }
  return { supervisor: of('apmode.service'), keepalived: of('keepalived.service') }
}

function memoryMb(pid: number, what: 'VmRSS' | 'RssAnon'): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024
}
