/**
 * Where the server of this machine has its data, as its own configuration says, and what of it is somewhere else.
 * Invariant: it only looks; and a server that keeps a part of its data elsewhere is said, not cloned by half.
 */
import { resolve } from 'node:path'
import { ApmodeError, messageOf } from '../../core/errors.ts'
import type { Call } from '../../ports/systemd.ts'
import { collect, type Launcher } from './programs.ts'

export interface Where {
  readonly folder: string
  /** `10.11`. */
  readonly series: string
  /** Settings that put data outside of the folder, as sentences. */
  readonly outside: readonly string[]
}

/** Variables of `mariadbd --help --verbose` that may lead out of the data folder. The binary log may: it is reset. */
const ELSEWHERE = ['innodb-data-home-dir', 'innodb-log-group-home-dir', 'innodb-undo-directory', 'aria-log-dir-path']

export interface Local {
  readonly launcher: Launcher
  /** The server's Unix socket. */
  readonly socket: string
  /** Given to mariadbd and mariadb-install-db before anything else: where their options are, for tests. */
  readonly defaults: readonly string[]
}

/** Asks a running server, and its program where it does not run. Throws ApmodeError. */
export async function whereIsData(local: Local, call: Call): Promise<Where> {
  const help = await askProgram(local, call)
  const folder = resolve((await askServer(local, call)) ?? valueIn(help, 'datadir') ?? '')
  if (folder === '/')
    throw new ApmodeError('failed', 'cannot find the data folder: mariadbd --help --verbose names none')
  const outside = ELSEWHERE.flatMap((name) => {
    const value = valueIn(help, name)
    const path = value === null ? folder : resolve(folder, value)
    return path === folder || path.startsWith(`${folder}/`)
      ? []
      : [`${name} is ${path}, outside of ${folder}: clone by hand`]
  })
  return { folder, series: seriesIn(help), outside }
}

async function askProgram({ launcher, defaults }: Local, call: Call): Promise<string> {
  try {
    return await collect(launcher, { argv: ['mariadbd', ...defaults, '--user=root', '--verbose', '--help'] }, call)
  } catch (error) {
    throw new ApmodeError('failed', `cannot find the data folder: ${messageOf(error)}`)
  }
}

/** null: it does not answer. */
async function askServer(local: Local, call: Call): Promise<string | null> {
  return await runSql(local, 'SELECT @@global.datadir;', call).then(
    (text) => text.trim() || null,
    () => null,
  )
}

/** Runs SQL in the local server as root, and gives its rows, separated by tabs. Throws ApmodeError. */
export function runSql({ launcher, socket }: Local, sql: string, call: Call): Promise<string> {
  return collect(launcher, { argv: [...sqlArgv(socket), '--connect-timeout=5'] }, call, sql)
}

/** Root by the socket, no option files, nothing but rows. */
export function sqlArgv(socket: string): string[] {
  const how = ['--batch', '--skip-column-names', '--raw', '--max-allowed-packet=1G', '--default-character-set=utf8mb4']
  return ['mariadb', '--no-defaults', '--protocol=socket', `--socket=${socket}`, '--user=root', ...how]
}

/** A line of the table at the end of the help: `datadir      /var/lib/mysql/`. */
export function valueIn(help: string, name: string): string | null {
  const value = new RegExp(`^${name} +(\\S.*?) *$`, 'm').exec(help)?.[1] ?? ''
  return value === '' || value === '(No default value)' ? null : value
}

/** `mariadbd  Ver 10.11.19-MariaDB-…` at its beginning. */
export function seriesIn(text: string): string {
  return /\b(\d+\.\d+)\.\d+-MariaDB/.exec(text)?.[1] ?? ''
}
