/**
 * A pair of real machines with apmode on them, made of what an operator has: the package, one configuration file, what
 * `apmode render` writes, and `apmode set ap --now` on both. The tests, the demo and the bench all start here; most on a
 * layer in which the package is installed already (prepared.ts).
 * Invariant: nothing on the machines comes from the checkout but the package (and the little API of the lab).
 */
import { makePackage } from '../../scripts/package.ts'
import { messageOf } from '../../src/core/errors.ts'
import { Client } from '../../src/face/client.ts'
import type { Status } from '../../src/ports/control.ts'
import type { HistoryEntry } from '../../src/ports/storage.ts'
import { installApi } from './api/install.ts'
import type { CommandResult } from './lab/command.ts'
import type { LabNode } from './lab/node.ts'
import { type Pair, type PairOptions, startPair } from './lab/pair.ts'
import { waitFor } from './lab/wait.ts'
import { CONFIG_FILE, preparedLayer, renderInto, SECRET_FILE } from './prepared.ts'

export const CONFIG = `codename = "ap"
mode_file = "/opt/ap-mode"

[[node]]
name = "host1"
address = "192.168.33.101"
interface = "eth0"
role = "active"

[[node]]
name = "host2"
address = "192.168.33.102"
interface = "eth0"
role = "standby"

[vrrp]
vip = "192.168.33.100/24"
virtual_router_id = 50
advert_interval = 0.1

[[unit]]
name = "mariadb.service"
kind = "database"

[[unit]]
name = "api.service"
kind = "api"

[[unit]]
name = "keepalived.service"
kind = "router"

[database]
engine = "mariadb"
replication_password_file = "/etc/apmode/replication.password"
`

/** The password of replication on every pair of the lab. */
export const LAB_SECRET = 'a secret of the lab'

export const UNITS = ['mariadb.service', 'api.service', 'keepalived.service'] as const
export const BOOT_UNIT = 'ap.service'

export interface Machine extends LabNode {
  /** `apmode …` on its console; never throws for an exit code. */
  apmode(words: string, options?: { timeoutMs?: number; input?: string }): Promise<CommandResult>
  status(): Promise<Status>
  history(): Promise<HistoryEntry[]>
  /** The mode file, as `cat` shows it, without the newline. */
  modeFile(): Promise<string>
  /** systemd's UnitFileState of the boot unit and the service units, in that order. */
  unitFiles(): Promise<string[]>
  /** @@read_only is 0 and the server answers; of a member of a cluster, that is ready too. */
  writable(): Promise<boolean>
  holdsVip(): Promise<boolean>
}

export interface ApmodePair extends Omit<Pair, 'node' | 'nodes'> {
  readonly nodes: readonly Machine[]
  node(name: string): Machine
  readonly host1: Machine
  readonly host2: Machine
}

export interface ApmodePairOptions extends Pick<PairOptions, 'progress'> {
  /** Instead of CONFIG. */
  readonly config?: string
  /** Called for each machine while it is off, after the files of the pair were written. */
  readonly provision?: (machine: LabNode) => Promise<void>
  /** False: the machines are prepared, and no mode is set. */
  readonly start?: boolean
  /** Everything is installed, rendered and granted on each machine, by the lines of the README. */
  readonly asAnOperator?: boolean
}

const RENDERED = {
  keepalived: '/etc/keepalived/keepalived.conf',
  mariadb: '/etc/mysql/mariadb.conf.d/90-apmode.cnf',
}

export async function startApmodePair(options: ApmodePairOptions = {}): Promise<ApmodePair> {
  const progress = options.progress ?? (() => {})
  const packagePath = process.env.APMODE_DEB ?? (await makePackage({ onProgress: progress }))
  let prepared = false
  const pair = await startPair({
    progress,
    async layer(image) {
      if (options.asAnOperator === true) return null
      const layer = await preparedLayer(
        image,
        { packagePath, account: { config: CONFIG, secret: LAB_SECRET } },
        progress,
      )
      prepared = layer !== null
      return layer
    },
    async provision(node) {
      await installApi(node)
      await node.writeFile(CONFIG_FILE, options.config ?? CONFIG)
      await node.writeFile(SECRET_FILE, `${LAB_SECRET}\n`, 0o600)
      if (prepared) await renderInto(node, RENDERED)
      await options.provision?.(node)
    },
  })
  try {
    if (!prepared) {
      progress('installing the package and what `apmode render` writes …')
      await Promise.all(pair.nodes.map((node) => prepare(node, packagePath)))
    }
    const nodes = pair.nodes.map(machineOf)
    const [host1, host2] = nodes
    if (host1 === undefined || host2 === undefined) throw new Error('cannot start a pair: two machines are needed')
    if (options.start !== false) {
      progress('apmode set ap --now, on both …')
      await startServing(host1, host2)
    }
    const node = (name: string) => {
      const found = nodes.find((candidate) => candidate.name === name)
      if (found === undefined) throw new Error(`cannot find machine ${name}`)
      return found
    }
    return { ...pair, nodes, node, host1, host2 }
  } catch (thrown) {
    await pair.stop()
    throw thrown
  }
}

