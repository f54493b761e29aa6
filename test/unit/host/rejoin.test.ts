import { expect, test } from 'vitest'
import type { Progress } from '../../../src/ports/control.ts'
import { oneAtATime, quiet } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

const on = oneAtATime()

/** host1 failed, is in maintenance with everything down; host2 serves in s. */
function fallen(): World {
  const world = new World().running(false).beside(false)
  const lead = { epoch: 2, node: 'host2', at: '', reason: 'failover (master)', gtid: '' }
  for (const { name } of world.config.units) Object.assign(world.unit(name), { active: 'inactive', file: 'masked' })
  world.mode = { mode: 'm', being: null, problem: null }
  world.saved = { role: 'active', peerAttachedAt: null, claim: 'shared', cloning: null }
  world.database.lead = lead
  world.database.replication = null
  world.database.replicas = []
  world.peer = { ...world.peer, writable: true, commitsWithPeer: true, lead }
  const presence = world.details?.presence
  if (world.details !== null && presence != null)
    world.details = { ...world.details, presence: { ...presence, mode: 's' } }
  return world
}

const order = { force: false, timeoutMs: 5_000 } as const

test('starts the database as a replica, follows, has everything, starts the rest, and says what is left to do', async () => {
  const world = fallen()
  const it = await on(world)
  const told: Progress[] = []
  const result = await it.control.rejoin(order, (progress) => told.push(progress))
  expect(result, result.sentence).toMatchObject({ exit: 0 })
  expect(result.sentence).toContain('now, on host2: apmode set ap')
  const inOrder = ['start mariadb.service', 'follow', 'start nginx.service', 'start keepalived.service']
  expect(world.changes.filter((change) => inOrder.includes(change))).toEqual(inOrder)
  expect(world.mode.mode).toBe('ap')
  expect(it.supervisor.settler.state.role).toBe('standby')
  expect(told.some(({ type }) => type === 'progress')).toBe(true)
})

test.each<[string, (world: World) => unknown]>([
  ['the database of host2 does not answer', (world) => peer(world, { reachable: false, writable: null })],
  ['the database of host2 does not accept writes', (world) => peer(world, { writable: false })],
  ['apmode.toml is not the same on both machines', (world) => configuration(world, 'another')],
])('is refused, nothing is touched: %s', async (why, make) => {
  const world = fallen()
  make(world)
  const it = await on(world)
  const before = [...world.changes]
  const result = await it.control.rejoin(order, quiet)
  expect(result).toMatchObject({ exit: 3, refusedBy: 'rejoin' })
  expect(result.sentence).toContain(why)
  expect(world.changes).toEqual(before)
})

test('--force goes although the configuration is another one', async () => {
  const world = fallen()
  configuration(world, 'another')
  const it = await on(world)
  expect((await it.control.rejoin({ ...order, force: true }, quiet)).exit).toBe(0)
})

test('on the machine that serves it says where it belongs', async () => {
  const it = await on(new World().running(true))
  expect((await it.control.rejoin(order, quiet)).sentence).toContain('belongs on host2')
})

test('what only this machine has is found before anything is replicated over it, and reclone is named', async () => {
  const world = fallen()
  world.database.binlogState = '0-1-9'
  const it = await on(world)
  const result = await it.control.rejoin(order, quiet)
  expect(result.exit).toBe(1)
  expect(result.sentence).toMatch(/G6 diverged: only this machine has 0-1-6…9.*apmode reclone/)
  expect(world.changes).not.toContain('follow')
  expect(world.changes).not.toContain('start keepalived.service')
})

test('a primary that no longer has what is missing: reclone is named', async () => {
  const world = fallen()
  const it = await on(world)
  world.peer = { ...world.peer, binlogPosition: '0-1-900000' }
  world.onChange = (change) => {
    const { replication } = world.database
    if (change !== 'follow' || replication === null) return
    world.database.replication = { ...replication, io: 'No', errno: 1236, error: 'the log is gone' }
  }
  const result = await it.control.rejoin(order, quiet)
  expect(result.exit).toBe(1)
  expect(result.sentence).toContain('host2 has no longer what this machine lacks (error 1236): apmode reclone')
})

test('at its time limit it says how far it is, and goes on by itself', async () => {
  const world = fallen()
  const it = await on(world)
  world.peer = { ...world.peer, binlogPosition: '0-1-900000', commitsWithPeer: false }
  const result = await it.control.rejoin({ force: false, timeoutMs: 50 }, quiet)
  expect(result.exit).toBe(5)
  expect(result.sentence).toContain('transactions to go')
  expect(world.database.replication?.io).toBe('Yes')
  expect(world.unit('keepalived.service').active).toBe('inactive')
})

function peer(world: World, change: Partial<World['peer']>): void {
  world.peer = { ...world.peer, ...change }
}

function configuration(world: World, hash: string): void {
  const { details } = world
  if (details?.presence == null) return
  world.details = { ...details, presence: { ...details.presence, configuration: hash } }
}
