/**
 * What others ask of a pair, asked by the real ones: HAProxy with the recipe of the manual as it stands, in front of both
 * machines under load, through a failover and a maintenance; Prometheus with the manual's configuration and alerts.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensurePrograms } from '../../scripts/testing/debian.ts'
import { type ApmodePair, CONFIG, healthy, type Machine, startApmodePair } from './apmode-pair.ts'
import { type Balancer, startBalancer } from './lab/balancer.ts'
import { type Client, startClient } from './lab/client.ts'
import { type Program, runAsClient, startProgram } from './lab/program.ts'
import { whyNoLab } from './lab/requirements.ts'
import { type Sampler, startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'
import { wronglyWritten } from './lab/writes.ts'

const obstacle = whyNoLab()
const DOCS = resolve(import.meta.dirname, '../../docs')
const PROMETHEUS = 'http://127.0.0.1:9090'
const WRITES = { host: '127.0.0.1', port: 3306 }
/** Attempts that give up early come again all at once, and a busy computer gets no further. */
const UNHURRIED = { writeEveryMs: 10, attemptMs: 1000 }
const READS = { host: '127.0.0.1', port: 3307 }
const config = `${CONFIG}
[health]
listen = "0.0.0.0:8008"
agent_listen = "0.0.0.0:8009"
`

