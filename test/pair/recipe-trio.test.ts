/**
 * Three SQL proxies with one VIP, as docs/recipes/sql-proxies says it, its files as they stand: two of three lose power, come
 * back one by one, and one is taken out on purpose, while a client dials through the VIP.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HEARD_WITHIN_MS } from '../campaign/topologies/oracles.ts'
import type { Machine } from './apmode-pair.ts'
import type { Dialer } from './lab/dialer.ts'
import { whyNoLab } from './lab/requirements.ts'
import { type Interval, type Sampler, startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'
import { type Proxies, startProxies } from './recipes/proxies.ts'
import { whole } from './stateless-pair.ts'

const obstacle = whyNoLab()
describe.skipIf(obstacle !== null)('three SQL proxies with one VIP', () => {
  let proxies: Proxies
  let hosts: Proxies['hosts']
  let dialer: Dialer
  let sampler: Sampler
  /** Names of those who were first although another one came before them. */
  const outOfOrder: string[] = []
  /** In it not all of them saw each other. */
  let split = { from: 0, to: 0 }

  beforeAll(async () => {
    proxies = await startProxies((sentence) => process.stderr.write(`${sentence}\n`))
    ;({ hosts, dialer } = proxies)
    sampler = startSampler({ names: proxies.trio.names, nodes: hosts })
  })

  afterAll(async () => {
    await sampler?.stop()
    await proxies?.stop()
  })

  const served = (machine: Machine, since: number) => proxies.served(machine, since)

  /**
   * Two that stand by wait 29 ms apart: where this computer itself stood still for longer, the later one may be first. Then it
   * gives the VIP on.
   */
  async function servedInOrder(heir: Machine, later: Machine, since: number): Promise<void> {
    const first = () =>
      dialer.greetings.find(({ begun, via }) => begun >= since && [heir, later].some((one) => one.address === via))
    await waitFor(() => first() !== undefined, { patienceMs: 10_000, reason: `a client served through ${heir.name}` })
    if (first()?.via === later.address) {
      process.stderr.write(`${later.name} was first\n`)
      outOfOrder.push(later.name)
      expect(await later.apmode('set m', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
      await served(heir, Date.now())
      expect(await later.apmode('set ap --now', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
    }
    await served(heir, since)
  }

  const tell = (what: string, at: number) =>
    process.stderr.write(`${what}: without an answer ${Math.round(dialer.longestGapMs(at))} ms\n`)

  /** The address of the machine through which the newest client was served. */
  const through = () => dialer.greetings.at(-1)?.via

  const holders = () => sampler.now('vip')

  test('each knows the others, and says no more than VRRP does', async () => {
    const [host1, host2] = hosts
    const { peer, peers } = await host1.status()
    expect([peer, peers.map(({ name }) => name)]).toEqual([null, ['host2', 'host3']])
    expect((await host1.apmode('status')).stdout).toContain(
      'host2 (192.168.33.102), host3 (192.168.33.103): none of them is heard as master',
    )
    expect((await host2.apmode('status')).stdout).toContain(': one of them is master')
    const doctor = JSON.parse((await host2.apmode('doctor --json')).stdout) as {
      readonly findings: readonly { readonly id: string; readonly severity: string; readonly found: string }[]
    }
    expect(doctor.findings.find(({ id }) => id === 'keepalived.unicast')).toMatchObject({
      severity: 'ok',
      found: 'from 192.168.33.102 to 192.168.33.101, 192.168.33.103',
    })
    expect(doctor.findings.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  test('a proxy that dies moves the VIP, and its machine stands by again by itself', async () => {
    const [host1, host2, host3] = hosts
    const at = Date.now()
    await host1.must(['systemctl', 'kill', '-s', 'KILL', 'haproxy'])
    await servedInOrder(host2, host3, at)
    tell('HAProxy killed', at)
    expect(dialer.longestGapMs(at)).toBeLessThan(2000)
    // In ap, each of them: nobody is masked, nobody is alone.
    await whole([host2, host1, host3])
    expect([(await host2.status()).role, (await host1.status()).role]).toEqual(['active', 'standby'])
  })

  test('two of three lose power, one after the other: the last one serves', async () => {
    const [host1, host2, host3] = hosts
    for (const [victim, heir] of [
      [host2, host1],
      [host1, host3],
    ] as const) {
      const at = await victim.powerOff()
      if (heir === host3) await served(host3, at)
      else await servedInOrder(heir, host3, at)
      tell(`power of ${victim.name} cut`, at)
      expect(dialer.longestGapMs(at)).toBeLessThan(2000)
      await waitFor(() => holders().join() === heir.name, {
        patienceMs: 2000,
        reason: `${heir.name} alone with the VIP`,
      })
    }
    expect(await host3.status()).toMatchObject({ mode: 'ap', role: 'active', vrrp: 'master', fit: true })
  })

  test('they come back one by one, and nothing moves', async () => {
    const [host1, host2, host3] = hosts
    const before = Date.now()
    for (const machine of [host1, host2]) {
      await machine.powerOn()
      expect(await machine.apmode('start', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
    }
    await whole([host3, host1, host2])
    expect(new Set(dialer.greetings.filter(({ begun }) => begun > before).map(({ via }) => via))).toEqual(
      new Set([host3.address]),
    )
    expect((await host1.status()).role).toBe('standby')
  })

  test('maintenance of the holder moves the VIP once, to the next in the order', async () => {
    const [host1, host2, host3] = hosts
    const at = Date.now()
    expect(await host3.apmode('set m', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
    const before = outOfOrder.length
    await servedInOrder(host1, host2, at)
    tell('set m', at)
    expect(dialer.longestGapMs(at)).toBeLessThan(1000)
    await waitFor(() => host3.modeFile().then((mode) => mode === 'm'), { patienceMs: 5000, reason: 'host3 in m' })
    expect(await host3.apmode('set ap --now', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
    await whole([host1, host2, host3])
    const via = dialer.greetings.filter(({ begun }) => begun > at).map((greeting) => greeting.via)
    const moves = via.filter((address, index) => index > 0 && address !== via[index - 1])
    expect(moves.length).toBeLessThanOrEqual(1 + outOfOrder.length - before)
    expect(through()).toBe(host1.address)
  })

  test('a cut that ends leaves one holder, the one with the highest priority, at its next advert', async () => {
    const [host1, host2, host3] = hosts
    const at = Date.now()
    await host1.cable('deaf')
    await servedInOrder(host2, host3, at)
    await waitFor(() => holders().length === 2, { patienceMs: 5000, reason: 'both sides of the cut with the VIP' })
    const healed = Date.now()
    await host1.cable('plugged')
    await waitFor(() => holders().join() === 'host1', { patienceMs: 5000, reason: 'host1 alone with the VIP' })
    split = { from: at, to: healed + 1000 }
    process.stderr.write(`one holder ${Date.now() - healed} ms after the cut has ended\n`)
    expect(Date.now() - healed).toBeLessThan(1000)
    await served(host1, healed)
    await whole([host1, host2, host3])
  })

  test('a keepalived that is killed leaves no VIP behind, and is brought back to stand by', async () => {
    const [host1, host2, host3] = hosts
    const at = Date.now()
    await host1.must(['systemctl', 'kill', '-s', 'KILL', 'keepalived'])
    await servedInOrder(host2, host3, at)
    tell('keepalived killed', at)
    expect(dialer.longestGapMs(at)).toBeLessThan(2000)
    await whole([host2, host1, host3])
  })

  test('a server behind them that dies is the proxies’ affair: nothing moves, the other one answers', async () => {
    const at = Date.now()
    await proxies.servers[0]?.stop()
    await waitFor(() => dialer.greetings.at(-1)?.by === 'db2', { patienceMs: 5000, reason: 'answers of db2' })
    tell('a server died', at)
    expect(through()).toBe(hosts[1].address)
  })

  test('at no time did two that see each other have the VIP for longer than an advert, and none took it without a reason', async () => {
    const { bothHolders } = await sampler.stop()
    const inSplit = ({ from, to }: Interval) => from >= split.from && to <= split.to
    expect(bothHolders.filter((both) => !inSplit(both) && both.to - both.from > HEARD_WITHIN_MS)).toEqual([])
    // What was not seen for a moment (a machine that is off, too) is neither taken nor given up.
    const taken = ({ name }: Machine) => {
      const seen = sampler.vip.filter(({ node, value }) => node === name && value !== null)
      const changes = seen.filter(({ value }, index) => value !== seen[index - 1]?.value)
      const reigns = changes.flatMap(({ value, at }, index) =>
        value === true ? [{ from: at, to: changes[index + 1]?.at ?? Number.POSITIVE_INFINITY }] : [],
      )
      return reigns.filter((reign) => reign.to - reign.from > HEARD_WITHIN_MS || inSplit(reign)).length
    }
    const early = (name: string) => outOfOrder.filter((one) => one === name).length
    // The start, the power cut of host2, maintenance; each fault of host1; the last one. Nobody tried and gave way.
    const expected = [3, 3 + early('host2'), 1 + early('host3')]
    expect(hosts.map(taken)).toEqual(expected)
    // Five times two were waiting: the order holds, but for a computer that stands still.
    expect(outOfOrder.length).toBeLessThanOrEqual(2)
  })
})
