/**
 * Bad input as the host meets it, on the small world: words that contradict the machine, storage that refuses, a mode
 * file that holds nonsense, commands on top of each other. What is said is checked with what is done.
 */
import { describe, expect, test } from 'vitest'
import type { State } from '../../../src/core/state.ts'
import type { VrrpEvent } from '../../../src/ports/vrrp.ts'
import { type Driven, drive, oneAtATime, quiet } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

const begin = oneAtATime()
let driven: Driven | null = null

async function on(world: World): Promise<Driven> {
  driven = await begin(world)
  world.changes.length = 0
  return driven
}

const holder = () => new World().running(true)
const standby = () => new World('host2').running(false)
const word = (state: VrrpEvent['state'], instance: string | null = 'VI_1'): VrrpEvent => ({
  state,
  instance,
  source: 'notify',
})
const set = (mode: 'ap' | 'm' | 's') => ({ mode, now: false, force: false })

describe("keepalived's words", () => {
  test.each<[string, () => World, VrrpEvent['state'][], State]>([
    ['the holder', holder, ['backup', 'stop', 'master'], { mode: 'ap', role: 'active', vrrp: 'master' }],
    ['the standby', standby, ['master', 'stop', 'fault', 'backup'], { mode: 'ap', role: 'standby', vrrp: 'backup' }],
  ])('2,000 of them on %s, in any order, end where the machine stands and change nothing', async (...row) => {
    const [, make, words, state] = row
    const world = make()
    const it = await on(world)
    for (let count = 0; count < 2_000; count += 1) it.supervisor.hear(word(words[count % words.length] ?? 'backup'))
    await it.idle()
    it.supervisor.check('check', 'test')
    await it.idle()
    expect(it.supervisor.settler.state).toEqual(state)
    expect(world.changes).toEqual([])
  })

  test('of another instance are not accepted, and the answer says whose they are', async () => {
    const world = holder()
    const it = await on(world)
    expect(it.control.notify(word('fault', 'VI_2'))).toEqual({ accepted: false, sentence: 'instance VI_2 is not VI_1' })
    expect(it.control.notify(word('master'))).toMatchObject({ accepted: true })
    await it.idle()
    expect(world.changes).toEqual([])
  })

  test('that come while the supervisor ends are not begun any more', async () => {
    const world = holder()
    const it = await on(world)
    const closing = it.close()
    it.supervisor.hear(word('fault'))
    await closing
    driven = null
    expect(world.changes).toEqual([])
    // With the machine the bus ends too: a step that waited for it would hold up the shutdown.
    expect(world.busAwaited).toBe(false)
    expect(await it.control.set(set('m'), quiet)).toMatchObject({ exit: 1, sentence: 'the supervisor is stopping' })
  })
})

describe('a mode file that cannot be understood', () => {
  const garbage = { mode: 'unreadable', being: null, problem: 'the mode file holds "x"' } as const

  test.each([
    ['holder', holder, ['fence', 'wait-for-peer', 'unfit', 'stop mailer.service']],
    ['standby', standby, ['unfit']],
  ] as const)(
    'at the start on the %s: fenced, unfit, no file touched, nothing guessed',
    async (_which, make, changes) => {
      const world = make()
      world.mode = garbage
      const it = await drive(world)
      driven = it
      expect(world.changes).toEqual(changes)
      expect(world.acceptsWrites).toBe(false)
      expect(it.control.mode()).toEqual({ ...garbage })
      expect((await it.control.status()).problems).toContain(garbage.problem)
      expect(await it.control.units('start', quiet)).toMatchObject({ exit: 3, done: [] })
      expect([...world.units.values()].map(({ file }) => file)).toEqual(Array(5).fill('disabled'))
    },
  )

  test('is warned of in the log, with what was found', async () => {
    const world = standby()
    world.mode = garbage
    await on(world)
    expect(world.log.join('\n')).toMatch(/^(warn|error) .*the mode file holds "x"/m)
  })

  test('is mended by set, and the problem is forgotten', async () => {
    const world = standby()
    world.mode = garbage
    const it = await on(world)
    expect(await it.control.set(set('ap'), quiet)).toMatchObject({ exit: 0 })
    expect(world.mode.mode).toBe('ap')
    expect((await it.control.status()).problems).toEqual([])
  })
})

