import { describe, expect, test } from 'vitest'
import { servingOf } from '../../../src/core/serving.ts'
import { START_TRIES } from '../../../src/core/starting.ts'
import { START_STEADY_MS, START_WINDOW_MS, startWindowOf, VIP_SILENT_MS } from '../../../src/host/pace.ts'
import { type Seen, Starts } from '../../../src/host/starts.ts'
import { type Driven, drive, quiet } from '../../fakes/driven.ts'
import { following, World } from '../../fakes/world.ts'

const UNIT = 'mailer.service'
const NEVER = Number.NEGATIVE_INFINITY
const seen = (active: Seen['active'], more: Partial<Seen> = {}): Seen => {
  return { name: UNIT, active, sub: '', trouble: null, checkWithinMs: 0, ...more }
}
const triesOf = (starts: Starts, now: number) => starts.at(now).failures.map(({ tries }) => tries)

describe('starts in vain', () => {
  test('are counted in a row; a unit that has run for a while has started', () => {
    const starts = new Starts()
    starts.failed(UNIT, 'no', 0)
    starts.started(UNIT, 1000)
    starts.saw(seen('active'), 1000 + START_STEADY_MS - 1)
    expect(triesOf(starts, 0)).toEqual([1])
    starts.saw(seen('active'), 1000 + START_STEADY_MS)
    expect(starts.at(0).failures).toEqual([])
  })

  test.each([
    ['that falls over', seen('failed')],
    ['that systemd starts again and again', seen('activating', { sub: 'auto-restart' })],
    ['whose check fails', seen('active', { trouble: 'it does not answer' })],
  ])('one %s soon after its start counts, and moves the VIP all the same', (_name, sight) => {
    const starts = new Starts()
    starts.started(UNIT, 0)
    starts.saw(sight, 100)
    expect(starts.at(100).failures).toMatchObject([{ unit: UNIT, tries: 1, inPlace: false }])
    // Once for each start.
    starts.saw(sight, 200)
    expect(triesOf(starts, 200)).toEqual([1])
  })

  test('one that apmode stopped, or that ran for long, is no start in vain', () => {
    const starts = new Starts()
    starts.started(UNIT, 0)
    starts.stopped(UNIT)
    starts.saw(seen('failed'), 100)
    expect(starts.at(100).failures).toEqual([])
    // Nobody looked in between.
    starts.started(UNIT, 1000)
    starts.saw(seen('failed'), 1000 + START_STEADY_MS)
    expect(starts.at(9000).failures).toEqual([])
  })

  test('a single one is forgotten after a while; what was given up waits for a person', () => {
    const starts = new Starts()
    starts.failed(UNIT, 'no', 0)
    starts.vip(true, NEVER, START_WINDOW_MS + 1)
    expect(starts.at(0).failures).toEqual([])
    starts.failed(UNIT, 'no', 0)
    starts.failed(UNIT, 'no', 0)
    starts.vip(true, NEVER, START_WINDOW_MS + 1)
    expect(starts.gaveUp).toBe(true)
    starts.forget()
    expect(starts.at(0).failures).toEqual([])
  })

  test('a machine that takes the VIP back remembers a try for longer than that takes', () => {
    const { config } = new World('host1', 'none')
    const windowOf = (preempt: boolean, preemptDelay: number) =>
      startWindowOf({ ...config, node: { ...config.node, preempt }, vrrp: { ...config.vrrp, preemptDelay } })
    expect([windowOf(false, 900), windowOf(true, 60), windowOf(true, 1000)]).toEqual([
      START_WINDOW_MS,
      START_WINDOW_MS,
      3_000_000,
    ])
    const starts = new Starts(windowOf(true, 900))
    starts.failed(UNIT, 'no', 0, false)
    // The VIP comes back, and the unit ends soon after its start again.
    starts.vip(true, NEVER, 905_000)
    starts.failed(UNIT, 'no', 905_000, false)
    expect(starts.gaveUp).toBe(true)
  })

  test('the supervisor takes that time from its configuration', async () => {
    const world = new World('host1', 'none')
    const { config } = world
    const node = { ...config.node, preempt: true }
    Object.assign(world, { config: { ...config, node, vrrp: { ...config.vrrp, preemptDelay: 900 } } })
    const it = await drive(world.running(false))
    const { starts } = it.supervisor.settler.observer.memory
    starts.failed(UNIT, 'no', 0, false)
    starts.vip(true, NEVER, 905_000)
    expect(triesOf(starts, 905_000)).toEqual([1])
    await it.close()
  })

  test('nobody else carries the VIP when it has not answered for a while since it left', () => {
    const starts = new Starts()
    for (let n = 0; n < START_TRIES; n += 1) starts.failed(UNIT, 'no', 0)
    const nobodyElse = () => starts.at(0).nobodyElse
    starts.vip(true, 90, 100)
    starts.vip(false, 100, 100)
    starts.vip(false, 100, 100 + VIP_SILENT_MS - 1)
    expect(nobodyElse()).toBe(false)
    starts.vip(false, 100, 100 + VIP_SILENT_MS)
    expect(nobodyElse()).toBe(true)
    // It takes the VIP, and keeps it.
    starts.vip(true, 5000, 5000)
    expect(nobodyElse()).toBe(true)
    starts.vip(false, 6000, 6000)
    starts.vip(false, 6100, 6200)
    expect(nobodyElse()).toBe(false)
  })
})

