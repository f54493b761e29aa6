/**
 * docs/recipes/haproxy on two real machines, its files as they stand: HAProxy on both all the time, then on the holder only.
 * One client asks through the VIP every 10 ms from the first test to the last.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../src/core/doctor/examine.ts'
import type { Machine } from './apmode-pair.ts'
import { type Client, startClient } from './lab/client.ts'
import { VIP } from './lab/network.ts'
import { type Program, runAsClient } from './lab/program.ts'
import { whyNoLab } from './lab/requirements.ts'
import { waitFor } from './lab/wait.ts'
import { startBackends } from './recipes/behind.ts'
import { type StatelessPair, startServing, startStateless, whole } from './stateless-pair.ts'

const obstacle = whyNoLab()
const RECIPE = resolve(import.meta.dirname, '../../docs/recipes/haproxy')
const recipe = (name: string) => readFileSync(join(RECIPE, name), 'utf8')
const CONFIGURATION = '/etc/haproxy/haproxy.cfg'
const SYSCTL = '/etc/sysctl.d/60-nonlocal-bind.conf'
const TOML = '/etc/apmode/apmode.toml'
const PATIENT = { timeoutMs: 30_000 }

interface Fault {
  readonly name: string
  readonly strike: (machine: Machine) => Promise<unknown>
  readonly mend: (machine: Machine) => Promise<unknown>
  /** Without an answer, at most. */
  readonly withinMs: number
}

const nothing = async () => {}
const KILLED: Fault = {
  name: 'HAProxy killed',
  strike: (machine) => machine.must(['systemctl', 'kill', '-s', 'KILL', 'haproxy']),
  mend: nothing,
  withinMs: 1000,
}
const FAULTS: readonly Fault[] = [
  KILLED,
  {
    name: 'HAProxy hanging',
    strike: (machine) => machine.must(['systemctl', 'kill', '-s', 'STOP', 'haproxy']),
    mend: (machine) => machine.must(['systemctl', 'kill', '-s', 'CONT', 'haproxy']),
    withinMs: 3000,
  },
  {
    name: 'NIC down',
    strike: (machine) => machine.nic('down'),
    mend: (machine) => machine.nic('up'),
    withinMs: 2000,
  },
  {
    name: 'power off',
    strike: (machine) => machine.powerOff(),
    mend: async (machine) => {
      await machine.cable('plugged')
      await machine.powerOn()
    },
    withinMs: 2000,
  },
]

