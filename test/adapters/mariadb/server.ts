/**
 * Private MariaDB servers for tests: real `mariadbd` processes under the user mysql, each in its own folder under
 * /var/tmp, with a Unix socket and a TCP port on 127.0.0.1. Installs Debian's package when it is missing.
 * Invariant: a started server is killed by its pid and its folder removed by `remove`, at the latest when the test
 * process ends. Never touches a server or a folder that it did not make.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const MARIADBD = '/usr/sbin/mariadbd'
const POLICY = '/usr/sbin/policy-rc.d'
const INSTALL_TIMEOUT_MS = 300_000
const START_TIMEOUT_MS = 60_000

/** Why these tests cannot run here, or null. Installs the Debian package when it is missing; throws when that fails. */
export function ensureMariadbInstalled(): string | null {
  if (process.getuid?.() !== 0) return 'these tests start mariadbd as the user mysql and need root for it'
  if (existsSync(MARIADBD)) return null
  const aptGet = (...rest: string[]) =>
    spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=240', ...rest], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
      timeout: INSTALL_TIMEOUT_MS,
    })
  const install = () => aptGet('install', '-y', '--no-install-recommends', 'mariadb-server')
  // The package would start a server of its own: Debian asks this file first (invoke-rc.d(8)).
  const ours = !existsSync(POLICY)
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  let result = install()
  if (result.status !== 0) {
    aptGet('update')
    result = install()
  }
  if (ours) rmSync(POLICY)
  if (!existsSync(MARIADBD)) {
    const reason = `${result.error?.message ?? ''} ${result.stderr ?? ''}`.trim().slice(-600)
    throw new Error(`cannot install mariadb-server with apt-get: ${reason}`)
  }
  return null
}

let template: string | null = null
const living = new Set<MariadbServer>()
/** Removes every server of this test file and the template. Call it in `afterAll`; vitest ends its workers without notice. */
export function removeServers(): void {
  for (const server of living) server.remove()
  if (template !== null) rmSync(template, { recursive: true, force: true })
  template = null
}
process.once('exit', removeServers)

/** A fresh data folder with root by unix_socket, made once for each test process and then copied. */
function templateFolder(): string {
  if (template !== null) return template
  const folder = mkdtempSync('/var/tmp/mdb-template-')
  template = folder
  chmodSync(folder, 0o755)
  execFileSync('chown', ['mysql:mysql', folder])
  execFileSync(
    'mariadb-install-db',
    [
      '--no-defaults',
      '--user=mysql',
      `--datadir=${folder}/data`,
      // At its start a server removes what others have in its tmpdir.
      `--tmpdir=${folder}`,
      '--auth-root-authentication-method=socket',
      '--skip-test-db',
      '--innodb-log-file-size=8M',
      '--innodb-buffer-pool-size=16M',
    ],
    { timeout: 120_000, stdio: 'pipe' },
  )
  return folder
}

/** Each worker has ports of its own: two that look at the same time never find the same one. */
let lastPort = 20_000 + Number(process.env.VITEST_POOL_ID ?? 0) * 500

async function freePort(): Promise<number> {
  for (;;) {
    lastPort += 1
    const probe = net.createServer()
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(lastPort, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    await new Promise((resolve) => probe.close(resolve))
    return lastPort
  }
}

export interface MariadbServer {
  readonly folder: string
  readonly socket: string
  readonly port: number
  readonly pid: number
  /** Starts mariadbd and waits until it answers. */
  start(extra?: readonly string[]): Promise<void>
  /** Sends a signal to this server's own process. */
  signal(name: NodeJS.Signals): void
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>
  /** Resolves when the process has ended by itself. */
  exited(): Promise<void>
  /** Runs SQL as root through the socket with Debian's own client and returns its rows, tab separated. */
  sql(text: string): string
  remove(): void
}

/** A new server that is not yet started. `serverId` must differ between the servers of one test. */
export async function makeServer(serverId: number, options: readonly string[] = []): Promise<MariadbServer> {
  const folder = mkdtempSync('/var/tmp/mdb-')
  chmodSync(folder, 0o755)
  cpSync(`${templateFolder()}/data`, `${folder}/data`, { recursive: true, preserveTimestamps: true })
  execFileSync('chown', ['-R', 'mysql:mysql', folder])
  const socket = `${folder}/mysqld.sock`
  const port = await freePort()
  let child: ChildProcess | null = null
  const exited = () => child === null || child.exitCode !== null || child.signalCode !== null

  const server: MariadbServer = {
    folder,
    socket,
    port,
    get pid() {
      return child?.pid ?? 0
    },
    async start(extra = []) {
      const log = openSync(`${folder}/error.log`, 'a')
      child = spawn(
        MARIADBD,
        [
          '--no-defaults',
          '--user=mysql',
          `--datadir=${folder}/data`,
          `--tmpdir=${folder}`,
          `--socket=${socket}`,
          `--pid-file=${folder}/mysqld.pid`,
          `--port=${port}`,
          '--bind-address=127.0.0.1',
          `--server-id=${serverId}`,
          '--log-bin=binlog',
          '--log-slave-updates=1',
          '--relay-log=relay',
          '--gtid-strict-mode=1',
          '--binlog-format=ROW',
          '--read-only=1',
          '--skip-slave-start=1',
          '--slave-net-timeout=4',
          '--skip-name-resolve',
          '--innodb-buffer-pool-size=16M',
          '--innodb-log-file-size=8M',
          '--performance-schema=OFF',
          ...options,
          ...extra,
        ],
        { stdio: ['ignore', 'ignore', log] },
      )
      closeSync(log)
      const deadline = Date.now() + START_TIMEOUT_MS
      while (Date.now() < deadline) {
        if (exited()) throw new Error(`mariadbd ended at its start:\n${readFileSync(`${folder}/error.log`, 'utf8')}`)
        if (existsSync(socket) && spawnSync('mariadb', client(socket, 'SELECT 1')).status === 0) return
        await pause(50)
      }
      throw new Error(`mariadbd did not answer within ${START_TIMEOUT_MS} ms`)
    },
    signal(name) {
      if (!exited()) child?.kill(name)
    },
    async kill() {
      if (child === null || exited()) return
      const gone = new Promise((resolve) => child?.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
    async exited() {
      if (child !== null && !exited()) await new Promise((resolve) => child?.once('exit', resolve))
    },
    sql(text) {
      return execFileSync('mariadb', client(socket, text), { encoding: 'utf8', timeout: 20_000, stdio: 'pipe' }).trim()
    },
    remove() {
      if (!exited()) child?.kill('SIGKILL')
      living.delete(server)
      // The process may still write for a moment.
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 })
    },
  }
  living.add(server)
  return server
}

function client(socket: string, text: string): string[] {
  return ['--no-defaults', '--connect-timeout=5', '-uroot', `--socket=${socket}`, '-N', '-B', '-e', text]
}
