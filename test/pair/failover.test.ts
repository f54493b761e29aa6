/**
 * The original's cases, on two real machines, from the package: each fault of the active machine on a healthy pair, under
 * load, and the way back. One pair for all of them: after each fault it is made whole again.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makePackage } from '../../scripts/package.ts'
import { type ApmodePair, healthy, type Machine, startApmodePair } from './apmode-pair.ts'
import { FAULTS } from './faults.ts'
import { startClient } from './lab/client.ts'
import { whyNoLab } from './lab/requirements.ts'
import { startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()

describe.skipIf(obstacle !== null)('a pair that fails over', () => {
  let pair: ApmodePair
  let firstNumber = 1

  beforeAll(async () => {
    pair = await startApmodePair({
      asAnOperator: true,
      progress: (sentence) => process.stderr.write(`${sentence}\n`),
    })
  })
  afterAll(async () => {
    await pair?.stop()
  })

  test('everything on: host1 is MASTER with the VIP and writable, host2 BACKUP, read-only and replicating', async () => {
    const [one, two] = await Promise.all([pair.host1.status(), pair.host2.status()])
    expect(one).toMatchObject({ mode: 'ap', role: 'active', vrrp: 'master', holder: true, writable: true, fit: true })
    expect(two).toMatchObject({
      mode: 'ap',
      role: 'standby',
      vrrp: 'backup',
      holder: false,
      writable: false,
      fit: true,
    })
    expect(two.replication).toMatchObject({ source: '192.168.33.101:3306', io: 'Yes', sql: true })
    expect(await pair.host1.modeFile()).toBe('ap')
    expect(await pair.host2.modeFile()).toBe('ap')
    for (const machine of pair.nodes) expect(await machine.unitFiles()).toEqual(Array(4).fill('disabled'))
  })

  test('a restart and a kill of the supervisor on both healthy machines change nothing', async () => {
    const before = await Promise.all(pair.nodes.map((machine) => machine.history()))
    for (const machine of pair.nodes) {
      await machine.must(['systemctl', 'restart', 'apmode'])
      await machine.must(['systemctl', 'kill', '-s', 'KILL', 'apmode'])
      expect((await machine.apmode('mode')).stdout).toBe('ap\n')
    }
    await healthy(pair.host1, pair.host2)
    const after = await Promise.all(pair.nodes.map((machine) => machine.history()))
    expect(after.map((lines) => lines.flatMap((line) => line.steps))).toEqual(
      before.map((lines) => lines.flatMap((line) => line.steps)),
    )
  })

  test('an upgrade of the package restarts the supervisors and changes nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'apmode-upgrade-'))
    try {
      const path = await makePackage({ version: '0.1.1~upgrade', outDir: folder, compression: 1 })
      const before = await Promise.all(pair.nodes.map((machine) => machine.history()))
      const configuration = await pair.host1.readFile('/etc/apmode/apmode.toml')
      for (const machine of pair.nodes) {
        const pid = () => machine.must(['systemctl', 'show', '-P', 'MainPID', 'apmode'])
        const old = await pid()
        await machine.installPackage(path)
        expect(await pid()).not.toBe(old)
        expect(await machine.must(['dpkg', '-s', 'apmode'])).toContain('\nVersion: 0.1.1~upgrade\n')
      }
      await healthy(pair.host1, pair.host2)
      const after = await Promise.all(pair.nodes.map((machine) => machine.history()))
      expect(after.map((lines) => lines.flatMap((line) => line.steps))).toEqual(
        before.map((lines) => lines.flatMap((line) => line.steps)),
      )
      expect(await pair.host1.readFile('/etc/apmode/apmode.toml')).toBe(configuration)
      expect((await pair.host1.status()).role).toBe('active')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  describe.each(FAULTS)('$name', (fault) => {
    let holder: Machine
    let other: Machine

    test('moves the service: the standby serves in s, the active one ends without it, never two writable', async () => {
      const status = await pair.host1.status()
      ;[holder, other] = status.holder === true ? [pair.host1, pair.host2] : [pair.host2, pair.host1]
      const client = startClient(pair, { firstNumber })
      firstNumber += 1_000_000
      const sampler = startSampler(pair)
      try {
        await waitFor(() => client.acknowledged.length > 50, { patienceMs: 10_000, reason: 'acknowledged writes' })
        const at = await fault.strike(holder)
        await waitFor(
          () => client.firstBegunAfter(at + 100) !== undefined && sampler.now('writable').includes(other.name),
          {
            patienceMs: 15_000,
            reason: `a write acknowledged by ${other.name}`,
          },
        )
        expect(await other.holdsVip()).toBe(true)
        expect(await other.modeFile()).toBe('s')
        await waitFor(async () => (await other.unitFiles()).join() === 'enabled,disabled,disabled,disabled', {
          patienceMs: 5_000,
          reason: `the boot unit enabled on ${other.name}`,
        })
        if (fault.fallsOut) await expectFallenOut(holder)
        await client.stop()
        expect(await client.lostOn(other)).toEqual([])
      } finally {
        await client.stop()
        const { bothWritable, bothHolders } = await sampler.stop()
        process.stderr.write(
          `${fault.name}: ${Math.round(client.longestGap()?.ms ?? Number.NaN)} ms without an acknowledged write, ` +
            `two holders ${Math.round(bothHolders.reduce((ms, { from, to }) => ms + to - from, 0))} ms\n`,
        )
        expect(bothWritable).toEqual([])
      }
    })

    test('the way back: nothing starts or preempts by itself; set ap --now follows, set ap on the holder', async () => {
      await fault.mend(holder)
      await waitFor(async () => (await holder.apmode('mode')).code === 0, { patienceMs: 10_000, reason: 'an answer' })
      if (!fault.fallsOut) {
        expect(await holder.modeFile()).toBe('ap')
        expect((await holder.exec(['systemctl', 'is-active', 'mariadb', 'keepalived'])).stdout).toBe(
          'inactive\ninactive\n',
        )
      }
      expect(await holder.holdsVip()).toBe(false)
      expect(await other.holdsVip()).toBe(true)
      const back = await holder.apmode('set ap --now', { timeoutMs: 60_000 })
      expect(back, back.stderr + (await holder.journal(40))).toMatchObject({ code: 0 })
      await healthy(other, holder)
      expect(await holder.holdsVip()).toBe(false)
      expect(await other.apmode('set ap')).toMatchObject({ code: 0 })
      await healthy(other, holder)
      expect((await other.status()).role).toBe('active')
      expect((await holder.status()).role).toBe('standby')
    })
  })
})

/** In `m`, masked, its database refusing writes, without the VIP, its keepalived down. */
async function expectFallenOut(machine: Machine): Promise<void> {
  await waitFor(async () => (await machine.modeFile()) === 'm', { patienceMs: 10_000, reason: `${machine.name} in m` })
  await waitFor(async () => (await machine.unitFiles()).every((state) => state === 'masked'), {
    patienceMs: 5_000,
    reason: `everything masked on ${machine.name}`,
  })
  expect(await machine.writable()).toBe(false)
  expect(await machine.holdsVip()).toBe(false)
  expect((await machine.exec(['systemctl', 'is-active', 'keepalived'])).stdout.trim()).not.toBe('active')
}