describe.skipIf(obstacle !== null)('a pair behind a load balancer, watched', () => {
  let pair: ApmodePair
  let balancer: Balancer
  let prometheus: Program
  let storage: string
  let firstNumber = 1

  beforeAll(async () => {
    const say = (sentence: string) => process.stderr.write(`${sentence}\n`)
    const missing = ensurePrograms({ haproxy: 'haproxy', prometheus: 'prometheus', promtool: 'prometheus' }, say)
    if (missing !== null) throw new Error(missing)
    storage = mkdtempSync(join(tmpdir(), 'apmode-prometheus-'))
    pair = await startApmodePair({ config, progress: say })
    balancer = startBalancer(pair.names, join(DOCS, 'recipes/haproxy-health.cfg'), 'http://127.0.0.1:8404/')
    prometheus = startProgram(pair.names, [
      'prometheus',
      `--config.file=${join(DOCS, 'monitoring/prometheus.yml')}`,
      `--storage.tsdb.path=${storage}`,
      '--web.listen-address=127.0.0.1:9090',
      '--log.level=warn',
    ])
    await seen({ 'primary/host1': /^UP$/, 'primary/host2': /^DOWN$/, 'replicas/host2': /^UP$/ })
  })
  afterAll(async () => {
    await prometheus?.stop()
    await balancer?.stop()
    await pair?.stop()
    if (storage !== undefined) rmSync(storage, { recursive: true, force: true })
  })

  /** Waits until HAProxy sees its servers so. */
  async function seen(expected: Readonly<Record<string, RegExp>>): Promise<void> {
    let last = ''
    const asExpected = async () => {
      const servers = await balancer.servers()
      last = [...servers]
        .map(([name, { status, weight, check, agent }]) => `${name} ${status} ${weight} ${check}; ${agent}`)
        .join('\n')
      return Object.entries(expected).every(([name, status]) => status.test(servers.get(name)?.status ?? ''))
    }
    const reason = `${JSON.stringify(Object.entries(expected).map(String))} in HAProxy`
    await waitFor(asExpected, { patienceMs: 15_000, reason, everyMs: 100 }).catch((thrown: unknown) => {
      throw new Error(`${thrown}\n${last}\n${balancer.said()}`)
    })
  }

  const asked = async (machine: Machine, path: string, method = 'GET') => {
    const url = `http://${machine.address}:8008${path}`
    const how = method === 'HEAD' ? ['-I'] : ['-X', method]
    const said = await runAsClient(pair.names, ['curl', '-sS', '--max-time', '5', ...how, '-w', '\n%{http_code}', url])
    return Number(said.stdout.split('\n').at(-1))
  }

  test('each machine says what it is good for, to GET, HEAD and OPTIONS, and to a bad lag what is expected', async () => {
    const expected: Readonly<Record<string, readonly [number, number]>> = {
      '/primary': [200, 503],
      '/read-write': [200, 503],
      '/replica': [503, 200],
      '/replica?lag=5': [503, 200],
      '/read-only': [200, 200],
      '/health': [200, 200],
      '/liveness': [200, 200],
      '/readiness': [200, 200],
      '/status': [200, 200],
      '/metrics': [200, 200],
      '/replica?lag=soon': [400, 400],
      '/primary?lag=1': [400, 400],
    }
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      for (const [path, statuses] of Object.entries(expected)) {
        const found = [await asked(pair.host1, path, method), await asked(pair.host2, path, method)]
        expect([method, path, ...found]).toEqual([method, path, ...statuses])
      }
    }
  })

  test('an answer takes less than 5 ms, and asks the database nothing', async () => {
    const { host1 } = pair
    const questions = async () => {
      const said = await host1.must(['mariadb', '-N', '-e', "SHOW GLOBAL STATUS LIKE 'Questions'"])
      return Number(said.split('\t')[1])
    }
    const urls = ['primary', 'read-only', 'metrics'].map((path) => `http://127.0.0.1:8008/${path}#[1-10]`)
    const during = async (work: () => Promise<unknown>) => {
      const before = await questions()
      const begun = performance.now()
      await work()
      return ((await questions()) - before) / (performance.now() - begun)
    }
    let times: number[] = []
    const busy = await during(async () => {
      const argv = ['curl', '-sS', '--max-time', '5', '-w', '\n=%{time_total}\n', ...urls]
      times = [...(await host1.must(argv)).matchAll(/^=([\d.]+)$/gm)].map(([, seconds]) => Number(seconds) * 1000)
    })
    const sorted = times.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
    process.stderr.write(
      `${times.length} answers: median ${at(0.5).toFixed(2)} ms, the quickest tenth ${at(0.1).toFixed(2)} ms\n`,
    )
    expect(times).toHaveLength(30)
    // Of the quickest tenth: what an answer costs, not what else the computer is doing.
    expect(at(0.1)).toBeLessThan(5)
    // The supervisor asks all the time by itself; thirty answers in some hundredths of a second are not among that.
    expect(busy).toBeLessThan(0.5)
  })

  test("a replica that falls behind gets less, by the agent's word, and everything again when it has caught up", async () => {
    const weight = async () => (await balancer.servers()).get('replicas/host2')?.weight
    const client = startClient(pair, { door: WRITES, firstNumber: next(), readEveryMs: 0, writeEveryMs: 50 })
    try {
      expect(await weight()).toBe(100)
      const lock = pair.host2.exec(['mariadb', '-e', 'LOCK TABLES app.entry WRITE; SELECT SLEEP(6)'], {
        timeoutMs: 15_000,
      })
      await waitFor(async () => ((await weight()) ?? 100) < 95, {
        patienceMs: 15_000,
        reason: 'a smaller weight of host2',
      })
      expect((await lock).code).toBe(0)
      await waitFor(async () => (await weight()) === 100, { patienceMs: 15_000, reason: 'the whole weight of host2' })
    } finally {
      await client.stop()
    }
  })

  function next(): number {
    firstNumber += 1_000_000
    return firstNumber
  }

  /** Something happens to the holder while one client writes and one reads; both go on, and every write was right. */
  async function underLoad(strike: () => Promise<unknown>, other: Machine): Promise<void> {
    const sampler = startSampler(pair)
    // What is written before the first sample, nobody could judge.
    await waitFor(() => sampler.now('writable').length === 1, { patienceMs: 10_000, reason: 'a sample of the writer' })
    const writer = startClient(pair, { door: WRITES, firstNumber: next(), readEveryMs: 0, ...UNHURRIED })
    const reader = startClient(pair, { door: READS, writeEveryMs: 0, readEveryMs: 10, attemptMs: 1000 })
    try {
      await waitFor(() => writer.acknowledged.length > 100 && reader.reads.length > 50, {
        patienceMs: 15_000,
        reason: 'writes and reads through HAProxy',
      })
      // A whole pair: no write was sent to a machine that does not take it.
      const refusedThere = [...writer.refusals().keys()].filter((reason) => /read.only/.test(reason))
      expect(refusedThere).toEqual([])
      const at = Date.now()
      await strike()
      await waitFor(() => sampler.now('writable').includes(other.name) && writer.firstBegunAfter(at + 500), {
        patienceMs: 20_000,
        reason: `a write through HAProxy, acknowledged by ${other.name}`,
      })
      await seen({ [`primary/${other.name}`]: /^UP$/, [`replicas/${other.name}`]: /^DOWN/ })
      const since = Date.now()
      await waitFor(() => writer.firstBegunAfter(since + 500) && reader.reads.some((read) => read > since + 500), {
        patienceMs: 10_000,
        reason: 'writes and reads that go on',
      })
      await writer.stop()
      await reader.stop()
      const gap = writer.longestGap(at)
      const readGap = reader.longestReadGap(at)
      process.stderr.write(
        `without a write ${Math.round(gap?.ms ?? 0)} ms, without a read ${Math.round(readGap?.ms ?? 0)} ms; ` +
          `refused: ${JSON.stringify([...writer.refusals()])}, reads: ${JSON.stringify([...reader.refusals()])}\n`,
      )
      expect(gap?.ms).toBeLessThan(5000)
      expect(readGap?.ms).toBeLessThan(1500)
      expect(await writer.lostOn(other)).toEqual([])
      await rightlyWritten(writer, sampler, other)
    } finally {
      await writer.stop()
      await reader.stop()
      expect((await sampler.stop()).bothWritable).toEqual([])
    }
  }

  /** Every write was taken by a machine that was writable, and each machine took some. */
  async function rightlyWritten(writer: Client, sampler: Sampler, survivor: Machine): Promise<void> {
    const rows = await survivor.must(['mariadb', '-N', '-e', 'SELECT n, via FROM app.entry'], { timeoutMs: 20_000 })
    const cells = rows
      .trimEnd()
      .split('\n')
      .map((row) => row.split('\t'))
    const writtenBy = new Map(cells.map(([n, via = '']) => [Number(n), via]))
    expect(wronglyWritten(writer.acknowledged, writtenBy, sampler.writable)).toEqual([])
    const count = (node: string) => writer.acknowledged.filter(({ n }) => writtenBy.get(n) === node).length
    const counts = pair.nodes.map(({ name }) => [name, count(name)])
    process.stderr.write(`acknowledged by ${JSON.stringify(counts)}\n`)
    for (const [, found] of counts) expect(found).toBeGreaterThan(0)
  }

  /** What each machine itself holds of the writes of each: the same on both. */
  async function sameOnBoth(): Promise<void> {
    const counts = (machine: Machine) =>
      machine.must(['mariadb', '-N', '-e', 'SELECT via, COUNT(*), MAX(n) FROM app.entry GROUP BY via ORDER BY via'])
    await waitFor(async () => (await counts(pair.host1)) === (await counts(pair.host2)), {
      patienceMs: 15_000,
      reason: 'the same rows of each machine on both',
    })
  }

  test('a failover under load: no write is taken by the wrong machine, none is lost, reads go on', async () => {
    const { host1, host2 } = pair
    await underLoad(() => host1.must(['systemctl', 'kill', '-s', 'KILL', 'mariadb']), host2)
    await waitFor(async () => (await host1.modeFile()) === 'm', { patienceMs: 15_000, reason: 'host1 in m' })
    // It is in maintenance, and its primary serves reads too: nobody else can.
    await seen({ 'replicas/host1': /^MAINT/, 'replicas/host2': /^DOWN/, 'replicas/host2-any': /^UP/ })
    const back = await host1.apmode('set ap --now', { timeoutMs: 60_000 })
    expect(back, back.stderr + (await host1.journal(40))).toMatchObject({ code: 0 })
    expect(await host2.apmode('set ap')).toMatchObject({ code: 0 })
    await healthy(host2, host1)
    await sameOnBoth()
    await seen({ 'primary/host2': /^UP$/, 'primary/host1': /^DOWN$/, 'replicas/host1': /^UP$/ })
  })

  test('a maintenance under load: no write is taken by the wrong machine, none is lost, reads go on', async () => {
    const { host1, host2 } = pair
    await underLoad(
      async () => expect(await host2.apmode('set m', { timeoutMs: 60_000 })).toMatchObject({ code: 0 }),
      host1,
    )
    await seen({ 'replicas/host2': /^MAINT/, 'primary/host2': /^DOWN$/ })
    expect(await host2.apmode('set ap --now', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
    expect(await host1.apmode('set ap')).toMatchObject({ code: 0 })
    await healthy(host1, host2)
    await sameOnBoth()
    // `ready` has taken `maint` back.
    await seen({ 'primary/host1': /^UP$/, 'replicas/host2': /^UP$/ })
  })

  async function queried(expression: string): Promise<{ metric: Record<string, string>; value: number }[]> {
    const argv = ['curl', '-sS', '--max-time', '5', '-G', '--data-urlencode', `query=${expression}`]
    const { stdout, stderr } = await runAsClient(pair.names, [...argv, `${PROMETHEUS}/api/v1/query`])
    if (stdout === '') throw new Error(`${stderr}\n${prometheus.said()}`)
    const { data } = JSON.parse(stdout) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] }
    }
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
  }

  test('Prometheus scrapes both, knows the one writer, what was counted, and fires what the manual promises', async () => {
    const sum = async (expression: string) => (await queried(expression)).reduce((all, { value }) => all + value, 0)
    const within = { patienceMs: 20_000, everyMs: 250 }
    await waitFor(async () => (await sum('up{job="apmode"}')) === 2, { ...within, reason: 'both up' })
    await waitFor(async () => (await sum('apmode_writable')) === 1, { ...within, reason: 'one writer' })
    await waitFor(async () => (await sum('apmode_holder')) === 1, { ...within, reason: 'one holder' })
    const [promoted] = await queried(
      'apmode_transition_duration_seconds_count{event="master",instance=~".*102:8008"} > 0',
    )
    expect(promoted?.metric).toMatchObject({ job: 'apmode', pair: 'ap' })
    expect(await sum('apmode_step_duration_seconds_count{step="allow-writes"}')).toBeGreaterThanOrEqual(3)
    const [quantile] = await queried(
      'histogram_quantile(0.5, sum by (le) (apmode_transition_duration_seconds_bucket{event="master"}))',
    )
    expect(quantile?.value).toBeGreaterThan(0)
    expect(quantile?.value).toBeLessThan(30)
    const firing = await queried('ALERTS{alertname="ApmodeLeadChanged",alertstate="firing"}')
    expect(firing.map(({ metric }) => metric.pair)).toEqual(['ap'])
    expect(await queried('ALERTS{severity="critical",alertstate="firing"}')).toEqual([])
  })

  test('promtool has nothing to say against what each machine tells', async () => {
    for (const machine of pair.nodes) {
      const { stdout } = await runAsClient(pair.names, [
        'curl',
        '-sS',
        '--max-time',
        '5',
        `http://${machine.address}:8008/metrics`,
      ])
      expect(stdout).toContain('apmode_info{')
      const checked = await runAsClient(pair.names, ['promtool', 'check', 'metrics'], { input: stdout })
      expect(checked).toMatchObject({ code: 0, stdout: '', stderr: '' })
    }
  })

  test('a restart of the supervisor under load: the VIP stays, and the writes come back by themselves', async () => {
    const { host1 } = pair
    const before = await host1.status()
    const writer = startClient(pair, { door: WRITES, firstNumber: next(), readEveryMs: 0, ...UNHURRIED })
    try {
      await waitFor(() => writer.acknowledged.length > 100, { patienceMs: 15_000, reason: 'writes through HAProxy' })
      const at = Date.now()
      await host1.must(['systemctl', 'restart', 'apmode'], { timeoutMs: 30_000 })
      await seen({ 'primary/host1': /^UP$/ })
      const since = Date.now()
      await waitFor(() => writer.firstBegunAfter(since), { patienceMs: 20_000, reason: 'a write after the restart' })
      await writer.stop()
      process.stderr.write(
        `without a write ${Math.round(writer.longestGap(at)?.ms ?? 0)} ms; refused: ${JSON.stringify([...writer.refusals()])}\n`,
      )
      expect(writer.longestGap(at)?.ms).toBeLessThan(20_000)
      expect(await writer.lostOn(host1)).toEqual([])
      const { holder, lead } = await host1.status()
      expect([holder, lead?.epoch]).toEqual([true, before.lead?.epoch])
    } finally {
      await writer.stop()
    }
  })
})