describe('storage that refuses', () => {
  test('the history: a command goes on, and the log says that its line is missing', async () => {
    const world = standby()
    const parts = world.parts()
    const it = await on(Object.assign(world, { parts: () => ({ ...parts, history: FULL_HISTORY }) }))
    expect(await it.control.set(set('m'), quiet)).toMatchObject({ exit: 0 })
    expect(world.mode.mode).toBe('m')
    expect(world.log.filter((line) => line.startsWith('error')).join()).toContain('the history could not be written')
    expect((await it.control.status()).lastChange).toMatchObject({ result: 'done' })
  })

  test('the state: the machine goes on, and the log says why', async () => {
    const { world, it } = await withoutState()
    expect(await it.control.set(set('ap'), quiet)).toMatchObject({ exit: 0 })
    expect(it.supervisor.settler.state.role).toBe('active')
    expect(world.log.join('\n')).toContain('error the state could not be saved: no space left on the disk')
  })

  test('the state is saved when there is room again', async () => {
    const { world, it, mend } = await withoutState()
    await it.control.set(set('ap'), quiet)
    mend()
    it.supervisor.check('drift', 'test')
    await it.idle()
    expect(world.saved).toMatchObject({ role: 'active' })
  })

  test('the tracked file: a failed step, exit 1, and tried again', async () => {
    const world = standby()
    const parts = world.parts()
    let full = true
    const unfitFile = {
      read: parts.unfitFile.read,
      write: (unfit: boolean) => {
        if (full) throw new Error('no space left on the disk')
        parts.unfitFile.write(unfit)
      },
    }
    const it = await on(Object.assign(world, { parts: () => ({ ...parts, unfitFile }) }))
    const answer = await it.control.set(set('m'), quiet)
    expect(answer).toMatchObject({ exit: 1 })
    expect(answer.sentence).toContain('no space left on the disk')
    // What takes rights away is done all the same.
    expect(world.unit('keepalived.service').active).toBe('inactive')
    full = false
    it.supervisor.check('check', 'test')
    await it.idle()
    expect([world.unfit, world.mode.mode]).toEqual([true, 'm'])
  })
})

describe('commands on top of each other', () => {
  test('never interleave: each ends before the next begins; one that was overtaken says what it did not do', async () => {
    const world = standby()
    const it = await on(world)
    const [first, overtaken, last] = await Promise.all([
      it.control.set(set('m'), quiet),
      it.control.set(set('ap'), quiet),
      it.control.set(set('m'), quiet),
    ])
    expect(first).toMatchObject({ exit: 0, notDone: [] })
    expect(overtaken).toMatchObject({ exit: 1, notDone: expect.arrayContaining([expect.stringMatching(/^unmask /)]) })
    expect(last).toMatchObject({ exit: 0, notDone: [] })
    expect(world.changes.filter((change) => /^(being|mode) /.test(change))).toEqual([
      ...['being m', 'mode m', 'being ap', 'mode ap'],
      ...['being m', 'mode m'],
    ])
  })

  test('restart on the holder starts again, although keepalived has said BACKUP and STOP meanwhile', async () => {
    const world = holder()
    const it = await on(world)
    world.before.set('stop nginx.service', () => {
      for (const state of ['backup', 'stop'] as const) it.supervisor.hear(word(state))
    })
    expect(await it.control.units('restart', quiet)).toMatchObject({ exit: 0 })
    expect(world.unit('keepalived.service').active).toBe('active')
  })
})

const FULL_HISTORY = { append: () => ({ ok: false, detail: 'no space left on the disk' }), newest: () => [] }

/** A machine in `s` with the VIP, which becomes active by `set ap`, and whose state file cannot be written at first. */
async function withoutState(): Promise<{ world: World; it: Driven; mend: () => void }> {
  const world = new World('host2').running(true)
  world.mode = { mode: 's', being: null, problem: null }
  const parts = world.parts()
  let full = true
  const stateFile = {
    read: parts.stateFile.read,
    forget: parts.stateFile.forget,
    write: (state: Parameters<typeof parts.stateFile.write>[0]) => {
      if (full) throw new Error('no space left on the disk')
      parts.stateFile.write(state)
    },
  }
  const it = await on(Object.assign(world, { parts: () => ({ ...parts, stateFile }) }))
  return {
    world,
    it,
    mend: () => {
      full = false
    },
  }
}
