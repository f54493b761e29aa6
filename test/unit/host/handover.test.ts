import { describe, expect, test } from 'vitest'
import type { Progress } from '../../../src/ports/control.ts'
import { type Driven, oneAtATime, quiet } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

const on = oneAtATime()

const holder = (takesOver = true) => {
  const world = new World().running(true).beside(takesOver)
  world.peer = { ...world.peer, lead: { epoch: 1, node: 'host1', at: '', reason: '', gtid: '' } }
  return world
}

const order = { kill: false, timeoutMs: null } as const
const inPair = { mode: 'ap', role: 'standby' } as const

describe('handover', () => {
  test('fences, offers the lead, follows the peer, lets the VIP go, and stands by once the peer accepts writes', async () => {
    const world = holder()
    const it = await on(world)
    const result = await it.control.handover(order, quiet)
    expect(result).toMatchObject({ exit: 0, notDone: [] })
    expect(world.changes).toEqual([
      'fence',
      'record-lead',
      'wait-for-peer',
      'follow',
      'unfit',
      'stop mailer.service',
      'fit',
    ])
    expect(it.supervisor.settler.state).toMatchObject(inPair)
    expect(world.mode.mode).toBe('ap')
  })

  test('is one line of the history', async () => {
    const world = holder()
    const it = await on(world)
    await it.control.handover(order, quiet)
    await it.idle()
    const lines = world.history.filter(({ event }) => event === 'handover')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.steps.map(({ step }) => step)).toEqual([
      'fence',
      'offer-lead',
      'wait-for-peer',
      'follow',
      'declare-unfit',
      'stop-unit',
      'declare-fit',
    ])
  })

  test('shows its steps while it works', async () => {
    const world = holder()
    const it = await on(world)
    const told: Progress[] = []
    await it.control.handover(order, (progress) => told.push(progress))
    expect(told.filter(({ type }) => type === 'step').length).toBe(7)
  })

  test('the FAULT and BACKUP that it asks keepalived for do not throw the machine out of the pair', async () => {
    const world = holder()
    const it = await on(world)
    world.onChange = withWords(world, it)
    await it.control.handover(order, quiet)
    await it.idle()
    expect(it.supervisor.settler.state).toEqual({ ...inPair, vrrp: 'backup' })
    expect(world.changes).not.toContain('stop keepalived.service')
  })

  test.each([
    ['fence', ['fence']],
    ['record-lead', ['fence', 'record-lead']],
    ['wait-for-peer', ['fence', 'record-lead', 'wait-for-peer']],
    ['follow', ['fence', 'record-lead', 'wait-for-peer', 'follow']],
  ])('is undone when %s fails: this machine accepts writes, and keeps the VIP', async (step) => {
    const world = holder()
    const it = await on(world)
    world.failing.set(step, 'made to fail')
    let failed = false
    const changed = world.onChange
    world.onChange = (change) => {
      changed(change)
      if (change === step) failed = true
    }
    world.before.set(step, () => {
      if (failed) return
      failed = true
      setTimeout(() => world.failing.clear(), 5)
    })
    const result = await it.control.handover(order, quiet)
    expect(result.exit).toBe(1)
    expect(result.sentence).toContain('this machine accepts writes again')
    expect(world.acceptsWrites).toBe(true)
    expect(world.changes).not.toContain('unfit')
    expect(world.changes.some((change) => change.startsWith('kill'))).toBe(false)
  })

  test('is undone when the peer does not accept writes in time, and the lead is taken back in the table', async () => {
    const world = holder(false)
    const it = await on(world)
    const result = await it.control.handover({ kill: false, timeoutMs: 200 }, quiet)
    expect(result.exit).toBe(1)
    expect(result.sentence).toContain('host2 did not accept writes in time; this machine accepts writes again')
    expect(world.acceptsWrites).toBe(true)
    expect(world.unfit).toBe(false)
    expect(world.database.lead?.reason).toBe('handover undone')
    expect(it.supervisor.settler.state).toEqual({ mode: 'ap', role: 'active', vrrp: 'master' })
  })

  test.each<[string, (world: World) => unknown]>([
    ['the database of host2 does not answer', (world) => peer(world, { reachable: false })],
    ['host2 does not replicate from this machine', (world) => Object.assign(world.database, { replicas: [] })],
    ['the supervisor of host2 is not connected', (world) => Object.assign(world, { heardMs: null })],
    ['the supervisor of host2 has said nothing for 9 s', (world) => Object.assign(world, { heardMs: 9_000 })],
    ['host2 has not said how it is', (world) => presence(world, null)],
    ['host2 is unfit: its API is down', (world) => presence(world, { fit: false, reasons: 'its API is down' })],
    ['keepalived of host2 is in state stop', (world) => presence(world, { vrrp: 'stop' })],
    ['host2 is in mode m', (world) => presence(world, { mode: 'm' })],
    ['apmode.toml is not the same on both machines', (world) => presence(world, { configuration: 'other' })],
    ['host2 is 30 s behind', (world) => replication(world, { lagSeconds: 30 })],
    ['replication of host2 stopped with error 1062', (world) => replication(world, { errno: 1062, sql: false })],
    ['replication of host2 does not run (IO No', (world) => replication(world, { io: 'No' })],
    ['only host2 has 0-2-', (world) => peer(world, { binlogState: '0-1-5,0-2-9' })],
    ['a transaction is open (--kill ends it)', (world) => void world.obstacles.push(obstacle)],
  ])('is refused, nothing is touched: %s', async (why, make) => {
    const world = holder()
    const it = await on(world)
    make(world)
    const result = await it.control.handover(order, quiet)
    expect(result).toMatchObject({ exit: 3, refusedBy: 'handover', done: [] })
    expect(result.sentence).toContain(why)
    expect(world.changes).toEqual([])
    expect(world.acceptsWrites).toBe(true)
  })

  test('a peer that falls silent on the way is given up after a second of it, not at the end of the time limit', async () => {
    const world = holder()
    const it = await on(world)
    world.onChange = (change) => {
      if (change === 'wait-for-peer') world.peer = { ...world.peer, reachable: false, refused: true, writable: null }
    }
    const result = await it.control.handover(order, quiet)
    await it.idle()
    expect([result.exit, world.acceptsWrites]).toEqual([1, true])
    expect(world.history.find(({ event }) => event === 'handover')?.ms).toBeLessThan(3000)
  })

  test('what the peer says of itself may be a moment old: it is asked for again before a refusal', async () => {
    const world = holder()
    const it = await on(world)
    const well = world.details
    presence(world, { vrrp: 'fault', fit: false, reasons: 'its API is down' })
    const ill = world.details
    let asked = 0
    Object.defineProperty(world, 'details', { get: () => (asked++ < 3 ? ill : well) })
    expect(await it.control.handover(order, quiet)).toMatchObject({ exit: 0 })
  })

  test('--kill goes over an obstacle', async () => {
    const world = holder()
    world.obstacles.push(obstacle)
    const it = await on(world)
    expect((await it.control.handover({ kill: true, timeoutMs: null }, quiet)).exit).toBe(0)
  })

  test('on the standby it says where to run it', async () => {
    const it = await on(new World('host2').running(false))
    const result = await it.control.handover(order, quiet)
    expect(result).toMatchObject({ exit: 3 })
    expect(result.sentence).toContain('host1 serves: run it there')
  })

  test('a standby to which the lead is offered stays in ap and becomes the active one', async () => {
    const world = new World('host2').running(false)
    const it = await on(world)
    world.database.lead = { epoch: 2, node: 'host1', at: '', reason: 'handover: offered to host2', gtid: '' }
    world.peer = { ...world.peer, writable: false, lead: world.database.lead }
    world.vip = true
    it.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
    await it.idle()
    expect(it.supervisor.settler.state).toEqual({ mode: 'ap', role: 'active', vrrp: 'master' })
    expect(world.acceptsWrites).toBe(true)
    expect(world.database.lead?.reason).toBe('handover from host1')
  })

  test('a standby to which the lead is offered for maintenance goes to s, as after a failover', async () => {
    const world = new World('host2').running(false)
    const it = await on(world)
    world.database.lead = { epoch: 2, node: 'host1', at: '', reason: 'maintenance: offered to host2', gtid: '' }
    world.peer = { ...world.peer, writable: false, lead: world.database.lead }
    world.vip = true
    it.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
    await it.idle()
    expect(it.supervisor.settler.state.mode).toBe('s')
    expect(world.database.lead?.reason).toBe('maintenance from host1')
  })
})

