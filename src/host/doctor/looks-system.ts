/** What doctor looks at in the system at large: versions, room, programs, refusals of SELinux and AppArmor. */
import { dirname } from 'node:path'
import type { Config } from '../../core/config.ts'
import type { DiskFact } from '../../core/doctor/facts.ts'
import { type Looks, seen } from '../../core/doctor/look.ts'
import type { Examination } from '../../ports/examination.ts'
import { PATHS } from '../paths.ts'
import { VERSION } from '../version.ts'
import { attempt, LOOK } from './attempt.ts'

interface Program {
  readonly name: string
  readonly needed: string
}

function programsOf(config: Config | null): Program[] {
  const always = [
    { name: 'ip', needed: 'taking a left-behind VIP off the interface (iproute2)' },
    { name: 'systemd-notify', needed: 'reporting to systemd (systemd)' },
    { name: 'mkfifo', needed: "making keepalived's FIFO anew (coreutils)" },
    { name: 'keepalived', needed: 'the VIP (keepalived)' },
  ]
  const database = [
    { name: 'mariadbd', needed: 'the database (mariadb-server)' },
    { name: 'mariadb-binlog', needed: 'writing down what only this machine has, G6 (mariadb-client)' },
    { name: 'mariadb-dump', needed: 'apmode reclone (mariadb-client)' },
  ]
  const member = [
    { name: 'rsync', needed: 'bringing a member up to date (wsrep_sst_method = rsync)' },
    { name: 'lsof', needed: 'the same (wsrep_sst_rsync asks it for open ports)' },
    { name: 'galera_recovery', needed: 'where the data stands after a power cut (mariadb-server)' },
  ]
  const ping = { name: 'ping', needed: 'asking a witness (iputils-ping)' }
  return [
    ...always,
    ...(config?.database.engine === 'none' ? [] : database),
    ...(config?.database.engine === 'galera' ? member : []),
    ...((config?.vrrp.witness.length ?? 0) > 0 ? [ping] : []),
  ]
}

export async function lookAtSystem(outside: Examination, config: Config | null, folders: readonly DiskPlace[]) {
  const modeFolder = config === null ? [] : [{ folder: dirname(config.modeFile), holds: 'the mode file', needsMb: 50 }]
  const [versions, denials, journal, disks, programs] = await Promise.all([
    attempt(async () => {
      const { out, err } = await outside.run(['keepalived', '--version'], LOOK)
      const keepalived = /v(\d+(?:\.\d+)+)/.exec(`${out}\n${err}`)?.[1]
      if (keepalived === undefined) throw new Error('keepalived does not say its version')
      return { keepalived, systemd: await outside.systemdVersion(LOOK) }
    }),
    attempt(() => denialsIn(outside)),
    attempt(async () => (await outside.stat('/var/log/journal'))?.kind === 'folder'),
    attempt(() => disksIn(outside, [...folders, ...modeFolder])),
    attempt(() => programsOf(config).map((program) => ({ ...program, there: outside.program(program.name) !== null }))),
  ])
  return { versions, denials, journal, disks, programs, apmode: seen(VERSION) } satisfies Partial<Looks>
}

async function disksIn(outside: Examination, places: readonly DiskPlace[]): Promise<DiskFact[]> {
  const each = places.filter(({ folder }, index) => places.findIndex((other) => other.folder === folder) === index)
  const found = await Promise.all(
    each.map(async (place) => {
      if ((await outside.stat(place.folder)) === null) return []
      return [{ ...place, ...(await outside.free(place.folder)) }]
    }),
  )
  return found.flat()
}

export interface DiskPlace {
  readonly folder: string
  readonly holds: string
  readonly needsMb: number
}

export const PLACES: readonly DiskPlace[] = [
  { folder: dirname(PATHS.state), holds: 'state and history', needsMb: 50 },
  { folder: '/var/log', holds: 'the journal', needsMb: 100 },
]

const AUDIT_LOG = '/var/log/audit/audit.log'
const AUDIT_BYTES = 512 * 1024
const DAY_MS = 86_400_000
const OURS = /mariadbd|mysqld|keepalived|apmode/

/** AppArmor: `apparmor="DENIED"`; SELinux: `avc:  denied`. */
async function denialsIn(outside: Examination): Promise<string[]> {
  const journal = ['journalctl', '--quiet', '--no-pager', '--output=cat', '--since=-24h', '--lines=20000']
  const { out } = await outside.run([...journal, '_TRANSPORT=kernel', '+', '_TRANSPORT=audit'], LOOK)
  const audit = (await outside.stat(AUDIT_LOG)) === null ? '' : await outside.text(AUDIT_LOG, AUDIT_BYTES)
  const since = (outside.now() - DAY_MS) / 1000
  const young = audit.split('\n').filter((line) => Number(/audit\((\d+)/.exec(line)?.[1] ?? 0) > since)
  const lines = [...out.split('\n'), ...young].filter((line) => /apparmor="DENIED"|avc:\s+denied/.test(line))
  return [...new Set(lines.filter((line) => OURS.test(line)))].map((line) => line.slice(0, 200))
}
