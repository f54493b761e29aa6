/** What load balancers are told while rights change: the answer turns before a right is taken, and after it was given. */
import { expect, test } from 'vitest'
import { servingOf } from '../../../src/core/serving.ts'
import type { VrrpEvent } from '../../../src/ports/vrrp.ts'
import { type Driven, oneAtATime, quiet } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

const on = oneAtATime()

const serves = ({ control }: Driven) =>
  servingOf('/primary', { status: control.known(), alive: control.alive(), hasDatabase: true }).ok
const heard = (state: VrrpEvent['state']): VrrpEvent => ({ state, instance: 'VI_1', source: 'fifo' })

test('/primary is a no from the moment in which writes begin to be taken away', async () => {
  const world = new World().running(true)
  const it = await on(world)
  expect(serves(it)).toBe(true)
  const seen: unknown[] = []
  world.before.set('fence', () => void seen.push([world.database.writable, serves(it)]))
  await it.control.set({ mode: 'm', now: false, force: true }, quiet)
  expect(seen[0]).toEqual([true, false])
  expect(serves(it)).toBe(false)
})

test('/primary is a no from the moment in which the VIP is gone, whatever the database says', async () => {
  const world = new World().running(true)
  const it = await on(world)
  world.vip = false
  expect(world.database.writable).toBe(true)
  expect(serves(it)).toBe(false)
})

test('/primary is a yes once writes are accepted, and not before', async () => {
  const world = new World('host2').running(false)
  const it = await on(world)
  world.vip = true
  world.peer = { ...world.peer, reachable: false, writable: null }
  const seen: unknown[] = []
  for (const step of ['drain', 'record-lead', 'allow-writes']) {
    world.before.set(step, () => void seen.push([step, serves(it)]))
  }
  world.before.set('forget-primary', () => void seen.push(['afterwards', serves(it)]))
  it.supervisor.hear(heard('master'))
  await it.idle()
  expect(seen).toEqual([
    ['drain', false],
    ['record-lead', false],
    ['allow-writes', false],
    ['afterwards', true],
  ])
})

test('what is known is told without the disk, the database and systemd', async () => {
  const world = new World().running(true)
  world.history.push({ at: '2026-01-01T00:00:00Z' } as (typeof world.history)[number])
  const parts = world.parts()
  let looks = 0
  const newest = (count: number) => {
    looks += 1
    return parts.history.newest(count)
  }
  const it = await on(Object.assign(world, { parts: () => ({ ...parts, history: { ...parts.history, newest } }) }))
  // As after a restart: nothing was decided yet.
  it.supervisor.settler.lastEntry = null
  const before = looks
  for (let n = 0; n < 10; n++) it.control.known()
  expect(looks).toBe(before)
})