describe('set m on the machine that serves', () => {
  test('hands the lead over first, and then goes to m, still following', async () => {
    const world = holder()
    const it = await on(world)
    const result = await it.control.set({ mode: 'm', now: false, force: false }, quiet)
    expect(result.exit).toBe(0)
    expect(world.mode.mode).toBe('m')
    expect(world.changes.indexOf('fit')).toBeLessThan(world.changes.indexOf('being m'))
    expect(world.database.replication).not.toBeNull()
  })

  test('is refused when nobody could serve instead, and --force goes all the same', async () => {
    const world = holder()
    world.heardMs = null
    const it = await on(world)
    const result = await it.control.set({ mode: 'm', now: false, force: false }, quiet)
    expect(result).toMatchObject({ exit: 3, refusedBy: 'handover' })
    expect(result.sentence).toContain('apmode set m --force goes all the same')
    expect(world.changes).toEqual([])
    expect((await it.control.set({ mode: 'm', now: false, force: true }, quiet)).exit).toBe(0)
    expect(world.mode.mode).toBe('m')
  })

  test('does not hand over when the mode cannot be saved', async () => {
    const world = holder()
    const it = await on(world)
    world.modeWriteFails = true
    const result = await it.control.set({ mode: 'm', now: false, force: false }, quiet)
    expect(result.exit).toBe(1)
    expect(world.changes).toEqual([])
  })
})

