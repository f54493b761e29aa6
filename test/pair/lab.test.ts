/**
 * The lab itself: what the other two-machine tests lean on. No apmode in here: plain keepalived and MariaDB.
 * Where no machine can run, it is skipped with the reason; with CI=true that is a failure.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tracesOf } from './lab/cleanup.ts'
import { startClient } from './lab/client.ts'
import { ensureImage } from './lab/image.ts'
import { ensureLayer } from './lab/layer.ts'
import { type Pair, startPair } from './lab/pair.ts'
import { provisionPlainPair } from './lab/provision.ts'
import { whyNoLab } from './lab/requirements.ts'
import { overlaps, startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()

test('two machines can run here, or this is no CI', () => {
  if (process.env.CI === 'true') expect(obstacle).toBeNull()
})

test('spans overlap only when they are of two nodes and share time', () => {
  const span = (node: string, from: number, to: number) => ({ node, from, to })
  expect(overlaps([span('a', 0, 10), span('a', 5, 15), span('b', 15, 20)])).toEqual([])
  expect(overlaps([span('a', 0, 10), span('b', 8, 20)])).toEqual([{ from: 8, to: 10 }])
})

describe.skipIf(obstacle !== null)(
  `a pair of real machines${obstacle === null ? '' : ` (skipped: ${obstacle})`}`,
  () => {
    let pair: Pair
    const holder = async () => {
      const said = await Promise.all(pair.nodes.map((node) => node.exec(['ip', '-4', '-brief', 'address'])))
      return pair.nodes.filter((_, index) => said[index]?.stdout.includes('192.168.33.100/')).map((node) => node.name)
    }
    const holderIs = (name: string) =>
      waitFor(
        async () => {
          const holders = await holder()
          if (holders.join() === name) return true
          const journals = await Promise.all(
            pair.nodes.map((node) => node.shell('journalctl -u keepalived -n 8 --no-pager')),
          )
          throw new Error(`it is on [${holders}]: ${journals.join('')}`)
        },
        { patienceMs: 10_000, reason: `the VIP on ${name} alone` },
      )
    const running = (name: string, unit: string) =>
      waitFor(async () => (await pair.node(name).must(['systemctl', 'is-active', unit])).trim() === 'active', {
        patienceMs: 20_000,
        reason: `${unit} active on ${name}`,
      })

    beforeAll(async () => {
      pair = await startPair({
        provision: provisionPlainPair,
        progress: (sentence) => process.stderr.write(`${sentence}\n`),
      })
    }, 400_000)

    afterAll(async () => {
      await pair?.stop()
    }, 30_000)

    test('both have a whole systemd, their own name, and only their own network card', async () => {
      for (const node of pair.nodes) {
        expect(
          await node.shell('hostname; systemctl is-system-running; ls /sys/class/net; cat /sys/class/net/eth0/carrier'),
        ).toBe(`${node.name}\nrunning\neth0\nlo\n1\n`)
      }
    }, 20_000)

    test('VRRP elects host1, and a client writes and reads through the VIP', async () => {
      await running('host1', 'mariadb')
      // Whichever booted first has the VIP, and nobody preempts: let host1 be alone for a moment.
      await pair.node('host2').must(['systemctl', 'stop', 'keepalived'])
      await holderIs('host1')
      await pair.node('host2').must(['systemctl', 'start', 'keepalived'])
      await running('host2', 'keepalived')
      expect(await holder()).toEqual(['host1'])
      const client = startClient(pair)
      await waitFor(() => client.acknowledged.length > 20 && client.reads.length > 5, {
        patienceMs: 10_000,
        reason: 'acknowledged writes',
      })
      await client.stop()
      expect(await client.lostOn(pair.node('host1'))).toEqual([])
      expect(await client.lostOn(pair.node('host2'))).toHaveLength(client.acknowledged.length)
    }, 60_000)

    test('a unit is killed with all its processes, and only on its own machine', async () => {
      await running('host2', 'mariadb')
      await pair.node('host1').must(['systemctl', 'kill', '-s', 'KILL', 'mariadb'])
      await waitFor(async () => (await pair.node('host1').exec(['pgrep', 'mariadbd'])).code === 1, {
        patienceMs: 2000,
        reason: 'no mariadbd on host1',
      })
      expect((await pair.node('host2').exec(['systemctl', 'is-active', 'mariadb'])).stdout.trim()).toBe('active')
      await pair.node('host1').must(['systemctl', 'restart', 'mariadb'], { timeoutMs: 30_000 })
    }, 60_000)

    test('the API answers through the VIP, and a client counts what it acknowledged', async () => {
      await pair.node('host1').must(['systemctl', 'start', 'api'])
      const client = startClient(pair, { via: 'api', firstNumber: 1_000_000 })
      await waitFor(() => client.acknowledged.length > 10 && client.reads.length > 2, {
        patienceMs: 10_000,
        reason: 'answers',
      })
      await client.stop()
      expect(await client.lostOn(pair.node('host1'))).toEqual([])
    }, 60_000)

    test('a power cut moves the VIP, and the machine comes back without it', async () => {
      const sampler = startSampler(pair)
      await waitFor(() => sampler.now('vip').includes('host1'), { patienceMs: 5000, reason: 'a sample of the VIP' })
      await pair.node('host2').must(['mariadb', '-e', 'SET GLOBAL read_only = 0'])
      await waitFor(() => sampler.now('writable').length === 2, {
        patienceMs: 5000,
        reason: 'two writable databases seen',
      })
      const client = startClient(pair, { firstNumber: 2_000_000 })
      await waitFor(() => client.acknowledged.length > 20, { patienceMs: 5000, reason: 'acknowledged writes' })

      const cut = await pair.node('host1').powerOff()
      expect(pair.node('host1').running()).toBe(false)
      const back = await waitFor(() => client.firstBegunAfter(cut + 1), {
        patienceMs: 10_000,
        reason: 'a write after the cut',
      })
      expect(back.at - cut).toBeLessThan(2000)
      await client.stop()
      expect(client.longestGap(cut)?.ms).toBeGreaterThan(100)
      expect(await pair.node('host1').readFile('/etc/hostname')).toBe('host1\n')

      await pair.node('host1').powerOn()
      await running('host1', 'keepalived')
      expect(await holder()).toEqual(['host2'])
      const seen = await sampler.stop()
      expect(seen.bothWritable.length).toBeGreaterThan(0) // host1 is configured writable and nothing fences it
      expect(seen.bothHolders).toEqual([])
    }, 90_000)

    test('a pulled cable and a card that is down move the VIP; a deaf switch gives it to both', async () => {
      const [host1, host2] = [pair.node('host1'), pair.node('host2')]
      await host2.cable('pulled')
      expect((await host2.readFile('/sys/class/net/eth0/carrier')).trim()).toBe('0')
      await holderIs('host1')
      await host2.cable('plugged')
      await waitFor(async () => (await host2.exec(['ping', '-c1', '-W1', host1.address])).code === 0, {
        patienceMs: 5000,
        reason: 'host2 back on the network',
      })
      await host1.nic('down')
      await holderIs('host2')
      await host1.nic('up')
      await host1.cable('deaf')
      await waitFor(async () => (await holder()).length === 2, { patienceMs: 5000, reason: 'a split' })
      expect((await host1.readFile('/sys/class/net/eth0/carrier')).trim()).toBe('1')
      await host1.cable('plugged')
      await waitFor(async () => (await holder()).length === 1, { patienceMs: 5000, reason: 'the end of the split' })
    }, 60_000)

    test('an orderly reboot keeps the files and empties /run', async () => {
      const host1 = pair.node('host1')
      await host1.writeFile('/etc/kept', 'kept')
      await host1.writeFile('/run/volatile', 'volatile')
      await host1.reboot()
      expect(await host1.readFile('/etc/kept')).toBe('kept')
      await expect(host1.readFile('/run/volatile')).rejects.toThrow('No such file')
    }, 90_000)

    test('a command on the console ends with its time limit, and leaves nothing', async () => {
      const host1 = pair.node('host1')
      const result = await host1.exec(['sleep', '1234'], { timeoutMs: 300 })
      expect(result).toMatchObject({ timedOut: true })
      expect((await host1.exec(['pgrep', '-xf', 'sleep 1234'])).stdout).toBe('')
    }, 20_000)

    test('a layer holds what its files and its script changed, is made once, and the image stays as it was', async () => {
      const image = await ensureImage(() => {})
      const said: string[] = []
      const script = `cat /etc/given > /etc/made; rm /etc/debian_version; echo ${pair.id}`
      const make = () => ensureLayer({ image, files: { '/etc/given': pair.id }, script }, (told) => said.push(told))
      const layer = await make()
      if (layer === null) return
      try {
        expect(readFileSync(join(layer, 'etc/made'), 'utf8')).toBe(pair.id)
        expect(readdirSync(join(layer, 'etc')).sort()).toEqual(['debian_version', 'given', 'made'])
        expect(lstatSync(join(layer, 'etc/debian_version')).isCharacterDevice()).toBe(true)
        expect(existsSync(join(image, 'etc/debian_version'))).toBe(true)
        expect(existsSync(join(image, 'etc/given'))).toBe(false)
        expect(await make()).toBe(layer)
        expect(said).toHaveLength(1)
        expect(existsSync(`${layer}.building`)).toBe(false)
      } finally {
        rmSync(layer, { recursive: true })
        rmSync(`${layer}.used`)
      }
    }, 20_000)

    test('after stop nothing is left: no process, cgroup, mount, namespace, folder', async () => {
      expect(tracesOf(pair.id).length).toBeGreaterThan(0)
      await pair.stop()
      await waitFor(() => tracesOf(pair.id).length === 0, { patienceMs: 3000, reason: `no trace of run ${pair.id}` })
      expect(tracesOf(pair.id)).toEqual([])
    }, 30_000)
  },
)
