/**
 * docs/recipes/galera-pair on two real machines, its files as they stand: a client writes through the VIP from the first test to the
 * last. Two members cannot outvote each other: what goes on alone, and what does not.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Machine, storyOf } from './apmode-pair.ts'
import { whyNoLab } from './lab/requirements.ts'
import { waitFor } from './lab/wait.ts'
import { complete, type GaleraCluster, startGalera, typed } from './recipes/galera.ts'

const obstacle = whyNoLab()

describe.skipIf(obstacle !== null)('two members of a Galera cluster', () => {
  let galera: GaleraCluster
  let hosts: readonly Machine[]

  beforeAll(async () => {
    galera = await startGalera('galera-pair', (sentence) => process.stderr.write(`${sentence}\n`))
    hosts = galera.hosts
  })
  afterAll(async () => {
    await galera?.stop()
  })

  async function places(): Promise<[Machine, Machine]> {
    const [one, two] = hosts
    if (one === undefined || two === undefined) throw new Error('cannot find two machines')
    return (await one.status()).holder === true ? [one, two] : [two, one]
  }
  async function goesOn(what: string, at: number, withinMs: number): Promise<void> {
    await galera.written(`writes after: ${what}`, at + 200)
    await galera.written('writes that go on')
    const ms = Math.round(galera.client.longestGap(at)?.ms ?? Number.NaN)
    process.stderr.write(`${what}: without an acknowledged write ${ms} ms\n`)
    expect(ms).toBeLessThan(withinMs)
  }

  test('both take writes, one has the VIP, and nothing speaks of replication', async () => {
    for (const host of hosts) {
      expect(await host.status()).toMatchObject({
        engine: 'galera',
        mode: 'ap',
        writable: true,
        fit: true,
        reasons: [],
      })
      const { stdout } = await host.apmode('status')
      expect(stdout).not.toMatch(/replicat|replica\b|GTID|semi-sync|relay|follows/i)
    }
  })

  test('the standby loses its power: the holder goes on alone by itself; back with one command each', async () => {
    const [holder, standby] = await places()
    const at = await standby.powerOff()
    await goesOn('power of the standby', at, 5000)
    expect((await holder.status()).holder).toBe(true)
    await standby.powerOn()
    await typed(standby, 'start')
    if ((await holder.status()).mode === 's') await typed(holder, 'set ap')
    await complete(hosts)
  })

  test('the holder loses its power: the other one takes the VIP and goes on alone, mode s; back with one command each', async () => {
    const [holder, standby] = await places()
    const at = await holder.powerOff()
    await goesOn('power of the holder', at, 8000)
    await waitFor(async () => (await standby.modeFile()) === 's', { patienceMs: 5000, reason: `${standby.name} in s` })
    await holder.powerOn()
    await typed(holder, 'start')
    await typed(standby, 'set ap')
    await complete(hosts)
  })

  test('both lose their power: `apmode start` on each, the one that has everything begins', async () => {
    await galera.written('a write before')
    await Promise.all(hosts.map((host) => host.powerOff()))
    await Promise.all(hosts.map((host) => host.powerOn()))
    const codes = []
    // Which one begins is not asked: the other one joins it, before or after.
    for (const host of [...hosts, ...hosts]) codes.push((await host.apmode('start', { timeoutMs: 60_000 })).code)
    expect(codes.slice(2)).toEqual([0, 0])
    expect(codes).toContain(0)
    const [holder] = await places()
    if ((await holder.status()).mode === 's') await typed(holder, 'set ap')
    await complete(hosts)
    await galera.written('writes after the power cut')
  })

  test('both are out of any component and one is stopped: the one that runs asks it, and goes on by itself', async () => {
    const [holder, standby] = await places()
    const at = Date.now()
    // The holder stands still for so long that the other one is alone; that one is stopped, and nobody has gone on.
    await holder.shell('systemctl kill -s STOP mariadb')
    await waitFor(async () => (await standby.status()).cluster?.component !== 'Primary', {
      patienceMs: 5000,
      reason: 'a standby without a component',
    })
    await standby.apmode('stop', { timeoutMs: 60_000 })
    await holder.shell('systemctl kill -s CONT mariadb || true')
    await goesOn('both without a component', at, 60_000)
    await typed(standby, 'start')
    if ((await holder.status()).mode !== 'ap') await typed(holder, 'rejoin')
    if ((await standby.status()).mode === 's') await typed(standby, 'set ap')
    await complete(hosts)
  })

  test('the cable of the holder is cut: the other one goes on, the holder takes no writes; it comes back', async () => {
    const [holder, standby] = await places()
    const at = Date.now()
    await holder.cable('deaf')
    await goesOn('cable of the holder', at, 8000)
    const seen = () => [galera.sampler.now(holder.name), galera.sampler.now(standby.name)?.join()]
    await vi.waitFor(() => expect(seen()).toEqual([null, standby.address]), { timeout: 2000, interval: 20 })
    await holder.cable('plugged')
    await waitFor(() => galera.sampler.now(holder.name)?.length === 2, {
      patienceMs: 20_000,
      reason: 'one component again',
    })
    if ((await holder.status()).mode !== 'ap') await typed(holder, 'set ap --now')
    await typed(standby, 'set ap')
    await complete(hosts)
  })

  test('nothing that was acknowledged is lost on any of the two, and there never were two components', async () => {
    await galera.client.stop()
    expect(galera.client.acknowledged.length).toBeGreaterThan(500)
    for (const host of hosts) expect(await galera.client.lostOn(host), host.name).toEqual([])
    expect(await galera.sampler.stop()).toEqual([])
  })

  test('without a witness both sides of a cut may go on: once they see each other the older one ends (G3), joined over its own rows it is found (G6)', async () => {
    const alone = async (host: Machine) => {
      const { cluster, writable } = await host.status()
      return writable === true && cluster?.members.join() === host.address
    }
    const ended = async (host: Machine, guard: RegExp) => {
      const { fit, writable, reasons } = await host.status()
      return fit === false && writable === false && guard.test(reasons.join())
    }
    const wait = (condition: () => Promise<boolean>, reason: string) =>
      waitFor(condition, { patienceMs: 20_000, reason }).catch(async (thrown: unknown) => {
        throw new Error(`${thrown}\n${(await Promise.all(hosts.map(storyOf))).join('\n')}`)
      })
    const write = (host: Machine, ...numbers: number[]) =>
      host.must(['mariadb', '-e', numbers.map((n) => `INSERT INTO app.entry (n) VALUES (${n})`).join(';')])
    const rowsOf = async (host: Machine) =>
      (await host.must(['mariadb', '-N', '-e', 'SELECT n FROM app.entry WHERE n < 0 ORDER BY n DESC']))
        .trim()
        .split('\n')

    // Of two that led last it is the first of the configuration that stays, and a holder that ends goes into maintenance.
    const [carries] = await places()
    if (carries !== hosts[0]) await typed(carries, 'handover')
    await complete(hosts)
    const [holder, standby] = await places()
    for (const host of hosts) await host.shell(`sed -i '/^witness/d' /etc/apmode/apmode.toml; systemctl restart apmode`)
    await complete(hosts)
    await holder.cable('deaf')
    await wait(async () => (await alone(holder)) && (await alone(standby)), 'two members that both went on alone')
    await write(holder, -1)
    await write(standby, -2)
    await holder.cable('plugged')
    const endedOf = async () => (await Promise.all(hosts.map((host) => ended(host, /^G3 /)))).filter(Boolean).length
    await wait(async () => (await endedOf()) === 1, 'one of the two ended')
    const last = (await ended(holder, /^G3 /)) ? holder : standby
    const stays = last === holder ? standby : holder
    await vi.waitFor(
      async () => expect(await stays.status()).toMatchObject({ writable: true, fit: true, holder: true }),
      {
        timeout: 10_000,
      },
    )
    const rejoin = await last.apmode('rejoin', { timeoutMs: 60_000 })
    expect(rejoin.code, rejoin.stdout + rejoin.stderr).toBe(3)

    // Only started again, behind the other one, Galera takes it in with what it has.
    await write(stays, -3, -4, -5)
    await last.must(['systemctl', 'restart', 'mariadb'], { timeoutMs: 60_000 })
    await wait(() => ended(last, /^G6 diverged.*grastate\.dat/), `${last.name} found to have another past`)
    expect((await last.status()).cluster).toMatchObject({ state: 'Synced', size: 2 })
    expect(await last.writable()).toBe(false)
    expect(await rowsOf(last)).not.toEqual(await rowsOf(stays))

    // What the sentence says.
    await last.must(['systemctl', 'stop', 'mariadb'], { timeoutMs: 60_000 })
    await last.shell('mkdir /root/kept && cd /var/lib/mysql && mv -f grastate.dat gvwstate.dat /root/kept/ || true')
    await typed(last, 'rejoin')
    if ((await stays.status()).mode === 's') await typed(stays, 'set ap')
    await complete(hosts)
    const kept = stays === holder ? ['-1'] : ['-2']
    for (const host of hosts) expect(await rowsOf(host), host.name).toEqual([...kept, '-3', '-4', '-5'])
  })
})
