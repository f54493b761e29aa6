/**
 * The two machines of docs/recipes/haproxy with what stands behind them, and one client that asks through the VIP every 10 ms;
 * the faults of the holder, and the way home. For the test and the bench.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Machine } from '../apmode-pair.ts'
import { type Client, startClient } from '../lab/client.ts'
import type { Progress } from '../lab/image.ts'
import { VIP } from '../lab/network.ts'
import type { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait.ts'
import { type StatelessPair, startServing, startStateless, whole } from '../stateless-pair.ts'
import { startBackends } from './behind.ts'

const RECIPE = resolve(import.meta.dirname, '../../../docs/recipes/haproxy')
/** The text of a file of the recipe. */
export const recipe = (name: string) => readFileSync(join(RECIPE, name), 'utf8')
export const CONFIGURATION = '/etc/haproxy/haproxy.cfg'
export const SYSCTL = '/etc/sysctl.d/60-nonlocal-bind.conf'

export interface Fault {
  readonly name: string
  readonly strike: (machine: Machine) => Promise<unknown>
  readonly mend: (machine: Machine) => Promise<unknown>
  /** Without an answer, at most, on a busy computer. */
  readonly withinMs: number
}

const nothing = async () => {}
const toHaproxy = (signal: string) => (machine: Machine) => machine.must(['systemctl', 'kill', '-s', signal, 'haproxy'])

export const KILLED: Fault = { name: 'HAProxy killed', strike: toHaproxy('KILL'), mend: nothing, withinMs: 1000 }
export const HANGING: Fault = {
  name: 'HAProxy hanging',
  strike: toHaproxy('STOP'),
  mend: toHaproxy('CONT'),
  withinMs: 3000,
}
export const NIC_DOWN: Fault = {
  name: 'NIC down',
  strike: (machine) => machine.nic('down'),
  mend: (machine) => machine.nic('up'),
  withinMs: 2000,
}
export const POWER_OFF: Fault = {
  name: 'power off',
  strike: (machine) => machine.powerOff(),
  mend: async (machine) => {
    await machine.cable('plugged')
    await machine.powerOn()
  },
  withinMs: 2000,
}
export const FAULTS: readonly Fault[] = [KILLED, HANGING, NIC_DOWN, POWER_OFF]

export interface Balancers {
  readonly pair: StatelessPair
  readonly client: Client
  /** Waits for an answer that came after a moment; now by default. */
  answered(reason: string, since?: number): Promise<void>
  /** Who has the VIP, and the other one. */
  places(): Promise<[Machine, Machine]>
  /** Strikes the holder, waits until the other one serves; milliseconds without an answer. */
  strike(fault: Fault): Promise<number>
  /** The two commands of the recipe. */
  comesHome(fallen: Machine, holder: Machine): Promise<void>
  stop(): Promise<void>
}

export async function startBalancers(progress: Progress): Promise<Balancers> {
  const pair = await startStateless({
    config: recipe('apmode.toml'),
    files: { [CONFIGURATION]: recipe('haproxy.cfg'), [SYSCTL]: recipe('60-nonlocal-bind.conf') },
    packages: ['haproxy'],
    progress,
  })
  let backends: Program | undefined
  let client: Client | undefined
  const stop = async () => {
    await client?.stop()
    await backends?.stop()
    await pair.stop()
  }
  try {
    backends = await startBackends(pair.names, [
      { name: 'web1', address: '192.168.33.11', port: 8080, speaks: 'http' },
      { name: 'web2', address: '192.168.33.12', port: 8080, speaks: 'http' },
      { name: 'db1', address: '192.168.33.21', port: 3306, speaks: 'lines' },
    ])
    await startServing(pair.machines)
    const door = { host: VIP, port: 80 }
    client = startClient(pair, { via: 'api', door, writeEveryMs: 0, readEveryMs: 10 })
    const balancers = { ...asked(pair, client, backends), stop }
    await balancers.answered('a first answer through the VIP')
    return balancers
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

function asked(pair: StatelessPair, client: Client, backends: Program): Omit<Balancers, 'stop'> {
  async function answered(reason: string, since = Date.now()): Promise<void> {
    const there = () => client.reads.some((read) => read > since + 100)
    await waitFor(there, { patienceMs: 15_000, reason }).catch((thrown: unknown) => {
      throw new Error(`${thrown}\n${backends.said()}\n${JSON.stringify([...client.refusals()])}`)
    })
  }
  async function places(): Promise<[Machine, Machine]> {
    const [one, two] = pair.machines
    if (one === undefined || two === undefined) throw new Error('cannot find two machines')
    return (await one.status()).holder === true ? [one, two] : [two, one]
  }
  return {
    pair,
    client,
    answered,
    places,
    async strike(fault) {
      const [holder, other] = await places()
      const at = Date.now()
      await fault.strike(holder)
      // Asked for its status again and again, a supervisor on a busy computer would take the time that is measured.
      await answered(`an answer by ${other.name}`, at)
      await waitFor(async () => (await other.status()).mode === 's', {
        patienceMs: 15_000,
        reason: `${other.name} in s`,
      })
      await answered('answers that go on')
      return Math.round(client.longestReadGap(at)?.ms ?? Number.NaN)
    },
    async comesHome(fallen, holder) {
      for (const [machine, words] of [
        [fallen, 'rejoin'],
        [holder, 'set ap'],
      ] as const) {
        const { code, stdout, stderr } = await machine.apmode(words, { timeoutMs: 60_000 })
        if (code !== 0) throw new Error(`apmode ${words}: exit ${code}: ${stdout}${stderr}${await machine.journal(40)}`)
      }
      await whole([holder, fallen])
    },
  }
}
