/** What doctor looks at in apmode's own files, in systemd's units, and in keepalived's file. */
import { dirname } from 'node:path'
import { bootUnitOf, type Config } from '../../core/config.ts'
import { parseKeepalived, scriptsIn } from '../../core/doctor/keepalived-file.ts'
import { type Looks, none, type PathFact, seen } from '../../core/doctor/look.ts'
import type { Examination } from '../../ports/examination.ts'
import { fingerprint } from '../fingerprint.ts'
import { PATHS } from '../paths.ts'
import { attempt, LOOK } from './attempt.ts'

const KEEPALIVED_CONF = '/etc/keepalived/keepalived.conf'
const LARGEST_FILE = 1024 * 1024
const OWN_UNITS = ['apmode.service', 'apmode.socket']

/** What is apmode's own, whatever the configuration says. */
export async function lookAtOwnFiles(outside: Examination) {
  const [hooks, fifo, unfit, state] = await Promise.all([
    attempt(() => outside.hooks()),
    attempt(() => outside.stat(PATHS.fifo)),
    attempt(async () => {
      const file = await outside.stat(PATHS.unfit)
      return { file, text: file?.kind === 'file' ? await outside.text(PATHS.unfit, 64) : '' }
    }),
    attempt(async () => ({ folder: await outside.stat(dirname(PATHS.state)), file: await outside.stat(PATHS.state) })),
  ])
  return { hooks, fifo, unfit, state } satisfies Partial<Looks>
}

export async function lookAtFiles(outside: Examination, config: Config) {
  const { modeFile, database } = config
  const path = database.replicationPasswordFile
  return {
    fingerprint: seen(fingerprint(config)),
    password:
      database.engine === 'none'
        ? none('database.engine is "none"')
        : await attempt(() => outside.passwordProblem(path)),
    modeFile: await attempt(async () => ({ ...outside.mode(modeFile), file: await outside.stat(modeFile) })),
  } satisfies Partial<Looks>
}

export async function lookAtUnits(outside: Examination, config: Config | null) {
  const names =
    config === null ? OWN_UNITS : [...config.units.map(({ name }) => name), bootUnitOf(config), ...OWN_UNITS]
  const units = await attempt(async () => {
    const found = await outside.units(names, LOOK)
    return new Map(found.map((unit) => [unit.name, unit]))
  })
  return { units } satisfies Partial<Looks>
}

export async function lookAtKeepalived(outside: Examination) {
  const [keepalivedPath, keepalivedFile, keepalivedTest] = await Promise.all([
    attempt(() => outside.stat(KEEPALIVED_CONF)),
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
    return Promise.all(paths.map((path) => scriptAt(outside, path)))
  })
  return { keepalivedPath, keepalivedFile, keepalivedTest, scripts } satisfies Partial<Looks>
}

async function scriptAt(outside: Examination, path: string) {
  const found = await outside.stat(path)
  const there = found?.kind === 'file' && (found.mode & 0o111) !== 0
  return { path, there, weak: found === null ? [] : await weakParts(outside, path) }
}

/** Each part of a path that somebody else than root can change, by keepalived's own rule (check_script_secure). */
async function weakParts(outside: Examination, path: string): Promise<string[]> {
  const real = await outside.realpath(path)
  const parts: string[] = []
  for (let part = real; part !== '/'; part = dirname(part)) parts.push(part)
  const found = await Promise.all(parts.map((part) => outside.stat(part)))
  return found.flatMap((fact) => (fact === null || !isWeak(fact) ? [] : [fact.path]))
}

/** A folder with the sticky bit lets nobody replace what is another's. */
function isWeak({ kind, uid, gid, mode }: PathFact): boolean {
  if (uid !== 0) return true
  if (kind === 'folder' && (mode & 0o1000) !== 0) return false
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0)
}
