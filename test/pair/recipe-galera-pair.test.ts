/**
 * docs/recipes/galera-pair on two real machines, its files as they stand: a client writes through the VIP from the first test to the
 * last. Two members cannot outvote each other: what goes on alone, and what does not.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Machine } from './apmode-pair.ts'
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

  test('the cable of the holder is cut: the other one goes on, the holder takes no writes; it comes back', async () => {
    const [holder, standby] = await places()
    const at = Date.now()
    await holder.cable('deaf')
    await goesOn('cable of the holder', at, 8000)
    expect(galera.sampler.now(holder.name)).toBeNull()
    expect(galera.sampler.now(standby.name)).toEqual([standby.address])
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
})