describe('set ap on the survivor', () => {
  test('is refused while the peer is not attached, and --force goes all the same', async () => {
    const world = new World().running(true)
    world.mode = { mode: 's', being: null, problem: null }
    world.database.replicas = []
    const it = await on(world)
    const result = await it.control.set({ mode: 'ap', now: false, force: false }, quiet)
    expect(result).toMatchObject({ exit: 3, refusedBy: 'pair' })
    expect(result.sentence).toContain('apmode rejoin on host2 first')
    expect((await it.control.set({ mode: 'ap', now: false, force: true }, quiet)).exit).toBe(0)
  })
})

const obstacle = {
  kind: 'transaction',
  thread: 1,
  user: 'app',
  host: '',
  ms: 30_000,
  sentence: 'a transaction is open',
} as const

type Said = NonNullable<NonNullable<World['details']>['presence']>
type Replicates = NonNullable<NonNullable<World['details']>['replication']>

function peer(world: World, change: Partial<World['peer']>): void {
  world.peer = { ...world.peer, ...change }
}

function presence(world: World, change: Partial<Said> | null): void {
  const { details } = world
  if (details?.presence == null) return
  world.details = { ...details, presence: change === null ? null : { ...details.presence, ...change } }
}

function replication(world: World, change: Partial<Replicates>): void {
  const { details } = world
  if (details?.replication == null) return
  world.details = { ...details, replication: { ...details.replication, ...change } }
}

/** keepalived's words after each change of the tracked file. */
function withWords(world: World, it: Driven): (change: string) => void {
  const changed = world.onChange
  return (change) => {
    changed(change)
    if (change === 'unfit') it.supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
    if (change === 'fit') it.supervisor.hear({ state: 'backup', instance: 'VI_1', source: 'fifo' })
  }
}
