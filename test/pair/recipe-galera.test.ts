/**
 * docs/recipes/galera on three real machines, its files as they stand: a client writes through the VIP and HAProxy from the first test
 * to the last, and every write that was acknowledged is looked for in the end, on each member.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Machine } from './apmode-pair.ts'
import { startClient } from './lab/client.ts'
import { VIP } from './lab/network.ts'
import { whyNoLab } from './lab/requirements.ts'
import { waitFor } from './lab/wait.ts'
import { complete, type GaleraCluster, startGalera, typed } from './recipes/galera.ts'

const obstacle = whyNoLab()
const PATIENT = { timeoutMs: 60_000 }
const OF_REPLICATION = /replicat|replica\b|GTID|semi-sync|relay|follows/i
/** Without the SQL of a plan, which is to the letter. */
const sentencesOf = (text: string) => text.replace(/^ {7}.*$/gm, '')

/** A program that connects for each transaction. */
const anew = {
  door: { host: VIP, port: 3306 },
  writeEveryMs: 20,
  readEveryMs: 0,
  firstNumber: 10_000_000,
  attemptMs: 2000,
  anew: true,
}

describe.skipIf(obstacle !== null)('three members of a Galera cluster', () => {
  let galera: GaleraCluster
  let hosts: readonly Machine[]

  beforeAll(async () => {
    galera = await startGalera('galera', (sentence) => process.stderr.write(`${sentence}\n`))
    hosts = galera.hosts
  })
  afterAll(async () => {
    await galera?.stop()
  })

  /** The machine with the VIP, and the two others. */
  async function places(): Promise<[Machine, Machine, Machine]> {
    const all = await Promise.all(hosts.map(async (host) => ({ host, holds: (await host.status()).holder === true })))
    const [holder, one, two] = all.sort((a, b) => Number(b.holds) - Number(a.holds)).map(({ host }) => host)
    if (holder === undefined || one === undefined || two === undefined) throw new Error('cannot find three machines')
    return [holder, one, two]
  }
  const tell = (what: string, at: number) =>
    process.stderr.write(
      `${what}: without an acknowledged write ${Math.round(galera.client.longestGap(at)?.ms ?? Number.NaN)} ms\n`,
    )
  const unfit = (machine: Machine, patienceMs = 5000) =>
    waitFor(async () => (await machine.status()).fit === false, { patienceMs, reason: `${machine.name} unfit` })
  /** The client goes on, and its longest wait is bounded. */
  async function goesOn(what: string, at: number, withinMs: number): Promise<void> {
    await galera.written(`writes after: ${what}`, at + 200)
    await galera.written('writes that go on')
    tell(what, at)
    expect(galera.client.longestGap(at)?.ms).toBeLessThan(withinMs)
  }
  const writersIn = async (machine: Machine, since: number) =>
    new Set(
      (
        await machine.must([
          'mariadb',
          '-N',
          '-e',
          `SELECT DISTINCT via FROM app.entry WHERE at > FROM_UNIXTIME(${since / 1000})`,
        ])
      )
        .trim()
        .split('\n'),
    )
  test('each takes writes, the balancer spreads them, and everything that is shown speaks of the cluster', async () => {
    const since = Date.now()
    for (const host of hosts) {
      const status = await host.status()
      expect(status).toMatchObject({ engine: 'galera', mode: 'ap', writable: true, fit: true, reasons: [] })
      expect([status.replication, status.cluster?.state, status.cluster?.size]).toEqual([null, 'Synced', 3])
    }
    const [holder, one] = await places()
    for (const words of ['status', 'table', 'plan set m', 'history']) {
      const { stdout } = await holder.apmode(words)
      expect(sentencesOf(stdout), words).not.toMatch(OF_REPLICATION)
      if (words === 'status') expect(stdout).toContain('primary component of 3; Synced')
    }
    const metrics = await holder.must(['curl', '-sS', `http://${holder.address}:8008/metrics`])
    expect(metrics).toMatch(/^apmode_cluster_size 3$/m)
    expect(metrics).not.toMatch(/^apmode_replication/m)
    const report = JSON.parse((await one.exec(['apmode', 'doctor', '--json'], PATIENT)).stdout) as {
      findings: { id: string; severity: string; found: string }[]
    }
    expect(report.findings.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(report.findings.filter(({ id }) => /replication$|semi-sync/.test(id)).map(({ id }) => id)).toEqual([])
    // The other client keeps its one or two sessions, wherever they are.
    const program = startClient({ names: galera.cluster.names }, anew)
    const all = async () => (await writersIn(holder, since)).size === 3
    await waitFor(all, { patienceMs: 10_000, reason: 'writes through each of the three members' })
    await program.stop()
  })

  test('a member that is killed: the others go on, it is unfit at once, and comes back', async () => {
    const [, one] = await places()
    const at = Date.now()
    await one.must(['systemctl', 'kill', '-s', 'KILL', 'mariadb'])
    await unfit(one)
    await goesOn('a member killed', at, 3000)
    await typed(one, 'start')
    await complete(hosts)
  })

  test('a member that hangs: the others go on, it is unfit, and comes back', async () => {
    const [, one] = await places()
    const at = Date.now()
    await one.must(['systemctl', 'kill', '-s', 'STOP', 'mariadb'])
    await unfit(one)
    await goesOn('a member hung', at, 3000)
    await one.shell('systemctl kill -s CONT mariadb || true')
    await typed(one, 'start')
    await complete(hosts)
  })

  test('the machine with the VIP loses its power: another one has the VIP, the two go on; `apmode start` brings it back', async () => {
    const [holder] = await places()
    const at = await holder.powerOff()
    await goesOn('power of the holder', at, 3000)
    await holder.powerOn()
    await typed(holder, 'start')
    await complete(hosts)
  })

  test('a member that is cut off refuses writes at once and is unfit; it comes back by itself', async () => {
    const [, one] = await places()
    const at = Date.now()
    await one.cable('pulled')
    await waitFor(() => galera.sampler.since(one.name, false, at), { patienceMs: 3000, reason: 'no writes there' })
    process.stderr.write(
      `cut off: takes no writes after ${Math.round((galera.sampler.since(one.name, false, at) ?? 0) - at)} ms\n`,
    )
    await unfit(one)
    const refused = await one.exec(['mariadb', '-e', 'INSERT INTO app.entry (n) VALUES (-1)'])
    expect(refused.code).not.toBe(0)
    await goesOn('a member cut off', at, 3000)
    await one.cable('plugged')
    await complete(hosts)
  })

  /** Takes `leaving` out and in again under a program; what it was refused, and whether the cluster lost another member meanwhile. */
  async function takeOut(leaving: Machine, words: string, firstNumber: number) {
    const since = Date.now()
    const program = startClient({ names: galera.cluster.names }, { ...anew, firstNumber })
    try {
      await waitFor(() => program.acknowledged.length > 20, { patienceMs: 5000, reason: 'writes of a program' })
      await typed(leaving, words)
      expect(await leaving.modeFile()).toBe('m')
      const out = Date.now()
      await waitFor(() => program.firstBegunAfter(out + 500), { patienceMs: 5000, reason: 'writes that go on' })
      await typed(leaving, 'set ap --now')
      await complete(hosts)
      await waitFor(async () => (await writersIn(leaving, Date.now() - 500)).has(leaving.name), {
        patienceMs: 5000,
        reason: `writes through ${leaving.name} again`,
      })
    } finally {
      await program.stop()
    }
    expect(await program.lostOn(leaving)).toEqual([])
    const others = hosts.filter((host) => host !== leaving)
    const lost = others.filter((host) => galera.sampler.since(host.name, false, since) !== undefined)
    return { refusals: [...program.refusals()], lost: lost.map(({ name }) => name) }
  }

  test.each([
    ['set m', 20_000_000],
    ['set m --now', 50_000_000],
  ])(
    '`%s` takes a member out gently: a program that connects anew for each transaction sees no error',
    async (words, first) => {
      const seen: Awaited<ReturnType<typeof takeOut>>[] = []
      // Where this computer stood still for so long that Galera gave another member up, nothing was seen of `set m`: once more.
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const [, , two] = await places()
        seen.push(await takeOut(two, words, first + attempt * 10_000_000))
        if (seen.at(-1)?.lost.length === 0) break
        process.stderr.write(`${words}, seen in vain: ${JSON.stringify(seen.at(-1))}\n`)
      }
      expect(seen.at(-1), JSON.stringify(seen)).toEqual({ refusals: [], lost: [] })
    },
  )

  test('all three lose power: the newest one is named, `bootstrap` is refused elsewhere, the others join, nothing is lost', async () => {
    const [first, second, third] = hosts as [Machine, Machine, Machine]
    await first.powerOff()
    // So that the states differ for certain.
    const at = Date.now()
    await galera.written('writes without the first one', at + 300)
    await second.powerOff()
    await third.powerOff()
    await Promise.all(hosts.map((host) => host.powerOn()))
    const start = await first.apmode('start', PATIENT)
    expect(start.code, start.stdout + start.stderr).toBe(3)
    expect(start.stdout + start.stderr).toMatch(/host2|host3/)
    const seen = await first.apmode('bootstrap --dry-run', PATIENT)
    expect(seen.stdout).toMatch(/host2|host3/)
    const refused = await first.apmode('bootstrap', PATIENT)
    expect(refused.code, refused.stdout + refused.stderr).toBe(3)
    const { members } = JSON.parse((await second.apmode('bootstrap --dry-run --json', PATIENT)).stdout) as {
      members: { node: string; newest: boolean }[]
    }
    const newest = hosts.find((host) => members.some((row) => row.newest && row.node === host.name))
    if (newest === undefined) throw new Error(`no machine is the newest: ${JSON.stringify(members)}`)
    expect(newest).not.toBe(first)
    await typed(newest, 'bootstrap')
    for (const host of hosts.filter((host) => host !== newest)) await typed(host, 'start')
    await complete(hosts)
    await galera.written('writes after the power cut')
  })

  test('nothing that was acknowledged is lost on any member, and there never were two components', async () => {
    await galera.client.stop()
    expect(galera.client.acknowledged.length).toBeGreaterThan(1000)
    for (const host of hosts) expect(await galera.client.lostOn(host), host.name).toEqual([])
    expect(await galera.sampler.stop()).toEqual([])
  })
})
