/** What doctor looks at in files, in systemd and in the system at large. Each look is one that may fail by itself. */
import { dirname } from 'node:path'
import { bootUnitOf, type Config } from '../../core/config.ts'
import type { DiskFact } from '../../core/doctor/facts.ts'
import { parseKeepalived, scriptsIn } from '../../core/doctor/keepalived-file.ts'
import { type Look, type Looks, none, type PathFact, seen } from '../../core/doctor/look.ts'
import type { Examination } from '../../ports/examination.ts'
import { fingerprint } from '../fingerprint.ts'
import { PATHS } from '../paths.ts'
import { VERSION } from '../version.ts'
import { attempt, LOOK } from './attempt.ts'

const KEEPALIVED_CONF = '/etc/keepalived/keepalived.conf'
const LARGEST_FILE = 1024 * 1024
const OWN_UNITS = ['apmode.service', 'apmode.socket']

export async function lookAtFiles(outside: Examination, config: Config) {
  const { modeFile, database } = config
  const [fifo, unfit, state] = await Promise.all([
    attempt(() => outside.stat(PATHS.fifo)),
    attempt(async () => {
      const file = await outside.stat(PATHS.unfit)
      return { file, text: file?.kind === 'file' ? await outside.text(PATHS.unfit, 64) : '' }
    }),
    attempt(async () => ({ folder: await outside.stat(dirname(PATHS.state)), file: await outside.stat(PATHS.state) })),
  ])
  const replicates = database.engine !== 'none'
  return {
    fingerprint: seen(fingerprint(config)),
    password: replicates
      ? await attempt(() => outside.passwordProblem(database.replicationPasswordFile))
      : none('database.engine is "none"'),
    fifo,
    unfit,
    state,
    modeFile: await attempt(async () => ({ ...outside.mode(modeFile), file: await outside.stat(modeFile) })),
  } satisfies Partial<Looks>
}

export async function lookAtUnits(outside: Examination, config: Config) {
  const names = [...config.units.map(({ name }) => name), bootUnitOf(config), ...OWN_UNITS]
  const units = await attempt(async () => {
    const found = await outside.units(names, LOOK)
    return new Map(found.map((unit) => [unit.name, unit]))
  })
  return { units } satisfies Partial<Looks>
}

export async function lookAtKeepalived(outside: Examination) {
  const [keepalivedFile, keepalivedTest] = await Promise.all([
    attempt(async () => {
      const file = await outside.stat(KEEPALIVED_CONF)
      if (file === null) throw new Error(`there is no ${KEEPALIVED_CONF}`)
      return { file, tree: parseKeepalived(await outside.text(KEEPALIVED_CONF, LARGEST_FILE)) }
    }),
    attempt(() => outside.run(['keepalived', '--config-test', `--use-file=${KEEPALIVED_CONF}`], LOOK)),
  ])
  const scripts = await attempt(async () => {
    if (keepalivedFile.kind !== 'seen') throw new Error(keepalivedFile.why)
    const paths = scriptsIn(keepalivedFile.value.tree)
    return Promise.all(paths.map(async (path) => ({ path, weak: await weakParts(outside, path) })))
  })
  return { keepalivedFile, keepalivedTest, scripts } satisfies Partial<Looks>
}

/** Each part of a path that somebody else than root can change, by keepalived's own rule (check_script_secure). */
async function weakParts(outside: Examination, path: string): Promise<string[]> {
  const real = await outside.realpath(path)
  const parts: string[] = []
  for (let part = real; part !== '/'; part = dirname(part)) parts.push(part)
  const found = await Promise.all(parts.map((part) => outside.stat(part)))
  return found.flatMap((fact) => (fact === null || !isWeak(fact) ? [] : [fact.path]))
}

function isWeak({ uid, gid, mode }: PathFact): boolean {
  return uid !== 0 || (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0)
}

interface Program {
  readonly name: string
  readonly needed: string
}

function programsOf(config: Config): Program[] {
  const { witness } = config.vrrp
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
  const ping = { name: 'ping', needed: 'asking a witness (iputils-ping)' }
  return [...always, ...(config.database.engine === 'none' ? [] : database), ...(witness.length > 0 ? [ping] : [])]
}

export async function lookAtSystem(outside: Examination, config: Config | null, folders: readonly DiskPlace[]) {
  const [versions, denials, journal, disks] = await Promise.all([
    attempt(async () => {
      const { out, err } = await outside.run(['keepalived', '--version'], LOOK)
      const keepalived = /v(\d+(?:\.\d+)+)/.exec(`${out}\n${err}`)?.[1] ?? ''
      return { keepalived, systemd: await outside.systemdVersion(LOOK), apmode: VERSION }
    }),
    attempt(() => denialsIn(outside)),
    attempt(async () => (await outside.stat('/var/log/journal'))?.kind === 'folder'),
    attempt(async (): Promise<DiskFact[]> => {
      const all = [
        ...folders,
        ...(config === null ? [] : [{ folder: dirname(config.modeFile), holds: 'the mode file', needsMb: 50 }]),
      ]
      const there = all.filter(({ folder }, index) => all.findIndex((other) => other.folder === folder) === index)
      return Promise.all(there.map(async (place) => ({ ...place, ...(await outside.free(place.folder)) })))
    }),
  ])
  const programs: Look<Looks['programs'] extends Look<infer T> ? T : never> =
    config === null
      ? { kind: 'unknown', why: 'the configuration has faults' }
      : seen(programsOf(config).map((program) => ({ ...program, there: outside.program(program.name) !== null })))
  return { versions, denials, journal, disks, programs } satisfies Partial<Looks>
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
