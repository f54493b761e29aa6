/** A supervisor of machines without a database: nothing waits for one, and nothing is said of one. */
import { expect, test, vi } from 'vitest'
import { type Driven, oneAtATime, quiet } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

const begin = oneAtATime()

async function on(world: World): Promise<Driven> {
  const driven = await begin(world)
  await driven.idle()
  return driven
}

const balancer = (vip: boolean) => {
  const world = new World(vip ? 'host1' : 'host2', 'none')
  for (const { name, runs } of world.config.units)
    Object.assign(world.unit(name), { active: runs === 'holder' && !vip ? 'inactive' : 'active', file: 'disabled' })
  world.vip = vip
  world.unfit = false
  world.mode = { mode: 'ap', being: null, problem: null }
  world.saved = { role: vip ? 'active' : 'standby', peerAttachedAt: null, claim: 'none', cloning: null }
  return world
}

const ABOUT_DATA = /database|replica|read-only|writes?\b|follow|fence/

test('that serves says nothing of writes, and nothing is known of a lead or of who is attached', async () => {
  const { control } = await on(balancer(true))
  const status = await control.status()
  expect(status).toMatchObject({ engine: 'none', writable: null, lead: null, gtid: null, replication: null, fit: true })
  expect(status).toMatchObject({ reasons: [], next: null, peer: { attached: null, writable: null } })
  expect(status.posture).toBe('member of the pair, carries the VIP: serves')
})

test('the active one that stands by waits for nobody', async () => {
  const world = balancer(false)
  world.saved = { role: 'active', peerAttachedAt: null, claim: 'none', cloning: null }
  const { control } = await on(world)
  expect(await control.status()).toMatchObject({ role: 'active', vrrp: 'backup', fit: true, reasons: [] })
})

test('a unit that reloads does not make it unfit, and nothing is decided', async () => {
  const world = balancer(true)
  const { control, idle } = await on(world)
  const before = [...world.changes]
  world.becomes('nginx.service', 'reloading')
  await idle()
  expect(await control.status()).toMatchObject({ fit: true, next: null })
  world.becomes('nginx.service', 'active')
  await idle()
  expect(world.changes).toEqual(before)
})

test('whose service dies is unfit at once, and says so without a word about data', async () => {
  const world = balancer(true)
  const { idle, control } = await on(world)
  world.becomes('nginx.service', 'failed')
  await idle()
  expect(world.unfit).toBe(true)
  const { reasons } = await control.status()
  expect(reasons).toContain('nginx.service is failed')
  expect(reasons.join()).not.toMatch(ABOUT_DATA)
})

test('rejoin brings it back as the standby: in ap, everything started, nothing waited for', async () => {
  const world = balancer(false)
  for (const { name } of world.config.units) Object.assign(world.unit(name), { active: 'inactive', file: 'masked' })
  world.mode = { mode: 'm', being: null, problem: null }
  world.saved = { role: 'active', peerAttachedAt: null, claim: 'none', cloning: null }
  const { control, supervisor } = await on(world)
  const plan = await control.plan({ command: 'rejoin', force: false })
  expect(plan.refusedBy).toBeNull()
  expect(JSON.stringify([plan.sentence, plan.checks, plan.steps, plan.posture])).not.toMatch(ABOUT_DATA)
  const result = await control.rejoin({ force: false, timeoutMs: 5_000 }, quiet)
  expect(result, result.sentence).toMatchObject({ exit: 0 })
  expect(result.sentence).not.toMatch(ABOUT_DATA)
  expect(world.changes).toEqual(expect.arrayContaining(['start nginx.service', 'start keepalived.service']))
  expect(world.mode.mode).toBe('ap')
  expect([supervisor.settler.state.role, world.saved.role]).toEqual(['standby', 'standby'])
})

test('that gets the VIP waits for a word of anybody, and gives no time for a fence', async () => {
  const world = balancer(false)
  Object.assign(world, { witness: true, othersAnswer: false })
  const { supervisor, idle, control } = await on(world)
  world.witnessAnsweredAt = world.parts().clock.elapsed()
  world.vip = true
  supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
  await idle()
  expect(supervisor.settler.last?.judgement.holds).toEqual([
    'G9 witness: no other machine answers, and no witness has since the VIP came',
  ])
  expect((await control.status()).reasons.join()).not.toMatch(/the peer is silent|fence/)
})

test('rejoin is refused where the VIP is', async () => {
  const { control } = await on(balancer(true))
  expect(await control.rejoin({ force: false, timeoutMs: null }, quiet)).toMatchObject({ exit: 3 })
})

test('handover says what moves the VIP instead', async () => {
  const { control } = await on(balancer(true))
  const result = await control.handover({ kill: false, timeoutMs: null }, quiet)
  expect(result).toMatchObject({ exit: 3, sentence: expect.stringContaining('apmode set m') })
})

test('a witness that is silent is no cut while the other machine answers; alone it is cut off, and stays in ap', async () => {
  const world = balancer(true)
  world.witness = false
  world.othersAnswer = true
  const { control, supervisor, idle } = await on(world)
  expect(await control.status()).toMatchObject({ fit: true, reasons: [] })
  world.othersAnswer = false
  await vi.waitFor(async () => expect((await control.status()).reasons.join()).toContain('G9 witness: cut off'))
  expect((await control.status()).reasons.join()).not.toMatch(ABOUT_DATA)
  expect(world.unfit).toBe(true)
  world.vip = false
  supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'notify' })
  await idle()
  expect(await control.status()).toMatchObject({ mode: 'ap', vrrp: 'fault' })
})
