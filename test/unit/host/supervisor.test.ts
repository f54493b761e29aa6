import { describe, expect, test } from 'vitest'
import type { VrrpEvent } from '../../../src/ports/vrrp.ts'
import { type Driven, drive, oneAtATime, quiet } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

const on = oneAtATime()

const heard = (state: VrrpEvent['state']): VrrpEvent => ({ state, instance: 'VI_1', source: 'fifo' })

async function hear(it: Driven, state: VrrpEvent['state']): Promise<void> {
  it.supervisor.hear(heard(state))
  await it.idle()
}

const standby = () => new World('host2').running(false)

/** keepalived gives this machine the VIP because the peer has gone. */
function peerGone(world: World): void {
  world.vip = true
  world.peer = { ...world.peer, reachable: false, writable: null }
}

describe('failover', () => {
  test('a standby that becomes MASTER drains, records the lead, and only then accepts writes, in mode s', async () => {
    const world = standby()
    const it = await on(world)
    peerGone(world)
    await hear(it, 'master')
    expect(world.changes).toEqual([
      'being s',
      'mode s',
      'drain',
      'stop-replication',
      'record-lead',
      'allow-writes',
      'forget-primary',
      // Side by side.
      'files',
      'start mailer.service',
    ])
    expect(world.mode).toEqual({ mode: 's', being: null, problem: null })
    expect(world.unit('ap.service').file).toBe('enabled')
    expect(it.supervisor.settler.state).toEqual({ mode: 's', role: 'standby', vrrp: 'master' })
  })

  test('an active machine that fails is fenced, leaves the VIP and ends masked in m', async () => {
    const world = new World().running(true)
    const it = await on(world)
    world.becomes('nginx.service', 'failed')
    await it.idle()
    expect(world.changes.slice(0, 3)).toEqual(['fence', 'wait-for-peer', 'unfit'])
    world.vip = false
    await hear(it, 'fault')
    expect(world.mode.mode).toBe('m')
    expect(world.acceptsWrites).toBe(false)
    expect(world.unit('keepalived.service').active).toBe('inactive')
    expect([...world.units.values()].map(({ file }) => file)).toEqual(Array(5).fill('masked'))
  })

  test('a killed database moves the VIP at once: unfit is the first thing said', async () => {
    const world = new World().running(true)
    const it = await on(world)
    world.becomes('mariadb.service', 'failed')
    await it.idle()
    expect(world.changes[0]).toBe('unfit')
    world.vip = false
    await hear(it, 'fault')
    expect(world.mode.mode).toBe('m')
  })

  test('a killed keepalived leaves the VIP behind: it is taken off first, then fenced', async () => {
    const world = new World().running(true)
    const it = await on(world)
    world.becomes('keepalived.service', 'failed')
    await it.idle()
    expect(world.changes.filter((change) => ['fence', 'remove-vip'].includes(change))).toEqual(['remove-vip', 'fence'])
    expect(world.vip).toBe(false)
    expect(world.mode.mode).toBe('m')
  })

  test('a killed keepalived of which systemd still collects the rest is dead already', async () => {
    const world = new World().running(true)
    const it = await on(world)
    world.becomes('keepalived.service', 'deactivating')
    await it.idle()
    expect(world.vip).toBe(false)
    expect(world.acceptsWrites).toBe(false)
    expect(world.mode.mode).toBe('m')
  })

  test('in s a killed keepalived is brought back', async () => {
    const world = new World().running(true)
    world.mode = { mode: 's', being: null, problem: null }
    world.unit('ap.service').file = 'enabled'
    const it = await on(world)
    world.becomes('keepalived.service', 'failed')
    await it.idle()
    expect(world.changes).toContain('start keepalived.service')
    expect(world.mode.mode).toBe('s')
  })

  test('keepalived stopped on the active machine by somebody is a failure', async () => {
    const world = new World().running(true)
    const it = await on(world)
    world.vip = false
    Object.assign(world.unit('keepalived.service'), { active: 'deactivating', jobPending: true })
    await hear(it, 'stop')
    expect(world.acceptsWrites).toBe(false)
    world.unit('keepalived.service').jobPending = false
    world.becomes('keepalived.service', 'inactive')
    await it.idle()
    expect(world.mode.mode).toBe('m')
  })

  test('G4: without an attached replica the active machine stays in ap and serves again when the fault is gone', async () => {
    const world = new World().running(true)
    world.database.replicas = []
    const it = await on(world)
    world.becomes('nginx.service', 'failed')
    await it.idle()
    world.vip = false
    await hear(it, 'fault')
    expect(world.mode.mode).toBe('ap')
    expect(world.acceptsWrites).toBe(false)
    world.becomes('nginx.service', 'active')
    await it.idle()
    expect(world.unfit).toBe(false)
    world.vip = true
    await hear(it, 'master')
    expect(world.acceptsWrites).toBe(true)
  })

  test('G7: a fence that cannot be proven kills the database', async () => {
    const world = new World().running(true)
    world.database.fenceWorks = false
    const it = await on(world)
    world.vip = false
    await hear(it, 'fault')
    expect(world.changes).toContain('kill mariadb.service')
    expect(world.acceptsWrites).toBe(false)
  })

  test('G3: a standby whose peer accepts writes does not promote, and does once the peer is fenced', async () => {
    const world = standby()
    const it = await on(world)
    world.vip = true
    await hear(it, 'master')
    expect(world.acceptsWrites).toBe(false)
    expect(world.mode.mode).toBe('ap')
    world.peer = { ...world.peer, writable: false }
    it.supervisor.check('again', 'test')
    await it.idle()
    expect(world.acceptsWrites).toBe(true)
    expect(world.mode.mode).toBe('s')
  })
})