/** The VIP comes to a machine on which the mailer does not start, until `broken` is taken away. */
async function comesTo(world: World, it: Driven): Promise<void> {
  world.failing.set(`start ${UNIT}`, 'its result is exit-code')
  world.vip = true
  it.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
  await it.idle()
}
const unfit = (it: Driven) => it.supervisor.settler.last?.judgement.unfit.join() ?? ''
const said = async (it: Driven) => {
  const { reasons, problems } = await it.control.status()
  return [...reasons, ...problems].filter((sentence) => sentence.includes('does not start')).join()
}

/** keepalived's answer to an unfit machine. */
async function leaves(world: World, it: Driven): Promise<void> {
  world.vip = false
  it.supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
  await it.idle()
}

describe('a machine without a database on which a unit of the holder does not start', () => {
  test('tries twice, then leaves the VIP, stays in the pair, says so, and tries again at a person’s word', async () => {
    const world = new World('host1', 'none').running(false)
    let tries = 0
    world.before.set(`start ${UNIT}`, () => {
      tries += 1
      world.unit(UNIT).active = 'failed'
    })
    const it = await drive(world)
    await comesTo(world, it)
    expect([tries, world.unfit]).toEqual([1, false])
    await expect.poll(() => world.unfit, { timeout: 5000 }).toBe(true)
    await leaves(world, it)
    // Somebody else carries it: it stays out, however long that lasts.
    world.vipAnsweredAt = Number.POSITIVE_INFINITY
    it.supervisor.check('later', 'test')
    await it.idle()
    expect([tries, world.unfit, world.mode.mode]).toEqual([START_TRIES, true, 'ap'])
    expect(unfit(it)).toContain(
      `${UNIT} does not start here (2 tries; its result is exit-code): mend it, then apmode start`,
    )
    expect(await said(it)).toContain(`${UNIT} does not start here`)
    expect((await it.control.status()).next?.command).toBe('apmode start')
    world.failing.clear()
    await it.control.units('start', quiet)
    expect([world.unfit, await said(it)]).toEqual([false, ''])
    await it.close()
  })

  test('takes the VIP again when nobody else carries it, and serves the rest without another try', async () => {
    const world = new World('host1', 'none').running(false)
    let tries = 0
    world.before.set(`start ${UNIT}`, () => {
      tries += 1
    })
    const it = await drive(world)
    await comesTo(world, it)
    await expect.poll(() => world.unfit, { timeout: 5000 }).toBe(true)
    await leaves(world, it)
    await world.parts().clock.sleep(VIP_SILENT_MS)
    it.supervisor.check('later', 'test')
    await it.idle()
    expect(world.unfit).toBe(false)
    const before = it.supervisor.settler.last?.judgement.unfit
    await comesTo(world, it)
    await it.idle()
    expect([before, world.unfit, tries]).toEqual([[], false, START_TRIES])
    expect(it.supervisor.settler.last?.judgement.holds.join()).toContain(`${UNIT} does not start here`)
    const status = it.control.known()
    expect(status.units).toMatchObject([{ givenUp: false }, { name: UNIT, runs: 'holder', givenUp: true }, {}])
    expect(status).toMatchObject({ holder: true, fit: true, vrrp: 'master' })
    const facts = { status, alive: it.control.alive(), hasDatabase: false }
    expect([servingOf('/primary', facts).ok, servingOf('/readiness', facts).ok]).toEqual([false, false])
    await it.close()
  })

  test.each(['failed', 'deactivating'] as const)(
    'a unit that ran falls over (%s): that moves the VIP at once, and it is not started again here',
    async (active) => {
      const world = new World('host1', 'none').running(true)
      const it = await drive(world)
      world.becomes(UNIT, active)
      await it.idle()
      expect([unfit(it), world.unit(UNIT).active]).toEqual([`${UNIT} is ${active}`, active])
      await it.close()
    },
  )
})

test('what failed at an earlier time is started where the VIP comes: it moves nothing', async () => {
  const world = new World('host1', 'none').running(false)
  world.unit(UNIT).active = 'failed'
  const it = await drive(world)
  world.vip = true
  it.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
  await it.idle()
  expect([world.unit(UNIT).active, world.changes.includes('unfit')]).toEqual(['active', false])
  await it.close()
})

