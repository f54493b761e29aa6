/**
 * docs/recipes/apache on two real machines, its files as they stand: Apache with mod_proxy_balancer behind a mount unit, on
 * the holder only, and a VIP that comes home by itself. In the order of the tests; what one breaks it mends.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Machine, storyOf } from './apmode-pair.ts'
import { VIP } from './lab/network.ts'
import { runAsClient } from './lab/program.ts'
import { whyNoLab } from './lab/requirements.ts'
import { waitFor } from './lab/wait.ts'
import { APACHE_UNITS, type Apaches, HOLD_MS, ranLong, startApaches } from './recipes/apache.ts'
import type { StatelessPair } from './stateless-pair.ts'

const obstacle = whyNoLab()
const BROKEN = '/etc/apache2/sites-enabled/broken.conf'

describe.skipIf(obstacle !== null)('services of the holder', () => {
  let apaches: Apaches
  let pair: StatelessPair
  let home: Machine
  let away: Machine

  beforeAll(async () => {
    apaches = await startApaches((sentence) => process.stderr.write(`${sentence}\n`))
    ;({ pair, home, away } = apaches)
  })
  afterAll(async () => {
    await apaches?.stop()
  })

  const active = async (machine: Machine) => {
    const { stdout } = await machine.exec(['systemctl', 'is-active', ...APACHE_UNITS])
    return stdout.trim().split('\n').join(' ')
  }
  const answer = async () => {
    const { code, stdout } = await runAsClient(pair.names, ['curl', '-sf', '--max-time', '1', `http://${VIP}/`])
    return code === 0 ? stdout.trim() : null
  }
  /** Waits, and tells both stories when it was in vain. */
  async function until(condition: () => Promise<boolean>, reason: string, patienceMs = 12_000): Promise<void> {
    await waitFor(condition, { patienceMs, reason }).catch(async (thrown: unknown) => {
      throw new Error(`${thrown}\n${(await Promise.all([home, away].map(storyOf))).join('\n')}`)
    })
  }
  const serves = (machine: Machine) =>
    until(
      async () =>
        (await machine.status()).holder === true && (await active(machine)) === 'active active' && !!(await answer()),
      `${machine.name} serving`,
    )
  /** How often a machine became master. */
  const moves = async () =>
    (await Promise.all([home, away].map((machine) => machine.history())))
      .flat()
      .filter(({ from, to }) => from.vrrp !== 'master' && to.vrrp === 'master').length
  const kill = (machine: Machine) => machine.must(['systemctl', 'kill', '-s', 'KILL', 'apache2'])
  const gaveUp = async (machine: Machine) => {
    const { reasons, problems } = await machine.status()
    return [...reasons, ...problems].filter((sentence) => sentence.includes('does not start')).join()
  }
  /** In the order of the journal. */
  const told = async (machine: Machine, words: string) =>
    (await machine.shell(`journalctl -o cat _PID=1 | grep -E '^${words} (srv-data.mount|apache2.service)' || true`))
      .trim()
      .split('\n')
      .map((line) => (line.includes('srv-data') ? 'mount' : 'apache'))

  test('the holder starts them in the order of the configuration, and the balancer asks both servers', async () => {
    await serves(home)
    expect(await active(away)).toBe('inactive inactive')
    expect((await told(home, '(Mounted|Started)')).slice(0, 2)).toEqual(['mount', 'apache'])
    const answers = new Set([await answer(), await answer(), await answer(), await answer()])
    expect([...answers].sort()).toEqual(['web1', 'web2'])
  })

  test('Apache killed: the other machine serves, the old holder stops in reverse, stays in ap, and the VIP comes home after its hold time', async () => {
    await ranLong(home)
    const before = await moves()
    const at = Date.now()
    await kill(home)
    await serves(away)
    process.stderr.write(`Apache killed: ${Date.now() - at} ms until the other one is seen serving\n`)
    const taken = Date.now()
    await until(async () => (await active(home)) !== 'active active', 'host1 stopped')
    expect((await home.status()).mode).toBe('ap')
    await serves(home)
    const held = Date.now() - taken
    expect(held).toBeGreaterThan(HOLD_MS - 2000)
    expect(held).toBeLessThan(HOLD_MS + 6000)
    // The one that the VIP left was well: what it stopped, it stopped in reverse.
    await until(async () => (await active(away)) === 'inactive inactive', 'host2 stopped')
    const stopped = async () => (await told(away, '(Unmounted|Stopped)')).slice(-2)
    await until(async () => (await stopped()).join() === 'apache,mount', 'Apache stopped before its mount')
    expect((await moves()) - before).toBe(2)
    expect([(await home.status()).mode, (await away.status()).mode]).toEqual(['ap', 'ap'])
  })

  test('a unit that cannot start on the other machine: two tries, the VIP goes back, and that machine says so', async () => {
    await away.writeFile(BROKEN, 'Nonsense on\n')
    await ranLong(home)
    const before = await moves()
    await kill(home)
    await until(async () => (await gaveUp(away)) !== '', 'host2 saying that it gave up')
    await serves(home)
    const { fit, next } = await away.status()
    expect(await gaveUp(away)).toMatch(
      /apache2\.service does not start here \(2 tries; .*\): mend it, then apmode start/,
    )
    expect([fit, next?.command]).toEqual([false, 'apmode start'])
    const starts = (await away.history()).flatMap(({ steps }) => steps).filter(({ ok }) => !ok)
    expect(starts.map(({ sentence }) => sentence)).toEqual(['start apache2.service', 'start apache2.service'])
    expect((await moves()) - before).toBe(2)
  })

  test('where neither can start it the VIP comes to rest, with what does start', async () => {
    await home.writeFile(BROKEN, 'Nonsense on\n')
    await ranLong(home)
    const before = await moves()
    await kill(home)
    // Longer than anything here waits before it moves: three seconds without an answer at the VIP, and the hold time.
    const rest = { since: Date.now(), moves: before }
    await until(
      async () => {
        const now = await moves()
        if (now !== rest.moves) Object.assign(rest, { since: Date.now(), moves: now })
        return Date.now() - rest.since > HOLD_MS + 1500 && now > before
      },
      'the VIP at rest',
      60_000,
    )
    expect(rest.moves - before).toBeLessThanOrEqual(3)
    const holders = []
    for (const machine of [home, away]) if ((await machine.status()).holder === true) holders.push(machine)
    expect(holders).toHaveLength(1)
    for (const holder of holders) {
      expect(await active(holder)).toMatch(/^active (failed|inactive)$/)
      expect(await gaveUp(holder)).toContain('apache2.service does not start here')
    }
    expect([(await home.status()).mode, (await away.status()).mode]).toEqual(['ap', 'ap'])
  })

  test('mended, `apmode start` tries again, and the VIP is home', async () => {
    for (const machine of [away, home]) {
      await machine.must(['rm', BROKEN])
      const started = await machine.apmode('start', { timeoutMs: 30_000 })
      expect(started.code, `${started.stderr}${await storyOf(machine)}`).toBe(0)
    }
    await until(async () => (await away.status()).fit === true && (await home.status()).fit === true, 'both fit')
    await serves(home)
    expect([await gaveUp(home), await gaveUp(away)]).toEqual(['', ''])
  })
})
