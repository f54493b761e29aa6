/**
 * The commands, on two real machines: maintenance under load, standalone through a reboot, stop and start, what only asks
 * and must change nothing, and a supervisor killed in the middle. One pair; each test begins with a whole one.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CommandResult as Answer, PlanView, Status } from '../../src/ports/control.ts'
import type { HistoryEntry } from '../../src/ports/storage.ts'
import { type ApmodePair, BOOT_UNIT, healthy, type Machine, startApmodePair, UNITS } from './apmode-pair.ts'
import { type Client, startClient } from './lab/client.ts'
import { whyNoLab } from './lab/requirements.ts'
import { type Sampler, startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()
const MASKED = Array(4).fill('masked')
const DISABLED = Array(4).fill('disabled')

describe.skipIf(obstacle !== null)('the commands', () => {
  let pair: ApmodePair
  let holder: Machine
  let standby: Machine
  let firstNumber = 1

  beforeAll(async () => {
    pair = await startApmodePair({ progress: (sentence) => process.stderr.write(`${sentence}\n`) })
  })
  afterAll(async () => {
    await pair?.stop()
  })

  /** Both in `ap`, the one with the VIP active and writable, the other one following it. */
  beforeEach(async () => {
    const one = await pair.host1.holdsVip()
    ;[holder, standby] = one ? [pair.host1, pair.host2] : [pair.host2, pair.host1]
    if (!(await whole())) {
      await must(standby.apmode('set ap --now', { timeoutMs: 60_000 }))
      await healthy(holder, standby)
      await must(holder.apmode('set ap'))
    }
    await healthy(holder, standby)
  })

  async function whole(): Promise<boolean> {
    const [serving, following] = await Promise.all([holder.status(), standby.status()])
    return serving.mode === 'ap' && serving.role === 'active' && following.mode === 'ap' && following.fit === true
  }

  /** Does something while a client writes and the databases are watched; nothing acknowledged may be lost on `survivor`. */
  async function underLoad(survivor: Machine, act: (client: Client, sampler: Sampler) => Promise<void>): Promise<void> {
    const client = startClient(pair, { firstNumber })
    firstNumber += 1_000_000
    const sampler = startSampler(pair)
    try {
      await waitFor(() => client.acknowledged.length > 50, { patienceMs: 10_000, reason: 'acknowledged writes' })
      const begun = Date.now()
      await act(client, sampler)
      const ended = Date.now()
      await waitFor(() => client.firstBegunAfter(ended) !== undefined, {
        patienceMs: 15_000,
        reason: `a write acknowledged by ${survivor.name}`,
      })
      process.stderr.write(`${Math.round(client.longestGap(begun)?.ms ?? Number.NaN)} ms without a write\n`)
    } finally {
      await client.stop()
      expect((await sampler.stop()).bothWritable).toEqual([])
    }
    expect(await survivor.writable()).toBe(true)
    expect(await client.lostOn(survivor)).toEqual([])
  }

  const active = async (machine: Machine) =>
    (await machine.exec(['systemctl', 'is-active', ...UNITS])).stdout.trim().split('\n')
  const inMode = (machine: Machine, mode: string) =>
    waitFor(async () => (await machine.status()).mode === mode, {
      patienceMs: 10_000,
      reason: `${machine.name} in ${mode}`,
    })

  describe('maintenance', () => {
    test('set m on the holder under load: the standby serves in s, nothing is lost; then s survives a reboot', async () => {
      await underLoad(standby, async () => {
        const set = await holder.apmode('set m', { timeoutMs: 60_000 })
        expect(set, set.stderr).toMatchObject({ code: 0 })
      })
      expect(await holder.modeFile()).toBe('m')
      expect(await holder.unitFiles()).toEqual(MASKED)
      expect(await active(holder)).toEqual(['active', 'active', 'inactive'])
      expect([await holder.writable(), await holder.holdsVip()]).toEqual([false, false])
      await inMode(standby, 's')
      await waitFor(async () => (await standby.unitFiles()).join() === 'enabled,disabled,disabled,disabled', {
        patienceMs: 5_000,
        reason: 'the boot unit enabled',
      })

      await standby.reboot()
      await waitFor(async () => (await standby.holdsVip()) && (await standby.writable()), {
        patienceMs: 30_000,
        reason: 'the VIP and a writable database after the reboot',
      })
      expect(await active(standby)).toEqual(['active', 'active', 'active'])
      expect(await standby.status()).toMatchObject({ mode: 's', vrrp: 'master', holder: true, writable: true })
      expect(await standby.must(['systemctl', 'is-active', BOOT_UNIT])).toBe('active\n')
      expect(await holder.modeFile()).toBe('m')

      // set ap unmasks and starts nothing; --now does.
      await must(holder.apmode('set ap'))
      expect(await holder.modeFile()).toBe('ap')
      expect(await holder.unitFiles()).toEqual(DISABLED)
      expect(await active(holder)).toEqual(['active', 'active', 'inactive'])
      await must(holder.apmode('set ap --now', { timeoutMs: 60_000 }))
      expect(await active(holder)).toEqual(['active', 'active', 'active'])
      await healthy(standby, holder)
      expect(await holder.holdsVip()).toBe(false)
    })

    test('set m --now stops everything in reverse order, start is refused there, set ap --now starts it in order', async () => {
      const stopped = await result(standby, 'set m --now --json')
      expect(stopped.exit).toBe(0)
      expect(unitsOf(stopped, 'stop-unit')).toEqual([...UNITS].reverse())
      expect(await active(standby)).toEqual(['inactive', 'inactive', 'inactive'])
      expect(await standby.unitFiles()).toEqual(MASKED)
      for (const words of ['start', 'restart']) {
        expect(await result(standby, `${words} --json`, 3)).toMatchObject({ exit: 3, done: [], refusedBy: 'mode' })
      }
      expect(await active(standby)).toEqual(['inactive', 'inactive', 'inactive'])
      const started = await result(standby, 'set ap --now --json')
      expect(started.exit).toBe(0)
      expect(unitsOf(started, 'start-unit')).toEqual([...UNITS])
      expect(await active(standby)).toEqual(['active', 'active', 'active'])
      expect(await holder.holdsVip()).toBe(true)
    })

    test('set s is refused while the peer is writable: exit 3, nothing changed', async () => {
      const before = await everything(standby)
      const answer = await result(standby, 'set s --json', 3)
      expect(answer).toMatchObject({ exit: 3, done: [], refusedBy: 'G3 no second writer' })
      expect(await everything(standby)).toEqual(before)
    })
  })

  describe('stop, start, restart', () => {
    test('on the standby: exit 0, in order, also when there is nothing to do; the VIP stays', async () => {
      const stopped = await result(standby, 'stop --json')
      expect(unitsOf(stopped, 'stop-unit')).toEqual([...UNITS].reverse())
      expect(await active(standby)).toEqual(['inactive', 'inactive', 'inactive'])
      expect(unitsOf(await result(standby, 'stop --json'), 'stop-unit')).toEqual([])
      expect(await standby.status()).toMatchObject({ mode: 'ap', role: 'standby', vrrp: 'stop', fit: false })
      const started = await result(standby, 'start --json')
      expect(unitsOf(started, 'start-unit')).toEqual([...UNITS])
      expect(unitsOf(await result(standby, 'start --json'), 'start-unit')).toEqual([])
      await healthy(holder, standby)
      expect(await holder.holdsVip()).toBe(true)
    })

    test('restart on the standby: stopped in reverse, started in order; the VIP stays', async () => {
      const restarted = await result(standby, 'restart --json')
      expect([...unitsOf(restarted, 'stop-unit'), ...unitsOf(restarted, 'start-unit')]).toEqual([
        ...[...UNITS].reverse(),
        ...UNITS,
      ])
      await healthy(holder, standby)
      expect(await holder.holdsVip()).toBe(true)
    })

    test('stop on the holder under load: fenced first, nothing is lost; start brings it back as a follower', async () => {
      await underLoad(standby, async () => {
        const stopped = await result(holder, 'stop --json')
        // On a busy machine it may take longer than its limit: then the database is killed (G7), which loses nothing either.
        expect(stopped.done[0]?.step).toBe('fence')
        expect(unitsOf(stopped, 'stop-unit')[0]).toBe('keepalived.service')
      })
      expect(await active(holder)).not.toContain('active')
      expect(await holder.status()).toMatchObject({ mode: 'ap', vrrp: 'stop', holder: false, writable: false })
      await inMode(standby, 's')
      expect((await result(holder, 'start --json')).exit).toBe(0)
      await healthy(standby, holder)
    })

    test('restart on the holder under load: the standby takes over, and it comes back as a follower', async () => {
      await underLoad(standby, async () => {
        expect((await result(holder, 'restart --json')).exit).toBe(0)
      })
      await healthy(standby, holder)
      expect(await standby.holdsVip()).toBe(true)
    })
  })

  describe('what only asks', () => {
    const PLANS = [
      ...['set ap', 'set m', 'set s', 'set ap --now', 'set m --now', 'set s --now --force', 'start', 'stop', 'restart'],
      ...['notify master', 'notify backup', 'notify fault', 'notify stop'],
    ]

    test('plan and --dry-run say what they would do and change nothing, on both machines', async () => {
      const before = await Promise.all([holder, standby].map(everything))
      for (const machine of [holder, standby]) {
        for (const words of PLANS) {
          const { code, stdout } = await machine.apmode(`plan ${words} --json`)
          const view: PlanView = JSON.parse(stdout)
          expect([words, code]).toEqual([words, view.refusedBy === null ? 0 : 3])
          for (const step of view.steps)
            expect(step, words).toMatchObject({ calls: expect.arrayContaining([expect.any(String)]) })
        }
      }
      const { stdout } = await holder.apmode('set m --now --dry-run')
      for (const call of ['SET GLOBAL read_only', 'StopUnit', 'MaskUnitFiles']) expect(stdout).toContain(call)
      expect(await standby.apmode('plan set s')).toMatchObject({ code: 3 })
      expect(await standby.apmode('plan set x')).toMatchObject({ code: 2 })
      expect(stdout).not.toContain('a secret of the lab')
      expect(await Promise.all([holder, standby].map(everything))).toEqual(before)
    })

    test('status --json has the fields of the contract with their types, on both machines; /status says the same', async () => {
      for (const machine of [holder, standby]) {
        const status: Status = JSON.parse((await machine.apmode('status --json')).stdout)
        expect(status).toEqual(STATUS)
        expect(status.units).toEqual(
          UNITS.map((name) => ({
            name,
            kind: expect.any(String),
            runs: 'everywhere',
            active: 'active',
            file: 'disabled',
            givenUp: false,
          })),
        )
        expect(status.node).toBe(machine.name)
        expect(status.peer?.name).not.toBe(machine.name)
        expect(new Date(status.lastChange?.at ?? '').toISOString()).toBe(status.lastChange?.at)
        const over: Status = JSON.parse(await machine.must(['curl', '-sf', '-m', '5', 'http://127.0.0.1:8008/status']))
        // What moves by itself: where replication stands, and when the peer spoke last.
        const still = (one: Status) => ({ ...one, replication: null, gtid: null, peer: null })
        expect(still(over)).toEqual(still(status))
        const health = await machine.must(['curl', '-sf', '-m', '5', 'http://127.0.0.1:8008/health'])
        expect(JSON.parse(health)).toMatchObject({ ok: true, sentence: expect.any(String) })
      }
      expect((await standby.status()).replication).toEqual(REPLICATION)
    })

    test('mode, table, history and check answer, for people and as JSON', async () => {
      expect(await holder.apmode('mode')).toMatchObject({ code: 0, stdout: 'ap\n', stderr: '' })
      expect(JSON.parse((await holder.apmode('mode --json')).stdout)).toEqual({
        mode: 'ap',
        being: null,
        problem: null,
      })
      const table = readFileSync(join(import.meta.dirname, '../../docs/mode-table.md'), 'utf8')
      expect(await holder.apmode('table')).toMatchObject({ code: 0, stderr: '' })
      expect(table).toContain((await holder.apmode('table')).stdout)
      const lines: HistoryEntry[] = JSON.parse((await holder.apmode('history -n 3 --json')).stdout)
      expect(lines).toHaveLength(3)
      expect(lines.at(-1)).toEqual((await holder.history()).at(-1))
      expect((await holder.apmode('history -n 1')).stdout).toContain(lines.at(-1)?.sentence)
      expect(await holder.apmode('history -n 0')).toMatchObject({ code: 2 })
      expect(await holder.apmode('check')).toMatchObject({ code: 0 })
      for (const what of ['router', 'api', 'database', 'nic', 'router api database nic']) {
        expect(await holder.apmode(`check ${what}`)).toMatchObject({ code: 0, stderr: '' })
      }
      expect(await holder.apmode('check disk')).toMatchObject({ code: 2 })
      await standby.must(['systemctl', 'stop', 'api'])
      const bad = await waitFor(
        async () => {
          const answer = await standby.apmode('check api database --json')
          return answer.code === 1 && answer
        },
        { patienceMs: 5_000, reason: 'check say that the API is down' },
      )
      expect(JSON.parse(bad.stdout)).toMatchObject({
        ok: false,
        items: [
          { what: 'api', ok: false },
          { what: 'database', ok: true },
        ],
      })
      await standby.must(['systemctl', 'start', 'api'])
    })
  })

  describe('a supervisor killed in the middle of set m', () => {
    /** Kills it so long after `being m` is in the mode file; gives what was there in that instant. */
    const killAfter = (machine: Machine, seconds: number) =>
      machine.shell(
        `pid=$(systemctl show -P MainPID apmode)
         apmode set m > /dev/null 2>&1 &
         until [ "$(cat /opt/ap-mode)" = "being m" ]; do :; done
         sleep ${seconds}; kill -9 $pid; cat /opt/ap-mode; wait || :`,
        { timeoutMs: 20_000 },
      )
    const ended = async (machine: Machine) => {
      await waitFor(async () => (await machine.modeFile()) === 'm', { patienceMs: 15_000, reason: 'being m → m' })
      await waitFor(async () => (await machine.unitFiles()).every((file) => file === 'masked'), {
        patienceMs: 10_000,
        reason: 'everything masked',
      })
      expect((await active(machine))[2]).toBe('inactive')
      expect([await machine.writable(), await machine.holdsVip()]).toEqual([false, false])
      expect(await machine.status()).toMatchObject({ mode: 'm', being: null })
    }

    test('on the standby, at any step: the next start finishes it', async () => {
      for (const seconds of [0, 0.05, 0.3, 0.9, 1.05, 1.2]) {
        const found = await killAfter(standby, seconds)
        if (seconds < 0.9) expect(found).toBe('being m\n')
        await ended(standby)
        await must(standby.apmode('set ap --now', { timeoutMs: 60_000 }))
      }
      expect(await holder.holdsVip()).toBe(true)
    })

    test.each([0, 0.02, 0.1])(
      'on the holder under load, %f s after it began: the standby serves, nothing is lost',
      async (seconds) => {
        await underLoad(standby, async () => {
          await killAfter(holder, seconds)
          await ended(holder)
        })
        await inMode(standby, 's')
      },
    )
  })
})