describe.skipIf(obstacle !== null)('two HAProxy balancers', () => {
  let pair: StatelessPair
  let backends: Program
  let client: Client

  beforeAll(async () => {
    const say = (sentence: string) => process.stderr.write(`${sentence}\n`)
    pair = await startStateless({
      config: recipe('apmode.toml'),
      files: { [CONFIGURATION]: recipe('haproxy.cfg'), [SYSCTL]: recipe('60-nonlocal-bind.conf') },
      packages: ['haproxy'],
      progress: say,
    })
    backends = await startBackends(pair.names, [
      { name: 'web1', address: '192.168.33.11', port: 8080, speaks: 'http' },
      { name: 'web2', address: '192.168.33.12', port: 8080, speaks: 'http' },
      { name: 'db1', address: '192.168.33.21', port: 3306, speaks: 'lines' },
    ])
    await startServing(pair.machines)
    client = startClient(pair, {
      via: 'api',
      door: { host: VIP, port: 80 },
      writeEveryMs: 0,
      readEveryMs: 10,
    })
    await answered('a first answer through the VIP')
  })
  afterAll(async () => {
    await client?.stop()
    await backends?.stop()
    await pair?.stop()
  })

  async function answered(reason: string, since = Date.now()): Promise<void> {
    await waitFor(() => client.reads.some((read) => read > since + 100), { patienceMs: 15_000, reason }).catch(
      (thrown: unknown) => {
        throw new Error(`${thrown}\n${backends.said()}\n${JSON.stringify([...client.refusals()])}`)
      },
    )
  }

  /** Who has the VIP, and the other one. */
  async function places(): Promise<[Machine, Machine]> {
    const [one, two] = pair.machines
    if (one === undefined || two === undefined) throw new Error('cannot find two machines')
    return (await one.status()).holder === true ? [one, two] : [two, one]
  }

  async function moves({ name, strike, mend, withinMs }: Fault): Promise<void> {
    const [holder, other] = await places()
    const at = Date.now()
    await strike(holder)
    await waitFor(async () => (await other.status()).mode === 's', { patienceMs: 15_000, reason: `${other.name} in s` })
    await answered(`an answer by ${other.name}`)
    const gap = Math.round(client.longestReadGap(at)?.ms ?? Number.NaN)
    process.stderr.write(`${name}: ${gap} ms without an answer\n`)
    expect(await other.holdsVip()).toBe(true)
    expect(gap).toBeLessThan(withinMs)
    await mend(holder)
    const mended = Date.now()
    const back = await holder.apmode('rejoin', { timeoutMs: 60_000 })
    expect(back, back.stderr + (await holder.journal(40))).toMatchObject({ code: 0 })
    expect(await other.apmode('set ap')).toMatchObject({ code: 0 })
    await whole([other, holder])
    const roles = [(await other.status()).role, (await holder.status()).role]
    expect(roles).toEqual(['active', 'standby'])
    // The way home costs nothing.
    expect(client.longestReadGap(mended)?.ms ?? 0).toBeLessThan(500)
  }

  /** Nothing is decided, nothing moves and nobody is refused while this happens. */
  async function unnoticed(work: (holder: Machine) => Promise<void>): Promise<void> {
    const [holder, other] = await places()
    const seen = async () => ({
      decisions: (await Promise.all([holder, other].map((machine) => machine.history()))).flat(),
      refused: [...client.refusals()],
      fit: [(await holder.status()).fit, (await other.status()).fit],
    })
    const before = await seen()
    const at = Date.now()
    await work(holder)
    await answered('answers that go on')
    expect(await seen()).toEqual(before)
    expect(client.longestReadGap(at)?.ms).toBeLessThan(400)
    expect(await holder.holdsVip()).toBe(true)
  }

  const reload = (machine: Machine) => machine.exec(['systemctl', 'reload', 'haproxy'], PATIENT)

  async function refusedReload(holder: Machine): Promise<void> {
    await holder.shell(`cp -p ${CONFIGURATION} ${CONFIGURATION}.kept && echo 'no such word' >> ${CONFIGURATION}`)
    expect((await reload(holder)).code).not.toBe(0)
    expect(await holder.must(['systemctl', 'is-active', 'haproxy'])).toBe('active\n')
    await holder.shell(`mv ${CONFIGURATION}.kept ${CONFIGURATION}`)
  }

  async function reloadUnderLoad(holder: Machine): Promise<void> {
    // Two seconds, one piece after the other, from before the first reload to after the last one.
    const slow = runAsClient(pair.names, ['curl', '-sS', '--max-time', '20', `http://${VIP}/slow`])
    await answered('answers beside a slow one')
    for (const _ of [1, 2, 3]) expect(await reload(holder)).toMatchObject({ code: 0 })
    const { code, stdout, stderr } = await slow
    expect([code, stdout.trimEnd().split('\n').length], stderr).toEqual([0, 20])
  }

  test('have nothing of a database in status, plan, table, metrics and doctor', async () => {
    const [holder, other] = await places()
    for (const machine of [holder, other]) {
      const { stdout } = await machine.apmode('status')
      expect(stdout).not.toMatch(/database|replication|GTID|writ|lead|commits/)
      expect(await machine.status()).toMatchObject({ engine: 'none', writable: null, lead: null, reasons: [] })
    }
    for (const words of ['plan set m', 'plan rejoin', 'table', 'history']) {
      const { stdout } = await other.apmode(words)
      expect(stdout, words).not.toMatch(/replica|read-only|writable|SQL|fence/)
    }
    const metrics = await holder.must(['curl', '-sS', 'http://127.0.0.1:8008/metrics'])
    expect(metrics).toContain('apmode_unit_active{unit="haproxy.service",kind="other"} 1')
    expect(metrics).not.toMatch(/^apmode_(writable|replication|lead|commits|peer)/m)
    for (const machine of [holder, other]) {
      const report = await doctor(machine)
      expect(report.findings.filter(({ severity }) => severity !== 'ok')).toEqual([])
    }
  })

  async function doctor(machine: Machine): Promise<Report> {
    return JSON.parse((await machine.exec(['apmode', 'doctor', '--json'], PATIENT)).stdout) as Report
  }

  test('a configuration that HAProxy refuses at a reload: the running one goes on, nothing moves', () =>
    unnoticed(refusedReload))

  test('a reload that works drops no connection and moves nothing', () => unnoticed(reloadUnderLoad))

  test('without ip_nonlocal_bind the one that stands by cannot start HAProxy: doctor says so, and what mends it', async () => {
    const [holder, other] = await places()
    await other.shell('sysctl -qw net.ipv4.ip_nonlocal_bind=0; systemctl restart haproxy || true', PATIENT)
    await waitFor(async () => (await other.status()).fit === false, { patienceMs: 10_000, reason: 'not fit' })
    const found = (await doctor(other)).findings.find(({ id }) => id === 'network.nonlocal-bind')
    expect(found).toMatchObject({
      severity: 'warning',
      found: expect.stringContaining('haproxy.service could not bind'),
    })
    await other.shell(found?.mend ?? 'false')
    await other.shell('systemctl reset-failed haproxy')
    expect(await other.apmode('start')).toMatchObject({ code: 0 })
    await whole([holder, other])
  })

  test.each(FAULTS.map((fault) => [fault.name, fault] as const))(
    '%s: the VIP moves, clients go on, and the way home is two commands',
    (_name, fault) => moves(fault),
  )

  test('a connection to the database goes through the balancer too', async () => {
    const said = await runAsClient(pair.names, ['curl', '-s', '--max-time', '1', `telnet://${VIP}:3306`])
    expect(said.stdout).toBe('db1\n')
  })

  describe('HAProxy on the holder only', () => {
    beforeAll(async () => {
      const [holder, other] = await places()
      for (const machine of [holder, other]) {
        await machine.writeFile(TOML, recipe('apmode-holder.toml'))
        await machine.shell(`rm ${SYSCTL} && sysctl -qw net.ipv4.ip_nonlocal_bind=0 && systemctl reload apmode`)
      }
      await waitFor(async () => (await other.exec(['systemctl', 'is-active', 'haproxy'])).code !== 0, {
        patienceMs: 10_000,
        reason: `HAProxy stopped on ${other.name}`,
      })
      await whole([holder, other])
    })

    test('a reload drops no connection and moves nothing; one that is refused neither', async () => {
      await unnoticed(refusedReload)
      await unnoticed(reloadUnderLoad)
    })

    test('HAProxy killed: clients go on as soon as it was started again', async () => {
      const [holder] = await places()
      const at = Date.now()
      await KILLED.strike(holder)
      await answered('an answer after the kill')
      const gap = Math.round(client.longestReadGap(at)?.ms ?? Number.NaN)
      process.stderr.write(`HAProxy killed, on the holder only: ${gap} ms without an answer\n`)
      expect(gap).toBeLessThan(2000)
    })

    test('NIC down: the other machine starts HAProxy, clients go on', () =>
      moves({ ...(FAULTS.find(({ name }) => name === 'NIC down') as Fault), withinMs: 3000 }))
  })
})