/** The five lines of the README, on one machine. */
async function prepare(node: LabNode, packagePath: string): Promise<void> {
  await node.installPackage(packagePath)
  await node.shell(
    `apmode render keepalived > ${RENDERED.keepalived}
     apmode render mariadb > ${RENDERED.mariadb}
     systemctl restart mariadb
     apmode render grants | mariadb
     systemctl stop keepalived mariadb`,
    { timeoutMs: 60_000 },
  )
}

async function startServing(host1: Machine, host2: Machine): Promise<void> {
  for (const machine of [host1, host2]) {
    const result = await machine.apmode('set ap --now', { timeoutMs: 60_000 })
    if (result.code !== 0) {
      throw new Error(
        `cannot start ${machine.name}: exit ${result.code}: ${result.stdout}${result.stderr}\n${await machine.journal(60)}`,
      )
    }
  }
  await healthy(host1, host2)
}

/** Waits until `holder` serves and `standby` follows it. */
export async function healthy(holder: Machine, standby: Machine): Promise<void> {
  try {
    await becomeHealthy(holder, standby)
  } catch (cause) {
    const stories = await Promise.all([holder, standby].map(storyOf))
    throw new Error(`${cause instanceof Error ? cause.message : cause}\n${stories.join('\n')}`, { cause })
  }
}

/** What a machine says of itself, for the message of a failed test. */
export async function storyOf(machine: Machine): Promise<string> {
  const [status, history] = await Promise.all([machine.apmode('status'), machine.apmode('history -n 12')])
  return `── ${machine.name}\n${status.stdout}${status.stderr}\n${history.stdout}`
}

async function becomeHealthy(holder: Machine, standby: Machine): Promise<void> {
  await waitFor(async () => (await holder.status()).writable === true, {
    patienceMs: 45_000,
    reason: `${holder.name} writable`,
  })
  const follows = async () => {
    const { replication, fit } = await standby.status()
    return fit === true && replication?.io === 'Yes' && replication.sql
  }
  await waitFor(follows, { patienceMs: 45_000, reason: `${standby.name} following ${holder.name}` })
  const whole = async () => {
    const { mode, peer, commitsWithPeer } = await holder.status()
    // What the standby says of itself arrives a moment after it is so.
    const said = peer?.fit !== false && (peer?.vrrp == null || peer.vrrp === 'backup')
    return peer?.attached === true && said && (mode !== 'ap' || commitsWithPeer === true)
  }
  await waitFor(whole, { patienceMs: 45_000, reason: `${standby.name} attached to ${holder.name}, and acknowledging` })
}

/** The control socket of a running machine, reached from outside it: no process is started for an answer. */
export function supervisorOf(node: LabNode): Client {
  return new Client(`/proc/${node.leaderPid() ?? 'none'}/root/run/apmode/apmode.sock`)
}

export function machineOf(node: LabNode): Machine {
  const ask = async <T>(path: string): Promise<T> => {
    try {
      return await supervisorOf(node).ask<T>('GET', path)
    } catch (cause) {
      const reason = node.running() ? messageOf(cause) : 'it is off'
      throw new Error(`cannot ask ${path} of ${node.name}: ${reason}`, { cause })
    }
  }
  return {
    ...node,
    apmode: (words, options = {}) => node.exec(['apmode', ...words.split(' ')], { timeoutMs: 30_000, ...options }),
    status: () => ask<Status>('/status'),
    history: () => ask<HistoryEntry[]>('/history?n=200'),
    modeFile: async () => (await node.readFile('/opt/ap-mode')).trim(),
    unitFiles: async () => {
      const names = [BOOT_UNIT, ...UNITS]
      const states = await node.exec(['systemctl', 'show', '-P', 'UnitFileState', ...names])
      return states.stdout.split('\n').filter((line) => line !== '')
    },
    writable: async () => {
      const ask = "SELECT @@global.read_only, @@global.wsrep_on; SHOW GLOBAL STATUS LIKE 'wsrep_ready'"
      const { code, stdout } = await node.exec(['mariadb', '-N', '-e', ask], { timeoutMs: 3000 })
      const [readOnly, inCluster, , ready] = stdout.trim().split(/\s/)
      return code === 0 && readOnly === '0' && (inCluster === '0' || ready === 'ON')
    },
    holdsVip: async () => (await node.exec(['ip', '-4', '-brief', 'address'])).stdout.includes('192.168.33.100/'),
  }
}
