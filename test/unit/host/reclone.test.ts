/** The order of a reclone, what a failure at each step leaves behind, and what the next run makes of it. */
import { afterEach, describe, expect, test } from 'vitest'
import { Commands } from '../../../src/host/commands.ts'
import { Reclone } from '../../../src/host/reclone.ts'
import type { Cloner, DataFolder } from '../../../src/ports/clone.ts'
import type { CommandResult, Progress } from '../../../src/ports/control.ts'
import { type Driven, drive } from '../../fakes/driven.ts'
import { following, World } from '../../fakes/world.ts'

const REQUEST = { physical: false, force: false, keepOld: false } as const
const MIB = 1024 ** 2

/** A disk with a data folder on it, as the port has it. */
class Disk implements Cloner {
  state: DataFolder['state'] = 'whole'
  aside: string[] = []
  kept: string[] = []
  /** What is in the folder: `old` or `copy`. */
  data: 'old' | 'copy' | 'nothing' = 'old'
  room = 100 * 1024 * MIB
  readonly calls: string[] = []
  /** A call of this name fails with this. */
  failing = new Map<string, string>()
  during = new Map<string, () => void | Promise<void>>()

  /** Before and after its change something may happen: it fails, or the supervisor is killed (it never ends). */
  async #call(name: string, change: () => void = () => {}): Promise<void> {
    this.calls.push(name)
    await this.during.get(name)?.()
    const failure = this.failing.get(name)
    if (failure !== undefined) throw new Error(failure)
    change()
    await this.during.get(`after ${name}`)?.()
  }

  async folder(): Promise<DataFolder> {
    const { state, aside, room } = this
    return { path: '/data', state, aside, old: [...aside, ...this.kept].at(-1) ?? null, room, obstacles: [] }
  }
  async source() {
    return { bytes: MIB, transfer: MIB, obstacles: [] }
  }
  async settle() {}
  async setAside(keep: boolean) {
    await this.#call('set-aside', () => {
      if (this.state === 'whole') (keep ? this.kept : this.aside).push('/data.old')
      this.state = 'incomplete'
      this.data = 'nothing'
    })
    return '/data.old'
  }
  async fill() {
    await this.#call('fill')
  }
  async load(_order: unknown, watch: Parameters<Cloner['load']>[1]) {
    watch.onProgress({ what: 'copy', doneBytes: MIB, totalBytes: MIB, bytesPerSecond: MIB, leftSeconds: 0 })
    await this.#call('load')
  }
  async complete() {
    await this.#call('complete', () => {
      this.state = 'whole'
      this.data = 'copy'
    })
  }
  async putBack() {
    await this.#call('put-back', () => {
      this.state = 'whole'
      this.data = 'old'
      this.aside = []
      this.kept = []
    })
  }
  async removeOld() {
    const removed = [...this.aside]
    await this.#call('remove-old', () => {
      this.aside = []
    })
    return removed
  }
}