async function must(answer: Promise<{ code: number | null; stderr: string }>): Promise<void> {
  const { code, stderr } = await answer
  expect(code, stderr).toBe(0)
}

/** The one JSON value that a command prints. */
async function result(machine: Machine, words: string, exit = 0): Promise<Answer> {
  const { code, stdout, stderr } = await machine.apmode(words, { timeoutMs: 60_000 })
  expect(code, stdout + stderr).toBe(exit)
  return JSON.parse(stdout)
}

/** The units of these steps, in the order in which they were done. */
function unitsOf({ done }: Answer, step: string): string[] {
  return done.filter((record) => record.step === step).map(({ sentence }) => sentence.split(' ')[1] ?? '')
}

/** Everything that a command could change on a machine. */
function everything(machine: Machine): Promise<string> {
  return machine.shell(
    `systemctl show -P Id -P ActiveState -P UnitFileState -P MainPID ${BOOT_UNIT} ${UNITS.join(' ')} apmode.service
     mariadb -N -e 'SELECT @@global.read_only; SELECT MAX(epoch) FROM apmode.lead'
     mariadb -e 'SHOW SLAVE STATUS\\G' | grep -E 'Master_Host|Running:' || :
     ip -4 -brief address
     head -v -n -0 /opt/ap-mode /run/apmode/vrrp.unfit /var/lib/apmode/state.json
     md5sum /var/lib/apmode/history.jsonl`,
  )
}

