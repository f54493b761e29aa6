/** On what it was measured: the facts without which a time means nothing. */
import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem } from 'node:os'
import type { Machine } from '../../test/pair/apmode-pair.ts'
import { NODE, sql } from './guest.ts'

export interface Facts {
  readonly at: string
  readonly processor: string
  readonly cores: number
  readonly memoryGb: number
  readonly kernel: string
  /** One minute's load when the bench began; much more than its own work is somebody else's. */
  readonly load: number
  readonly apmode: string
  readonly node: string
  readonly mariadb: string
  readonly systemd: string
  readonly commit: string
}

export async function factsOf(machine: Machine, load: number): Promise<Facts> {
  const first = async (argv: readonly string[]) => (await machine.must(argv)).split('\n')[0]?.trim() ?? ''
  return {
    at: new Date().toISOString(),
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    load,
    apmode: await first(['apmode', '--version']),
    node: await first([NODE, '--version']),
    mariadb: (await sql(machine, 'SELECT VERSION() AS version'))[0]?.version ?? 'unknown',
    systemd: (await first(['systemctl', '--version'])).split(' ')[1] ?? 'unknown',
    commit: commit(),
  }
}

export const loadNow = () => loadavg()[0] ?? Number.NaN

export function sentenceOf(facts: Facts): string {
  const { at, processor, cores, memoryGb, kernel, load, apmode, node, mariadb, systemd } = facts
  return (
    `Measured ${at.slice(0, 10)} with apmode ${apmode}, two machines in containers on one host: ${processor}, ` +
    `${cores} cores for both, ${memoryGb} GB, Linux ${kernel}, load ${load.toFixed(1)} before it began; ` +
    `Node ${node}, MariaDB ${mariadb}, systemd ${systemd}.`
  )
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}