describe('G8 newest wins', () => {
  test.each(['drain', 'stop-replication', 'record-lead', 'allow-writes'])(
    'a BACKUP during %s aborts the promotion after that step and nothing stays writable',
    async (step) => {
      const world = standby()
      const it = await on(world)
      peerGone(world)
      world.before.set(step, () => {
        world.before.delete(step)
        world.vip = false
        it.supervisor.hear(heard('backup'))
      })
      await hear(it, 'master')
      await it.idle()
      expect(world.acceptsWrites).toBe(false)
      expect(world.changes.indexOf('allow-writes')).toBe(
        step === 'allow-writes' ? world.changes.lastIndexOf('allow-writes') : -1,
      )
    },
  )

  test('a command that withdraws stops a start between two of its units', async () => {
    const world = new World().running(false)
    for (const name of ['mariadb.service', 'nginx.service', 'keepalived.service']) world.unit(name).active = 'inactive'
    const it = await on(world)
    let maintenance: Promise<unknown> = Promise.resolve()
    world.before.set('start mariadb.service', () => {
      maintenance = it.control.set({ mode: 'm', now: false, force: false }, quiet)
    })
    const start = await it.control.units('start', quiet)
    await maintenance
    expect(start.exit).toBe(1)
    expect(world.unit('nginx.service').active).toBe('inactive')
    expect(world.mode.mode).toBe('m')
  })
})

describe('words of keepalived', () => {
  test('a restart of the supervisor on a healthy holder changes nothing', async () => {
    const world = new World().running(true)
    await on(world)
    expect(world.changes).toEqual([])
  })

  test('a restart of the supervisor on a healthy standby changes nothing', async () => {
    const world = standby()
    await on(world)
    expect(world.changes).toEqual([])
  })

  test('MASTER without the VIP and BACKUP with it are not believed', async () => {
    const world = standby()
    const it = await on(world)
    await hear(it, 'master')
    expect(world.mode.mode).toBe('ap')
    expect(world.changes).toEqual([])
    const holder = new World().running(true)
    const other = await drive(holder)
    await hear(other, 'backup')
    expect(holder.acceptsWrites).toBe(true)
    expect(holder.changes).toEqual([])
    await other.close()
  })

  test('the same word twice changes nothing the second time', async () => {
    const world = standby()
    const it = await on(world)
    peerGone(world)
    await hear(it, 'master')
    const before = world.changes.length
    await hear(it, 'master')
    expect(world.changes).toHaveLength(before)
  })

  test('a burst of 1,000 words ends where the machine stands', async () => {
    const world = standby()
    const it = await on(world)
    for (let index = 0; index < 1000; index += 1) it.supervisor.hear(heard(index % 2 === 0 ? 'master' : 'backup'))
    await it.idle()
    expect(world.changes).toEqual([])
    expect(it.supervisor.settler.state).toEqual({ mode: 'ap', role: 'standby', vrrp: 'backup' })
  })
})