describe('a machine with a database on which a unit of the holder does not start', () => {
  test('is left for its replica, and falls into no maintenance', async () => {
    const world = new World('host1').running(true)
    world.unit(UNIT).active = 'inactive'
    world.failing.set(`start ${UNIT}`, 'its result is exit-code')
    const it = await drive(world)
    await comesTo(world, it)
    await expect.poll(() => world.unfit, { timeout: 5000 }).toBe(true)
    await leaves(world, it)
    expect(world.mode.mode).toBe('ap')
    await it.close()
  })

  test('is kept where no replica is attached: its data is served, and the unit is not', async () => {
    const world = new World('host1').running(true)
    world.database.replicas = []
    world.peer = { ...world.peer, reachable: false, writable: null, lead: null, leadKnown: false }
    world.unit(UNIT).active = 'inactive'
    world.failing.set(`start ${UNIT}`, 'its result is exit-code')
    const it = await drive(world)
    await comesTo(world, it)
    await expect.poll(() => said(it), { timeout: 5000 }).toContain(`${UNIT} does not start here`)
    expect([world.unfit, world.acceptsWrites]).toEqual([false, true])
    await it.close()
  })

  test('alone (s) it goes on trying: nothing moves for it', async () => {
    const world = new World('host2').running(false)
    world.database.replication = following('192.168.33.101')
    world.running(true)
    world.mode = { mode: 's', being: null, problem: null }
    world.unit(UNIT).active = 'inactive'
    world.failing.set(`start ${UNIT}`, 'its result is exit-code')
    let tries = 0
    world.before.set(`start ${UNIT}`, () => {
      tries += 1
    })
    const it = await drive(world)
    await comesTo(world, it)
    await expect.poll(() => tries, { timeout: 5000 }).toBeGreaterThan(START_TRIES)
    expect([world.unfit, await said(it)]).toEqual([false, ''])
    await it.close()
  })
})

describe('a holder whose keepalived dies', () => {
  const preferred = () => {
    const world = new World('host1', 'none').running(true)
    const home = world.config.nodes.map((one) => ({ ...one, preempt: one.name === 'host1' }))
    return Object.assign(world, { config: { ...world.config, nodes: home } })
  }
  const alone = (engine: 'none' | 'mariadb') => {
    const world = new World('host1', engine).running(true)
    world.mode = { mode: 's', being: null, problem: null }
    return world
  }

  test.each([
    ['of a machine that is preferred', preferred],
    ['alone, without a database', () => alone('none')],
    ['alone, with a database', () => alone('mariadb')],
  ])(
    '%s: where it does not start again, its units are stopped, for another machine may run them',
    async (_name, of) => {
      const world = of()
      const mode = world.mode.mode
      world.before.set('start keepalived.service', () => {
        world.unit('keepalived.service').active = 'failed'
      })
      world.failing.set('start keepalived.service', 'its result is exit-code')
      const it = await drive(world)
      world.becomes('keepalived.service', 'failed')
      await it.idle()
      // It may come back at once.
      expect([world.vip, world.unit(UNIT).active]).toEqual([false, 'active'])
      await expect.poll(() => world.unit(UNIT).active, { timeout: 5000 }).toBe('inactive')
      expect(world.mode.mode).toBe(mode)
      await it.close()
    },
  )

  test('and is back at once: nothing is stopped for that', async () => {
    const world = preferred()
    const it = await drive(world)
    world.becomes('keepalived.service', 'failed')
    await it.idle()
    expect([world.unit('keepalived.service').active, world.changes.includes(`stop ${UNIT}`)]).toEqual(['active', false])
    world.vip = true
    it.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
    await it.idle()
    // Another time, as the first.
    world.becomes('keepalived.service', 'failed')
    await it.idle()
    expect(world.changes.includes(`stop ${UNIT}`)).toBe(false)
    await it.close()
  })
})

describe('where a node has preempt', () => {
  const lent = (node: 'host1' | 'host2') => {
    const world = new World(node, 'none')
    const home = world.config.nodes.map((one) => ({ ...one, preempt: one.name === 'host1' }))
    return Object.assign(world, { config: { ...world.config, nodes: home } })
  }

  test.each(['fault', 'stop'] as const)('the machine that loses the VIP by %s stays in the pair', async (state) => {
    const world = lent('host1').running(true)
    const it = await drive(world)
    world.vip = false
    if (state === 'fault') world.carrier = false
    else world.becomes('keepalived.service', 'failed')
    it.supervisor.hear({ state, instance: 'VI_1', source: 'fifo' })
    await it.idle()
    expect(world.mode.mode).toBe('ap')
    await it.close()
  })

  test('the machine that takes it stays in the pair too: it gives it back', async () => {
    const world = lent('host2').running(false)
    const it = await drive(world)
    world.vip = true
    it.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
    await it.idle()
    expect([world.mode.mode, world.unit(UNIT).active]).toEqual(['ap', 'active'])
    world.vip = false
    it.supervisor.hear({ state: 'backup', instance: 'VI_1', source: 'fifo' })
    await it.idle()
    expect([world.mode.mode, world.unit(UNIT).active]).toEqual(['ap', 'inactive'])
    await it.close()
  })
})
