/**
 * The three machines of docs/recipes/sql-proxies, its files as they stand, with two servers behind them and a client that
 * dials through the VIP every 10 ms. For the test, the bench and the campaign.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Machine } from '../apmode-pair.ts'
import { type Dialer, startDialer, startGreeter } from '../lab/dialer.ts'
import type { Progress } from '../lab/image.ts'
import { type Program, runAsClient } from '../lab/program.ts'
import { waitFor } from '../lab/wait.ts'
import { type StatelessPair, startServing, startStateless } from '../stateless-pair.ts'

const RECIPE = resolve(import.meta.dirname, '../../../docs/recipes/sql-proxies')
const recipe = (name: string) => readFileSync(join(RECIPE, name), 'utf8')
const SERVERS = { db1: '192.168.33.11', db2: '192.168.33.12' }
const PORT = 3306

export interface Proxies {
  readonly trio: StatelessPair
  readonly hosts: readonly [Machine, Machine, Machine]
  readonly dialer: Dialer
  /** Behind the proxies: db1, which takes everything while it is there, and db2. */
  readonly servers: readonly Program[]
  /** Waits for a greeted connection that began after a moment and went through this machine. */
  served(machine: Machine, since: number): Promise<void>
  stop(): Promise<void>
}

export async function startProxies(progress: Progress): Promise<Proxies> {
  const trio = await startStateless({
    nodes: 3,
    config: recipe('apmode.toml'),
    files: { '/etc/haproxy/haproxy.cfg': recipe('haproxy.cfg') },
    packages: ['haproxy'],
    progress,
  })
  const servers: Program[] = []
  let dialer: Dialer | undefined
  const stop = async () => {
    await dialer?.stop()
    for (const server of servers) await server.stop()
    await trio.stop()
  }
  try {
    const hosts = [trio.machine('host1'), trio.machine('host2'), trio.machine('host3')] as const
    for (const [name, address] of Object.entries(SERVERS)) {
      await runAsClient(trio.names, ['ip', 'address', 'add', `${address}/24`, 'dev', 'eth0'])
      servers.push(startGreeter(trio.names, name, address, PORT))
    }
    await startServing(hosts)
    const dials = startDialer(trio.names, { port: PORT })
    dialer = dials
    const served = (machine: Machine, since: number) => servedThrough(trio, dials, machine, since)
    await served(hosts[0], Date.now())
    return { trio, hosts, dialer, servers, served, stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

async function servedThrough(trio: StatelessPair, dialer: Dialer, machine: Machine, since: number): Promise<void> {
  const greeted = () => dialer.greetings.some(({ begun, via }) => begun >= since && via === machine.address)
  const reason = `a client served through ${machine.name}`
  await waitFor(greeted, { patienceMs: 10_000, reason }).catch(async (thrown: unknown) => {
    const stories = await Promise.all(trio.machines.filter((one) => one.running()).map((one) => one.journal(40)))
    throw new Error(`${thrown}\n${JSON.stringify([...dialer.refusals])}\n${stories.join('\n──\n')}`)
  })
}
