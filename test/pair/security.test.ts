/**
 * Those who do not belong, on two real machines: an ordinary user at the supervisor's doors, the secret in the places where
 * secrets leak, the rights of the unit, and a flood of the read-only port while the database of the holder dies.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApmodePair, CONFIG, healthy, type Machine, startApmodePair } from './apmode-pair.ts'
import { startChild } from './lab/child.ts'
import { startClient } from './lab/client.ts'
import type { FloodOrder, FloodReport } from './lab/flood.ts'
import { GATEWAY } from './lab/network.ts'
import { whyNoLab } from './lab/requirements.ts'
import { startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()
const PORT = 8008
const SECRET = 'a secret of the lab'
const config = `${CONFIG.replace('[vrrp]\n', `[vrrp]\nwitness = ["${GATEWAY}"]\n`)}
[health]
listen = "0.0.0.0:${PORT}"
`

describe.skipIf(obstacle !== null)('a pair among those who do not belong', () => {
  let pair: ApmodePair
  let firstNumber = 1

  beforeAll(async () => {
    pair = await startApmodePair({ config, progress: (sentence) => process.stderr.write(`${sentence}\n`) })
  })
  afterAll(async () => {
    await pair?.stop()
  })

  const asNobody = (machine: Machine, ...command: string[]) =>
    machine.exec(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--', ...command])

  test('an ordinary user reaches neither socket, FIFO, tracked file, mode file, state nor password', async () => {
    const { host1 } = pair
    const ask = ['curl', '-sS', '--max-time', '5', '--unix-socket', '/run/apmode/apmode.sock', 'http://apmode/mode']
    expect((await host1.exec(ask)).code).toBe(0)
    expect((await asNobody(host1, ...ask)).code).not.toBe(0)
    expect((await asNobody(host1, 'apmode', 'set', 'm')).code).toBe(4)
    for (const path of ['/run/apmode/vrrp.fifo', '/run/apmode/vrrp.unfit', '/opt/ap-mode', '/etc/apmode/apmode.toml']) {
      const wrote = await asNobody(host1, 'sh', '-c', `echo 1 >> ${path}`)
      expect(wrote.code, path).not.toBe(0)
    }
    for (const path of ['/etc/apmode/replication.password', '/var/lib/apmode/state.json']) {
      expect((await asNobody(host1, 'cat', path)).code, path).not.toBe(0)
    }
    expect(await host1.modeFile()).toBe('ap')
  })

  test('the read-only port changes nothing and gives nothing but states', async () => {
    const { host1 } = pair
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      for (const path of ['set', 'stop', 'notify', 'plan', 'status', 'history']) {
        const argv = ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '-X', method, `http://127.0.0.1:${PORT}/${path}`]
        const { stdout } = await host1.exec(['curl', '--max-time', '5', ...argv])
        expect(['404', '405'], `${method} /${path}`).toContain(stdout)
      }
    }
    for (const path of ['set', 'plan', 'history', '..%2f..%2fetc/passwd']) {
      const { stdout } = await host1.exec(['curl', '-sS', '--max-time', '5', `http://127.0.0.1:${PORT}/${path}`])
      expect(stdout).toContain('no such path')
    }
  })

  test('the unit keeps few rights, and those that it needs: exposure OK, no cores, a witness that is pinged', async () => {
    for (const machine of pair.nodes) {
      const said = await machine.must(['systemd-analyze', 'security', '--no-pager', 'apmode.service'], {
        timeoutMs: 30_000,
      })
      const [, exposure, word] = /exposure level for apmode\.service: ([\d.]+) (\w+)/.exec(said) ?? []
      expect(word).toBe('OK')
      expect(Number(exposure)).toBeLessThanOrEqual(3.1)
      const pid = (await machine.must(['systemctl', 'show', '-P', 'MainPID', 'apmode'])).trim()
      expect(await machine.must(['cat', `/proc/${pid}/limits`])).toMatch(/^Max core file size +0 +0 /m)
      const cgroup = '/sys/fs/cgroup/system.slice/apmode.service/cgroup.procs'
      const children = await machine.shell(`for pid in $(cat ${cgroup}); do cat /proc/$pid/comm; done`)
      expect(children.split('\n')).toContain('ping')
      expect((await machine.status()).problems).toEqual([])
    }
  })

  /** How long nobody's write was acknowledged when the holder's database was killed, in milliseconds; and the way back. */
  async function killDatabase(): Promise<number> {
    const [holder, other] =
      (await pair.host1.status()).holder === true ? [pair.host1, pair.host2] : [pair.host2, pair.host1]
    const client = startClient(pair, { firstNumber })
    firstNumber += 1_000_000
    const sampler = startSampler(pair)
    try {
      await waitFor(() => client.acknowledged.length > 50, { patienceMs: 15_000, reason: 'acknowledged writes' })
      const at = Date.now()
      await holder.must(['systemctl', 'kill', '-s', 'KILL', 'mariadb'])
      await waitFor(() => client.firstBegunAfter(at + 100) && sampler.now('writable').includes(other.name), {
        patienceMs: 15_000,
        reason: `a write acknowledged by ${other.name}`,
      })
      await waitFor(async () => (await holder.modeFile()) === 'm', { patienceMs: 15_000, reason: 'the loser in m' })
      await client.stop()
      expect(await client.lostOn(other)).toEqual([])
      return client.longestGap(at)?.ms ?? Number.NaN
    } finally {
      await client.stop()
      expect((await sampler.stop()).bothWritable).toEqual([])
      const back = await holder.apmode('set ap --now', { timeoutMs: 60_000 })
      expect(back, back.stderr + (await holder.journal(40))).toMatchObject({ code: 0 })
      expect(await other.apmode('set ap')).toMatchObject({ code: 0 })
      await healthy(other, holder)
    }
  }

  test('a flood with slow clients on both read-only ports slows neither the failover nor the supervisor', {
    timeout: 240_000,
  }, async () => {
    const quiet: number[] = []
    const flooded: number[] = []
    const answers: number[] = []
    let honest = 0
    let report: FloodReport = { begun: 0, answered: 0 }
    for (let round = 0; round < 2; round++) {
      quiet.push(await killDatabase())
      const flood = startChild<FloodReport>({
        names: pair.names,
        program: './flood.ts',
        argument: {
          hosts: pair.nodes.map(({ address }) => address),
          port: PORT,
          path: '/status',
          perSecond: 800,
          slow: 200,
        } satisfies FloodOrder,
        namespace: pair.names.clientNamespace,
        onLine: (line) => {
          report = line
        },
      })
      try {
        const done = killDatabase()
        let over = false
        const end = done.then(
          () => {
            over = true
          },
          () => {
            over = true
          },
        )
        while (!over) {
          for (const machine of pair.nodes) answers.push(await answerMs(machine))
          if (await isAnswered(pair.host1, pair.host2)) honest += 1
        }
        await end
        flooded.push(await done)
      } finally {
        expect(await flood.end(5000)).toBe('')
      }
    }
    const sorted = answers.toSorted((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
    process.stderr.write(
      `without a flood ${rounded(quiet)} ms, with it ${rounded(flooded)} ms (last: ${report.begun} connections, ` +
        `${report.answered} answered; another client was, ${honest} times); the supervisor answered in ${rounded([median])} ms (median), ` +
        `${rounded([sorted.at(-1) ?? Number.NaN])} ms at most, ${sorted.length} times\n`,
    )
    expect(report.begun).toBeGreaterThan(1000)
    expect(honest).toBeGreaterThan(0)
    expect(Math.min(...flooded) / Math.min(...quiet)).toBeLessThan(2)
    expect(median).toBeLessThan(50)
    for (const machine of pair.nodes) {
      expect((await machine.must(['systemctl', 'show', '-P', 'NRestarts', 'apmode'])).trim()).toBe('0')
    }
  })

  test('the password is in no argument, environment, log, history, status or plan', async () => {
    for (const machine of pair.nodes) {
      // The pattern comes by the standard input, or it would be found in the arguments of grep.
      const places = '/proc/[0-9]*/cmdline /proc/[0-9]*/environ'
      const found = await machine.exec(['sh', '-c', `grep -alF -f - ${places} 2>/dev/null; true`], { input: SECRET })
      expect(found.stdout).toBe('')
      const files = await machine.exec(
        ['sh', '-c', 'grep -rlaF -f - /var/lib/apmode /run/apmode /etc/systemd/system /opt 2>/dev/null; true'],
        { input: SECRET },
      )
      expect(files.stdout).toBe('')
      const journal = await machine.must(['journalctl', '--no-pager', '-o', 'json', '-u', 'apmode'])
      expect(journal.length).toBeGreaterThan(0)
      expect(await machine.journal(100_000)).not.toContain(SECRET)
      expect(journal).not.toContain(SECRET)
      for (const words of ['status --json', 'history -n 200 --json', 'plan set ap --json', 'plan notify backup']) {
        const { stdout, stderr } = await machine.apmode(words)
        expect(stdout + stderr, words).not.toContain(SECRET)
      }
      const { stdout } = await machine.exec(['curl', '-sS', '--max-time', '5', `http://127.0.0.1:${PORT}/status`])
      expect(stdout).toContain('"mode"')
      expect(stdout).not.toContain(SECRET)
    }
  })

  /** Somebody else, who means well, asks the port in the middle of it. */
  async function isAnswered(from: Machine, to: Machine): Promise<boolean> {
    const argv = ['curl', '-sS', '--max-time', '2', `http://${to.address}:${PORT}/status`]
    return (await from.exec(argv)).stdout.includes('"mode"')
  }

  async function answerMs(machine: Machine): Promise<number> {
    const socket = ['--unix-socket', '/run/apmode/apmode.sock', 'http://apmode/mode']
    const argv = ['curl', '-sS', '--max-time', '5', '-o', '/dev/null', '-w', '%{time_total}', ...socket]
    return Number(await machine.must(argv)) * 1000
  }
})

const rounded = (all: readonly number[]) => all.map((ms) => Math.round(ms)).join(' and ')
