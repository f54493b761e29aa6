/**
 * docs/recipes/haproxy on two real machines, its files as they stand: HAProxy on both all the time, then on the holder only.
 * One client asks through the VIP every 10 ms from the first test to the last.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../src/core/doctor/examine.ts'
import type { Machine } from './apmode-pair.ts'
import { VIP } from './lab/network.ts'
import { runAsClient } from './lab/program.ts'
import { whyNoLab } from './lab/requirements.ts'
import { waitFor } from './lab/wait.ts'
import {
  type Balancers,
  CONFIGURATION,
  FAULTS,
  type Fault,
  HANGING,
  KILLED,
  NIC_DOWN,
  recipe,
  SYSCTL,
  startBalancers,
} from './recipes/balancers.ts'
import { whole } from './stateless-pair.ts'

const obstacle = whyNoLab()
const TOML = '/etc/apmode/apmode.toml'
const PATIENT = { timeoutMs: 30_000 }

describe.skipIf(obstacle !== null)('two HAProxy balancers', () => {
  let balancers: Balancers

  beforeAll(async () => {
    balancers = await startBalancers((sentence) => process.stderr.write(`${sentence}\n`))
  })
  afterAll(async () => {
    await balancers?.stop()
  })

  const say = (what: string, gap: number) => process.stderr.write(`${what}: ${gap} ms without an answer\n`)

  async function moves(fault: Fault, withinMs = fault.withinMs): Promise<void> {
    const { client, strike, comesHome } = balancers
    const [holder, other] = await balancers.places()
    const gap = await strike(fault)
    say(fault.name, gap)
    expect(await other.holdsVip()).toBe(true)
    expect(gap).toBeLessThan(withinMs)
    await fault.mend(holder)
    const mended = Date.now()
    await comesHome(holder, other)
    expect([(await other.status()).role, (await holder.status()).role]).toEqual(['active', 'standby'])
    // The way home costs nothing.
    expect(client.longestReadGap(mended)?.ms ?? 0).toBeLessThan(500)
  }

  /** Nothing is decided, nothing moves and nobody is refused while this happens. */
  async function unnoticed(work: (holder: Machine) => Promise<void>): Promise<void> {
    const { client, answered } = balancers
    const [holder, other] = await balancers.places()
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
    const slow = runAsClient(balancers.pair.names, ['curl', '-sS', '--max-time', '20', `http://${VIP}/slow`])
    await balancers.answered('answers beside a slow one')
    for (const _ of [1, 2, 3]) expect(await reload(holder)).toMatchObject({ code: 0 })
    const { code, stdout, stderr } = await slow
    expect([code, stdout.trimEnd().split('\n').length], stderr).toEqual([0, 20])
  }

  test('have nothing of a database in status, plan, table, metrics and doctor', async () => {
    const [holder, other] = await balancers.places()
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
    const [holder, other] = await balancers.places()
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

  test('a witness that is silent is no cut while the machines see each other: nothing moves', async () => {
    const [holder, other] = await balancers.places()
    const witnessed = recipe('apmode.toml').replace('[vrrp]', '[vrrp]\nwitness = ["192.168.33.1"]')
    const configure = async (text: string) => {
      for (const machine of [holder, other]) {
        await machine.writeFile(TOML, text)
        await machine.must(['systemctl', 'reload', 'apmode'])
      }
      await whole([holder, other])
    }
    await configure(witnessed)
    const silence = `nft add table inet silent; nft add chain inet silent input "{ type filter hook input priority 0; }"; \
      nft add rule inet silent input ip saddr 192.168.33.1 icmp type echo-reply drop`
    try {
      for (const machine of [holder, other]) await machine.shell(silence)
      const since = Date.now()
      // A second is how long an answer counts; then two looks.
      await waitFor(() => Date.now() - since > 3000, { patienceMs: 5000, reason: 'three seconds of silence' })
      for (const machine of [holder, other]) {
        expect(await machine.status()).toMatchObject({ mode: 'ap', fit: true, reasons: [] })
      }
      expect(await holder.holdsVip()).toBe(true)
    } finally {
      for (const machine of [holder, other]) await machine.exec(['nft', 'delete', 'table', 'inet', 'silent'])
      await configure(recipe('apmode.toml'))
    }
  })

  test.each(FAULTS.map((fault) => [fault.name, fault] as const))(
    '%s: the VIP moves, clients go on, and the way home is two commands',
    (_name, fault) => moves(fault),
  )

  test('a connection to the database goes through the balancer too', async () => {
    const said = await runAsClient(balancers.pair.names, ['curl', '-s', '--max-time', '1', `telnet://${VIP}:3306`])
    expect(said.stdout).toBe('db1\n')
  })

  describe('HAProxy on the holder only', () => {
    beforeAll(async () => {
      const [holder, other] = await balancers.places()
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

    test.each([KILLED, HANGING, NIC_DOWN].map((fault) => [fault.name, fault] as const))(
      '%s: the other machine starts HAProxy, clients go on',
      (_name, fault) => moves(fault, fault.withinMs + 1000),
    )
  })
})