describe('apmode reclone', () => {
  let driven: Driven | null = null
  afterEach(() => driven?.close())

  /** A standby that has something of its own, and does not follow. */
  const diverged = () => {
    const world = new World('host2').running(false)
    world.database.replication = null
    world.database.binlogState = '0-1-5,0-2-6'
    world.database.binlogPosition = '0-2-6'
    return world
  }
  const prepare = async (world: World, disk = new Disk(), back: Partial<CommandResult> = {}) => {
    driven = await drive(world)
    const { supervisor } = driven
    const told: Progress[] = []
    const rejoin = async () => {
      disk.calls.push(`rejoin (${supervisor.settler.withdrawal?.stage ?? 'free'})`)
      return { exit: 0, sentence: 'it follows', done: [], notDone: [], ...back } as CommandResult
    }
    const reclone = new Reclone(supervisor, { cloner: disk, commands: new Commands(supervisor), rejoin })
    const run = (more = {}) => reclone.run({ ...REQUEST, ...more }, (progress) => told.push(progress))
    return { world, disk, supervisor, reclone, run, told }
  }

  test('keeps what only this machine has, replaces the data, comes back, and removes the old data last', async () => {
    const { world, disk, run, told } = await prepare(diverged())
    const result = await run()
    expect(result).toMatchObject({ exit: 0 })
    expect(disk.calls).toEqual(['set-aside', 'fill', 'load', 'complete', 'rejoin (free)', 'remove-old'])
    const order = ['keep-transactions', 'stop mariadb.service', 'start mariadb.service']
    expect(world.changes.filter((change) => order.includes(change))).toEqual(order)
    expect(told.some(({ type }) => type === 'progress')).toBe(true)
    expect(disk).toMatchObject({ state: 'whole', data: 'copy', aside: [] })
    expect(result.done.every(({ ok }) => ok)).toBe(true)
  })

  test('while the data is replaced the machine is unfit and follows nobody, also for the next supervisor', async () => {
    const { world, disk, supervisor, run } = await prepare(diverged())
    disk.during.set('load', async () => {
      await supervisor.refresh()
      expect(world.unfit).toBe(true)
      expect(world.saved?.cloning).toMatch(/being replaced/)
      expect(world.database.replication).toBeNull()
      // Another command that ends gives everything back.
      supervisor.settler.withdraw(null)
    })
    expect(await run()).toMatchObject({ exit: 0 })
    expect(world.saved?.cloning).toBeNull()
  })

  test('does not hold the queue while it copies, and a second one is refused', async () => {
    const { disk, supervisor, run } = await prepare(diverged())
    disk.during.set('load', async () => {
      expect(supervisor.queue.running).toBeNull()
      expect(await run()).toMatchObject({ exit: 3 })
    })
    expect(await run()).toMatchObject({ exit: 0 })
  })

  test('a machine in maintenance goes into the pair for it', async () => {
    const world = diverged()
    world.mode = { mode: 'm', being: null, problem: null }
    const { run, supervisor } = await prepare(world)
    expect(await run()).toMatchObject({ exit: 0 })
    expect(supervisor.settler.state.mode).toBe('ap')
  })

  test.each(['set-aside', 'fill', 'load', 'complete'])('what fails at %s is undone', async (name) => {
    const { world, disk, run } = await prepare(diverged())
    disk.failing.set(name, 'the disk says no')
    const result = await run()
    expect(result.exit).toBe(1)
    expect(result.sentence).toMatch(/the disk says no.*(the old data is back|the data was not touched)/)
    expect(disk).toMatchObject({ state: 'whole', data: 'old' })
    expect(world.saved?.cloning).toBeNull()
    expect(world.databaseRuns).toBe(true)
    disk.failing.clear()
    expect(await run()).toMatchObject({ exit: 0 })
  })

  test('where even that fails it stays out of the pair, and says that it can be run again', async () => {
    const { world, disk, run } = await prepare(diverged())
    disk.failing.set('load', 'the peer is gone')
    disk.failing.set('put-back', 'the disk says no')
    expect((await run()).sentence).toMatch(/the peer is gone.*could not be put back.*reclone again/)
    expect(world.saved?.cloning).toMatch(/being replaced/)
    disk.failing.clear()
    expect(await run()).toMatchObject({ exit: 0 })
  })

  test('an interrupted one is simply run again, and never asks half a copy for what it has', async () => {
    const world = diverged()
    if (world.saved !== null) world.saved = { ...world.saved, cloning: 'its data is being replaced' }
    const disk = new Disk()
    disk.state = 'incomplete'
    disk.aside = ['/data.old']
    const { run } = await prepare(world, disk)
    world.changes.length = 0
    expect(await run()).toMatchObject({ exit: 0 })
    expect(world.changes).not.toContain('keep-transactions')
    expect(disk).toMatchObject({ state: 'whole', data: 'copy', aside: [] })
  })

  test.each(['set-aside', 'fill', 'load', 'complete', 'remove-old'].flatMap((name) => [name, `after ${name}`]))(
    'killed at any moment (%s), run again it simply works',
    async (moment) => {
      const world = diverged()
      const first = await prepare(world)
      const { promise: there, resolve } = Promise.withResolvers<void>()
      first.disk.during.set(moment, () => {
        resolve()
        return new Promise(() => {})
      })
      void first.run()
      await there
      await driven?.close()
      first.disk.during.clear()
      if (moment.endsWith('remove-old')) {
        world.database.replication = following('192.168.33.101')
        world.database.binlogState = '0-1-5'
      }
      const again = await prepare(world, first.disk)
      const { exit } = await again.run()
      expect(exit === 0 || (moment === 'after remove-old' && exit === 3)).toBe(true)
      expect(again.disk).toMatchObject({ state: 'whole', data: 'copy', aside: [] })
      expect(world.saved?.cloning).toBeNull()
    },
  )

  test('an interrupted one that cannot go on is undone', async () => {
    const world = diverged()
    if (world.saved !== null) world.saved = { ...world.saved, cloning: 'its data is being replaced' }
    world.peer = { ...world.peer, reachable: false, writable: null, detail: 'silence' }
    const disk = new Disk()
    disk.state = 'incomplete'
    disk.aside = ['/data.old']
    const { run } = await prepare(world, disk)
    const result = await run()
    expect(result.exit).toBe(1)
    expect(result.sentence).toMatch(/host1 does not answer.*the old data is back/)
    expect(world.saved?.cloning).toBeNull()
  })

  test('refused, it touches nothing', async () => {
    const { world, disk, run, reclone } = await prepare(diverged())
    disk.room = MIB
    world.changes.length = 0
    expect(await run()).toMatchObject({ exit: 3, refusedBy: 'reclone' })
    expect((await reclone.plan(REQUEST)).refusal).toMatchObject({ exit: 3 })
    expect(disk.calls).toEqual([])
    expect(world.changes).toEqual([])
    expect(world.saved?.cloning).toBeNull()
  })

  test('its plan changes nothing', async () => {
    const { world, disk, reclone } = await prepare(diverged())
    world.changes.length = 0
    const { steps, refusal } = await reclone.plan(REQUEST)
    expect(refusal).toBeNull()
    expect(steps.length).toBeGreaterThan(5)
    expect(disk.calls).toEqual([])
    expect(world.changes).toEqual([])
  })

  test('a database that does not start ends it, unless a person says otherwise', async () => {
    const world = diverged()
    world.unit('mariadb.service').active = 'failed'
    world.failing.set('start mariadb.service', 'it is broken')
    const { disk, run } = await prepare(world)
    const result = await run()
    expect(result.exit).toBe(1)
    expect(result.sentence).toMatch(/it is broken.*--force/)
    expect(disk.calls).toEqual([])
    disk.during.set('set-aside', () => void world.failing.clear())
    expect(await run({ force: true })).toMatchObject({ exit: 0 })
  })

  test('what cannot be kept in a file ends it, unless the old data is kept', async () => {
    const world = diverged()
    world.failing.set('keep-transactions', 'the binary log is gone')
    const { disk, run } = await prepare(world)
    expect((await run()).sentence).toMatch(/the binary log is gone.*--keep-old/)
    expect(disk.calls).toEqual([])
    expect(await run({ keepOld: true })).toMatchObject({ exit: 0 })
    expect(disk).toMatchObject({ aside: [], kept: ['/data.old'] })
  })

  test('the old data stays until the new one follows', async () => {
    const { disk, run } = await prepare(diverged(), new Disk(), { exit: 1, sentence: 'it does not catch up' })
    const result = await run()
    expect(result.exit).toBe(1)
    expect(result.sentence).toMatch(/the copy is whole, but it does not catch up; the old data is in/)
    expect(disk.aside).toEqual(['/data.old'])
  })

  test('run again on a machine that follows, it removes what an earlier run has left', async () => {
    const disk = new Disk()
    disk.aside = ['/data.old']
    const { run } = await prepare(new World('host2').running(false), disk)
    expect(await run()).toMatchObject({ exit: 0 })
    expect(disk.calls).toEqual(['remove-old'])
    expect(await run()).toMatchObject({ exit: 3 })
  })
})
