import { describe, expect, test } from 'vitest'
import { type Driven, drive, quiet } from '../../fakes/driven.ts'
import { Killed, World } from '../../fakes/world.ts'

/**
 * The supervisor is killed after every change that a plan makes; a new one starts on the same world. The posture is
 * reached, and at no change was the database writable where this machine does not carry the VIP.
 */
interface Plan {
  readonly name: string
  world(): World
  begin(world: World, driven: Driven): Promise<unknown>
  reached(world: World): void
}

const failover: Plan = {
  name: 'failover on the standby',
  world: () => new World('host2').running(false),
  begin: async (world, { supervisor, idle }) => {
    world.vip = true
    world.peer = { ...world.peer, reachable: false, writable: null }
    supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
    await idle()
  },
  reached: (world) => {
    expect(world.mode).toEqual({ mode: 's', being: null, problem: null })
    expect(world.acceptsWrites).toBe(true)
    expect(world.database.replication).toBeNull()
    expect(world.unit('ap.service').file).toBe('enabled')
  },
}

/** Every hook is asked again by the next supervisor, and the promotion is finished. */
const askedFailover: Plan = {
  ...failover,
  name: 'failover on the standby, with hooks',
  world: () => {
    const world = failover.world()
    const agrees = async () => undefined
    world.hooks = { '10-a': agrees, '20-b': agrees }
    return world
  },
}

const fallOut: Plan = {
  name: 'FAULT on the active machine',
  world: () => new World().running(true),
  begin: async (world, { supervisor, idle }) => {
    world.vip = false
    world.carrier = false
    supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
    await idle()
  },
  reached: (world) => {
    expect(world.mode).toEqual({ mode: 'm', being: null, problem: null })
    expect(world.acceptsWrites).toBe(false)
    expect(world.unit('keepalived.service')).toMatchObject({ active: 'inactive', file: 'masked' })
  },
}

const command = (mode: 'ap' | 'm' | 's', prepare: (world: World) => World, reached: Plan['reached']): Plan => ({
  name: `set ${mode}`,
  world: () => prepare(new World().running(true)),
  begin: (_world, { control }) => control.set({ mode, now: false, force: true }, quiet),
  reached: (world) => {
    expect(world.mode).toEqual({ mode, being: null, problem: null })
    reached(world)
  },
})

const PLANS: readonly Plan[] = [
  failover,
  askedFailover,
  fallOut,
  command('m', (world) => world, fallOut.reached),
  command(
    's',
    (world) => world,
    (world) => {
      expect(world.acceptsWrites).toBe(true)
      expect(world.unit('ap.service').file).toBe('enabled')
    },
  ),
  command(
    'ap',
    (world) => {
      world.mode = { mode: 's', being: null, problem: null }
      world.unit('ap.service').file = 'enabled'
      return world
    },
    (world) => {
      expect(world.acceptsWrites).toBe(true)
      expect(world.unit('ap.service').file).toBe('disabled')
    },
  ),
]

async function changesOf(plan: Plan): Promise<number> {
  const world = plan.world()
  const driven = await drive(world)
  const before = world.changes.length
  await plan.begin(world, driven)
  await driven.close()
  plan.reached(world)
  return world.changes.length - before
}

describe.each(PLANS)('killed after each step of $name', (plan) => {
  test('the next start finishes what was begun, and never is a machine without the VIP writable', async () => {
    const count = await changesOf(plan)
    expect(count).toBeGreaterThan(1)
    for (let at = 1; at <= count; at += 1) {
      const world = plan.world()
      const driven = await drive(world)
      let left = at
      world.onChange = (change) => {
        if (world.acceptsWrites && !world.vip) expect(['fence', 'unfit', `being m`]).toContain(change)
        left -= 1
        if (left > 0) return
        world.dead = true
        throw new Killed(change)
      }
      const begun = plan.begin(world, driven).catch(() => {})
      await Promise.race([begun, driven.idle()])
      await driven.close()
      world.onChange = () => {}
      world.dead = false
      const next = await drive(world)
      next.supervisor.check('again', 'test')
      await next.idle()
      await next.close()
      plan.reached(world)
    }
  })
})