describe('commands', () => {
  test('set m fences, gives the peer every write, lets the VIP go, masks; set ap unmasks and starts nothing', async () => {
    const world = new World().running(true)
    const it = await on(world)
    expect((await it.control.set({ mode: 'm', now: false, force: true }, quiet)).exit).toBe(0)
    expect(world.changes).toEqual([
      'being m',
      'fence',
      'wait-for-peer',
      'unfit',
      'stop keepalived.service',
      'stop mailer.service',
      'files',
      'mode m',
    ])
    world.changes.length = 0
    expect((await it.control.set({ mode: 'ap', now: false, force: false }, quiet)).exit).toBe(0)
    expect(world.changes.filter((change) => change.startsWith('start'))).toEqual([])
    expect(world.unit('keepalived.service').file).toBe('disabled')
  })

  test('set ap --now starts in order, keepalived last', async () => {
    const world = new World()
    const it = await on(world)
    const result = await it.control.set({ mode: 'ap', now: true, force: false }, quiet)
    expect(result.sentence).toContain('mode ap')
    expect(world.changes.filter((change) => change.startsWith('start'))).toEqual([
      'start mariadb.service',
      'start nginx.service',
      'start keepalived.service',
    ])
    expect(world.unfit).toBe(false)
    expect(result.exit).toBe(0)
  })

  test('stop on the holder fences first and stops in reverse, and is no failure', async () => {
    const world = new World().running(true)
    const it = await on(world)
    const result = await it.control.units('stop', quiet)
    expect(result.exit).toBe(0)
    expect(world.changes.filter((change) => change.startsWith('stop ') || change === 'fence')).toEqual([
      'fence',
      'stop keepalived.service',
      'stop mailer.service',
      'stop nginx.service',
      'stop mariadb.service',
    ])
    expect(world.mode.mode).toBe('ap')
    await it.idle()
    expect(world.mode.mode).toBe('ap')
  })

  test('restart on the holder ends with everything running', async () => {
    const world = new World().running(true)
    const it = await on(world)
    const result = await it.control.units('restart', quiet)
    expect(result.exit).toBe(0)
    expect(world.unit('keepalived.service').active).toBe('active')
  })

  test('nothing is started in m or before a mode is set: exit 3, nothing changed', async () => {
    const world = new World()
    const it = await on(world)
    world.changes.length = 0
    expect((await it.control.units('start', quiet)).exit).toBe(3)
    expect(world.changes).toEqual([])
  })

  test('set s is refused while the peer accepts writes', async () => {
    const world = standby()
    const it = await on(world)
    const result = await it.control.set({ mode: 's', now: false, force: false }, quiet)
    expect(result).toMatchObject({ exit: 3, refusedBy: 'G3 no second writer' })
    expect(world.changes).toEqual([])
  })

  test('a mode that cannot be saved is exit 1 and nothing is changed', async () => {
    const world = new World().running(true)
    const it = await on(world)
    world.modeWriteFails = true
    const result = await it.control.set({ mode: 'm', now: false, force: true }, quiet)
    expect(result.exit).toBe(1)
    expect(result.sentence).toContain('no space left')
    expect(world.changes).toEqual([])
    expect(world.acceptsWrites).toBe(true)
  })

  test('a failover goes on when the mode cannot be saved, and saves it later', async () => {
    const world = standby()
    const it = await on(world)
    peerGone(world)
    world.modeWriteFails = true
    await hear(it, 'master')
    expect(world.acceptsWrites).toBe(true)
    world.modeWriteFails = false
    it.supervisor.check('again', 'test')
    await it.idle()
    expect(world.mode.mode).toBe('s')
  })

  test('a plan changes nothing', async () => {
    const world = new World().running(true).beside()
    const it = await on(world)
    const plan = await it.control.plan({ command: 'set', mode: 'm', now: true, force: false })
    expect(plan.steps.map(({ step }) => step)).toContain('fence')
    expect(plan.steps.map(({ sentence }) => sentence)).toContain('stop mariadb.service')
    expect(world.changes).toEqual([])
    expect(it.supervisor.settler.state.mode).toBe('ap')
  })
})

describe('garbage in the mode file', () => {
  test('it is fenced, nothing is granted, and apmode set mends it', async () => {
    const world = new World().running(true)
    world.mode = { mode: 'unreadable', being: null, problem: 'the mode file holds "bananas"' }
    const it = await on(world)
    expect(world.acceptsWrites).toBe(false)
    expect((await it.control.status()).problems).toContain('the mode file holds "bananas"')
    await it.control.set({ mode: 'ap', now: false, force: false }, quiet)
    await it.idle()
    expect((await it.control.status()).problems).toEqual([])
    expect(world.mode.mode).toBe('ap')
  })
})

describe('an active machine that finds itself BACKUP', () => {
  test('follows a writable peer and is the standby from then on', async () => {
    const world = new World().running(false)
    world.database.replication = null
    world.peer = { ...world.peer, writable: true }
    const it = await on(world)
    expect(world.changes).toContain('follow')
    expect(it.supervisor.settler.state.role).toBe('standby')
    expect(world.saved?.role).toBe('standby')
  })

  test('does not follow a peer that does not accept writes', async () => {
    const world = new World().running(false)
    world.database.replication = null
    world.peer = { ...world.peer, writable: false }
    const it = await on(world)
    expect(world.changes).toEqual(['unfit'])
    expect(it.supervisor.settler.state.role).toBe('active')
  })
})

describe('what does not help', () => {
  test('is not done again and again: replication that stops at once is tried ever more rarely', async () => {
    const world = standby()
    world.stopsAtOnce = true
    world.database.replication = null
    const it = await on(world)
    const until = performance.now() + 700
    while (performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20))
    await it.idle()
    // At 0, 25, 225, 625 ms: without the growing pause there would be dozens.
    expect(world.changes.filter((change) => change === 'follow').length).toBeLessThanOrEqual(6)
  })
})
