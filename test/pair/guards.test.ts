/**
 * The guards on two real machines, each in the sequence that it is there for: what happened before decides who may serve,
 * also after a power cut; one writer whatever is cut; nothing acknowledged is lost; and it heals by itself where it can.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Status } from '../../src/ports/control.ts'
import { type ApmodePair, CONFIG, healthy, type Machine, startApmodePair, storyOf } from './apmode-pair.ts'
import { type Client, startClient } from './lab/client.ts'
import { whyNoLab } from './lab/requirements.ts'
import { type Sampler, startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()
const WITNESSED = CONFIG.replace('advert_interval', 'witness = ["192.168.33.1"]\nadvert_interval')

const seconds = (count: number) => {
  const since = Date.now()
  return waitFor(() => Date.now() - since > count * 1000, { patienceMs: count * 1000 + 5000, reason: `${count} s` })
}
const reasons = (status: Status) => status.reasons.join('\n')
const until = async (machine: Machine, what: string, holds: (status: Status) => boolean, patienceMs = 15_000) => {
  try {
    await waitFor(async () => holds(await machine.status()), { patienceMs, reason: `${machine.name}: ${what}` })
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : cause}\n${await storyOf(machine)}`, { cause })
  }
}

describe.skipIf(obstacle !== null).each([
  ['without a witness', CONFIG],
  ['with a witness', WITNESSED],
])('the guards of a pair %s', (name, config) => {
  const witnessed = config === WITNESSED
  /** A test of this pair; for the other one it is not even listed. */
  const testIf = (applies: boolean) => (title: string, what: () => Promise<void>) => {
    if (applies) test(title, what)
  }
  let pair: ApmodePair
  let firstNumber = 1
  let client: Client
  let sampler: Sampler

  /** A test that failed leaves machines in any state: the next one gets new ones. */
  let broken = true
  const startPair = async () => {
    await pair?.stop()
    pair = await startApmodePair({ config, progress: (sentence) => process.stderr.write(`${name}: ${sentence}\n`) })
    broken = false
  }

  beforeAll(startPair)
  afterAll(async () => {
    await pair?.stop()
  })
  beforeEach(async () => {
    if (broken) await startPair()
    client = startClient(pair, { firstNumber, writeEveryMs: 20 })
    sampler = startSampler(pair)
    firstNumber += 1_000_000
    await waitFor(() => client.acknowledged.length > 20, { patienceMs: 15_000, reason: 'acknowledged writes' })
  })
  afterEach(async ({ task }) => {
    broken = task.result?.state === 'fail'
    await client.stop()
    const { bothWritable } = await sampler.stop()
    expect(bothWritable).toEqual([])
    const { holder } = await places()
    expect(await client.lostOn(holder)).toEqual([])
  })

  async function places(): Promise<{ holder: Machine; other: Machine }> {
    const holds = await pair.host1.holdsVip()
    return holds ? { holder: pair.host1, other: pair.host2 } : { holder: pair.host2, other: pair.host1 }
  }

  /** Back to (ap,ap): `fallen` joins the one that serves. */
  async function home(holder: Machine, fallen: Machine): Promise<void> {
    const back = await fallen.apmode('set ap --now', { timeoutMs: 60_000 })
    expect(back, back.stdout + back.stderr).toMatchObject({ code: 0 })
    await healthy(holder, fallen)
    expect(await holder.apmode('set ap')).toMatchObject({ code: 0 })
    await healthy(holder, fallen)
  }

  const powerOn = async (machine: Machine) => {
    await machine.cable('plugged')
    await machine.powerOn()
  }

  testIf(!witnessed)(
    'G2: A dies, B serves, B dies, A boots alone: A does not serve until a person says so',
    async () => {
      const { holder: a, other: b } = await places()
      await a.powerOff()
      await until(b, 'serves alone', (status) => status.mode === 's' && status.writable === true)
      const moved = Date.now()
      await waitFor(() => client.firstBegunAfter(moved), { patienceMs: 5000, reason: 'a write acknowledged by B' })
      await b.powerOff()
      await powerOn(a)
      expect(await a.apmode('start', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
      await seconds(3)
      const waiting = await a.status()
      expect(waiting).toMatchObject({ mode: 'ap', holder: false, writable: false, fit: false })
      expect(reasons(waiting)).toMatch(/G2 no stale lead: .* was attached when this machine lost the lead/)
      const refused = await a.apmode('set s')
      expect(refused).toMatchObject({ code: 3 })
      expect(refused.stdout + refused.stderr).toMatch(/G2 no stale lead.*set s --force/s)
      expect((await a.status()).mode).toBe('ap')
      // B is back: it serves what it acknowledged, and A follows, without a person's decision.
      await powerOn(b)
      await until(b, 'serves', (status) => status.writable === true, 60_000)
      await until(a, 'follows', (status) => status.fit === true && status.replication?.io === 'Yes', 30_000)
      expect(await b.apmode('set ap')).toMatchObject({ code: 0 })
      await healthy(b, a)
    },
  )

  testIf(!witnessed)(
    'G2: both lose power: one alone waits and says why; both together serve without a person',
    async () => {
      const { holder: a, other: b } = await places()
      await Promise.all([a.powerOff(), b.powerOff()])
      await powerOn(b)
      expect(await b.apmode('start', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
      await seconds(2)
      const waiting = await b.status()
      expect(waiting).toMatchObject({ holder: false, writable: false, fit: false })
      expect(reasons(waiting)).toMatch(/G2 no stale lead/)
      await powerOn(a)
      expect(await a.apmode('start', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
      await healthy(a, b)
      expect([await a.modeFile(), await b.modeFile()]).toEqual(['ap', 'ap'])
    },
  )

  testIf(!witnessed)('G4: the standby stopped first and then the active one: it starts alone and serves', async () => {
    const { holder: a, other: b } = await places()
    expect(await b.apmode('stop', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
    await until(a, 'acknowledges alone', (status) => status.commitsWithPeer === false)
    expect(await a.apmode('stop', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
    expect(await a.apmode('start', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
    await until(a, 'serves', (status) => status.writable === true)
    expect(await a.modeFile()).toBe('ap')
    expect(await b.apmode('start', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
    await healthy(a, b)
  })

  testIf(!witnessed)(
    'G3: VRRP filtered while the database link lives: one writer, the other unfit, and it heals',
    async () => {
      const { holder, other } = await places()
      const chain = (way: 'input' | 'output') =>
        `nft add chain inet blocked ${way} "{ type filter hook ${way} priority 0; }"; ` +
        `nft add rule inet blocked ${way} ip protocol 112 drop`
      await other.shell(`nft add table inet blocked; ${chain('input')}; ${chain('output')}`)
      try {
        await until(
          other,
          'is kept out',
          (status) => status.fit === false && /G3 no second writer/.test(reasons(status)),
        )
        await seconds(2)
        expect(await holder.status()).toMatchObject({ mode: 'ap', writable: true, holder: true })
      } finally {
        await other.shell('nft delete table inet blocked')
      }
      await until(other, 'is fit again', (status) => status.fit === true && status.vrrp === 'backup', 30_000)
      await healthy(holder, other)
      expect([await holder.modeFile(), await other.modeFile()]).toEqual(['ap', 'ap'])
    },
  )

  testIf(!witnessed)('G2: a replica whose SQL thread stopped long ago is not promoted', async () => {
    const { holder, other } = await places()
    await other.shell(`mariadb -e 'STOP SLAVE SQL_THREAD'`)
    // The supervisor would start it again: what made it stop is still there.
    await other.shell(`mariadb -e 'SET SQL_LOG_BIN=0; INSERT INTO app.entry (n, via) VALUES (${firstNumber + 5}, "x")'`)
    await waitFor(
      async () => {
        await holder.shell(`mariadb -e 'INSERT IGNORE INTO app.entry (n, via) VALUES (${firstNumber + 5}, "y")'`)
        return (await other.status()).replication?.errno === 1062
      },
      { patienceMs: 15_000, everyMs: 500, reason: 'replication ends with an error' },
    )
    await until(other, 'is unfit', (status) => status.fit === false)
    // It says so in its database, and the holder asks every two seconds.
    await seconds(4)
    await holder.shell('systemctl kill -s KILL api')
    await until(holder, 'is not fit', (status) => status.fit === false)
    await seconds(2)
    expect(await holder.status()).toMatchObject({ mode: 'ap', writable: false })
    expect(await other.status()).toMatchObject({ mode: 'ap', writable: false, fit: false })
    // Mended by a person: it applies the rest, is whole, and serves.
    await other.shell(
      `mariadb -e 'SET SQL_LOG_BIN=0; DELETE FROM app.entry WHERE n = ${firstNumber + 5}; START SLAVE SQL_THREAD'`,
    )
    await until(other, 'serves', (status) => status.mode === 's' && status.writable === true, 30_000)
    await home(other, holder)
  })

  testIf(!witnessed)('G5: a standby that lags applies everything before it serves', async () => {
    const { holder, other } = await places()
    const lock = other.shell(`timeout 8 mariadb -e 'LOCK TABLES app.entry WRITE; SELECT SLEEP(7)' || true`, {
      timeoutMs: 20_000,
    })
    await seconds(3)
    const before = Date.now()
    await holder.shell('systemctl kill -s KILL api')
    await lock
    await until(other, 'serves', (status) => status.writable === true, 30_000)
    await waitFor(() => client.firstBegunAfter(before + 3000), { patienceMs: 15_000, reason: 'a write acknowledged' })
    await home(other, holder)
  })

  testIf(!witnessed)(
    'a standby that loses power: writes go on without a person, alone, and with it again',
    async () => {
      const { holder, other } = await places()
      const at = await other.powerOff()
      await until(holder, 'acknowledges alone', (status) => status.commitsWithPeer === false)
      await waitFor(() => client.firstBegunAfter(at + 4000), { patienceMs: 15_000, reason: 'writes go on' })
      process.stderr.write(`standby lost: ${Math.round(client.longestGap(at)?.ms ?? Number.NaN)} ms without a write\n`)
      expect(client.longestGap(at)?.ms).toBeLessThan(5000)
      await powerOn(other)
      expect(await other.apmode('start', { timeoutMs: 60_000 })).toMatchObject({ code: 0 })
      await healthy(holder, other)
    },
  )

  testIf(!witnessed)(
    'G6: a local write on the standby is found at once, said and kept, and it is never fit',
    async () => {
      const { holder, other } = await places()
      await other.shell(`mariadb -e 'INSERT INTO app.entry (n, via) VALUES (-7, "an administrator")'`)
      await until(other, 'says that it has diverged, and keeps it', (status) =>
        /G6 diverged: only this machine has \S+.* kept in \S+\.sql/.test(reasons(status)),
      )
      const { reasons: why, fit } = await other.status()
      expect(fit).toBe(false)
      const [, file = ''] = /kept in (\S+\.sql)/.exec(why.join('\n')) ?? []
      expect(await other.readFile(file)).toContain('an administrator')
      await holder.shell('systemctl kill -s KILL api')
      await until(holder, 'is not fit', (status) => status.fit === false)
      await seconds(2)
      expect(await other.status()).toMatchObject({ writable: false, fit: false })
      // G4: nobody could take over, so it stays in the pair, and serves again as soon as it works.
      expect(await holder.status()).toMatchObject({ mode: 'ap', writable: false })
      expect((await holder.history()).some(({ sentence }) => sentence.includes('G4 last one standing'))).toBe(true)
      await holder.must(['systemctl', 'start', 'api'])
      await until(holder, 'serves', (status) => status.writable === true)
    },
  )

  testIf(witnessed)(
    'G9: both links of the standby cut: it does not take over, and is fit again afterwards',
    async () => {
      const { holder, other } = await places()
      await other.cable('deaf')
      await until(other, 'is cut off', (status) => status.fit === false && /G9 witness/.test(reasons(status)))
      await seconds(3)
      expect(await other.writable()).toBe(false)
      expect(await holder.status()).toMatchObject({ mode: 'ap', writable: true })
      await other.cable('plugged')
      await healthy(holder, other)
    },
  )

  testIf(witnessed)('G9: both links of the holder cut: it fences itself, and the other one serves', async () => {
    const { holder, other } = await places()
    await holder.cable('deaf')
    await until(other, 'serves', (status) => status.writable === true)
    await until(holder, 'does not accept writes', (status) => status.writable !== true, 5000)
    const at = Date.now()
    await waitFor(() => client.firstBegunAfter(at), { patienceMs: 10_000, reason: 'a write acknowledged' })
    await holder.cable('plugged')
    await home(other, holder)
  })
})