const orNull = (type: unknown) =>
  expect.toSatisfy((value) => value === null || typeof value === type, `${type} or null`)
const oneOf = (...words: unknown[]) => expect.toSatisfy((value) => words.includes(value), words.join(', '))
const TEXT = expect.any(String)
const STATE = { mode: oneOf('ap', 'm', 's', 'unset', 'unreadable'), role: oneOf('active', 'standby'), vrrp: TEXT }
const REPLICATION = {
  source: TEXT,
  io: oneOf('Yes', 'No', 'Connecting', 'Preparing'),
  sql: expect.any(Boolean),
  lagSeconds: orNull('number'),
  gtid: TEXT,
  received: TEXT,
  errno: expect.any(Number),
  error: TEXT,
}
/** The contract's fields, and two of ours: `problems` and `next`. */
const STATUS = {
  node: TEXT,
  codename: 'ap',
  engine: 'mariadb',
  ...STATE,
  being: null,
  holder: orNull('boolean'),
  writable: orNull('boolean'),
  commitsWithPeer: orNull('boolean'),
  fit: orNull('boolean'),
  reasons: [],
  gtid: orNull('string'),
  posture: TEXT,
  units: expect.any(Array),
  replication: oneOfShapes(null, REPLICATION),
  cluster: null,
  peer: {
    name: TEXT,
    address: TEXT,
    reachable: orNull('boolean'),
    writable: orNull('boolean'),
    attached: orNull('boolean'),
    mode: oneOf(null, 'ap', 'm', 's', 'unset', 'unreadable'),
    role: oneOf(null, 'active', 'standby'),
    vrrp: orNull('string'),
    fit: orNull('boolean'),
    reasons: [],
    version: orNull('string'),
    saidAt: orNull('string'),
    replication: oneOfShapes(null, REPLICATION),
    gtid: orNull('string'),
  },
  peers: [{ name: TEXT, address: TEXT }],
  lead: { epoch: expect.any(Number), node: TEXT, at: TEXT, reason: TEXT, gtid: TEXT },
  lastChange: {
    at: TEXT,
    event: TEXT,
    source: TEXT,
    from: STATE,
    to: STATE,
    sentence: TEXT,
    steps: expect.any(Array),
    ms: expect.any(Number),
    result: oneOf('done', 'failed', 'aborted', 'refused'),
  },
  version: TEXT,
  problems: [],
  next: null,
}

function oneOfShapes(...shapes: unknown[]): unknown {
  return expect.toSatisfy((value) =>
    shapes.some((shape) => {
      try {
        expect(value).toEqual(shape)
        return true
      } catch {
        return false
      }
    }),
  )
}
