/**
 * The Cloner port: puts the two ways to copy and the folder together. It decides nothing: when the server stops and starts
 * and whether a copy may be made at all is the host's business. Invariant: as ports/clone.ts has it.
 */
import { statSync } from 'node:fs'
import { ApmodeError } from '../../core/errors.ts'
import type { Cloner } from '../../ports/clone.ts'
import type { Primary } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { BACKUP_THERE, backupPosition, receiveBackup } from './backup.ts'
import { batch, loadDump, positionStatements } from './dump.ts'
import { bringFlags, clear, complete, putBack, removeOld, setAside, survey } from './folder.ts'
import { collect, type Launcher, UNITS_APART } from './programs.ts'
import { lookAtSource, type Remote } from './source.ts'
import { type Local, runSql, whereIsData } from './where.ts'

/** A fresh data folder: seconds, a minute on a slow disk. */
const INSTALL_MS = 10 * 60_000
/** Statements that wait for nobody. */
const STATEMENT_MS = 30_000

export interface ClonerOptions {
  readonly socket: string
  /** Root's own, in memory: /run/apmode. */
  readonly runFolder: string
  /** False where no systemd runs: everything is a plain child then. */
  readonly units?: boolean
  /** For tests: where programs are, what the server's programs are told first, and what runs on the other machine. */
  readonly path?: string
  readonly defaults?: readonly string[]
  readonly backup?: string
}

/** BatchMode: a question (a password, an unknown host) is a failure, not something to wait for. */
const ssh = (from: Primary) => [
  ...['ssh', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', '-o', 'ServerAliveInterval=15'],
  `root@${from.host}`,
]

export function createCloner(options: ClonerOptions): Cloner {
  const launcher: Launcher = {
    units: options.units ?? true,
    ...(options.path === undefined ? {} : { path: options.path }),
  }
  const local: Local = { launcher, socket: options.socket, defaults: options.defaults ?? [] }
  const remote: Remote = { launcher, runFolder: options.runFolder, ssh }
  /** Asked once: while the data is moved nobody can say it. */
  let known: { readonly folder: string; readonly series: string; readonly outside: readonly string[] } | null = null
  const where = async (call: Call) => {
    known ??= await whereIsData(local, call)
    return known
  }
  const folderOf = async (call: Call = { timeoutMs: STATEMENT_MS }) => (await where(call)).folder

  /** A server that follows nobody and has nothing but root, who comes in by the socket. */
  const install = async (folder: string, signal: AbortSignal) => {
    const { uid, gid } = statSync(folder)
    const argv = [
      ...['mariadb-install-db', ...local.defaults, `--datadir=${folder}`, '--skip-test-db'],
      ...['--auth-root-authentication-method=socket', '--auth-root-socket-user=root'],
    ]
    await collect(launcher, { argv, apart: { name: 'install', as: { uid, gid } } }, { timeoutMs: INSTALL_MS, signal })
  }

  return {
    async folder(call) {
      known = null
      const { folder, outside } = await where(call)
      return { ...(await survey(folder)), obstacles: outside }
    },

    async source(order, call) {
      return await lookAtSource(remote, order, (await where(call)).series, call)
    },

    async settle(call) {
      if (!launcher.units) return
      await collect(launcher, { argv: ['systemctl', 'stop', `${UNITS_APART}*.service`] }, call)
    },

    async setAside(keep, call) {
      return await setAside(await folderOf(call), keep, new Date())
    },

    async fill(order, watch) {
      const folder = await folderOf()
      await clear(folder)
      if (order.method === 'logical') await install(folder, watch.signal)
      else {
        const { uid, gid } = statSync(folder)
        const backup = options.backup ?? BACKUP_THERE
        await receiveBackup({ launcher, folder, owner: { uid, gid }, ssh, backup }, order, watch)
      }
      await bringFlags((await survey(folder)).old, folder)
    },

    async load(order, watch) {
      if (order.method === 'logical')
        return await loadDump({ local, launcher, runFolder: options.runFolder }, order, watch)
      const position = await backupPosition(await folderOf())
      const quiet = ['SET SESSION sql_log_bin=0', 'SET GLOBAL read_only=1', 'STOP ALL SLAVES', 'RESET SLAVE ALL']
      await runSql(local, batch([...quiet, ...positionStatements(position)]), {
        timeoutMs: STATEMENT_MS,
        signal: watch.signal,
      })
    },

    async complete(call) {
      await complete(await folderOf(call))
    },

    async putBack(old, call) {
      await putBack(await folderOf(call), old)
    },

    async removeOld(call) {
      const folder = await folderOf(call)
      if ((await survey(folder)).state !== 'whole')
        throw new ApmodeError('refused', `the data in ${folder} is not whole`)
      return await removeOld(folder)
    },
  }
}
