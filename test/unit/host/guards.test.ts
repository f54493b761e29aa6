import { describe, expect, test } from 'vitest'
import { Outlook } from '../../../src/host/outlook.ts'
import { Outshouted } from '../../../src/host/outshouted.ts'
import { RIVAL_FIRST_MS, RIVAL_PATIENCE_MS, WITNESS_SILENT_MS, YIELD_MS } from '../../../src/host/pace.ts'
import { Rival } from '../../../src/host/rival.ts'
import { drive } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

const looked = async (world: World) => {
  const it = await drive(world)
  it.supervisor.check('again', 'test')
  await it.idle()
  const { last, state } = it.supervisor.settler
  await it.close()
  return { why: [...(last?.judgement.unfit ?? []), ...(last?.judgement.holds ?? [])].join('; '), state }
}

describe('G3', () => {
  test.each([true, false])('a writable machine with the older lead ends, the peer writable: %s', async (writable) => {
    const world = new World().running(true)
    world.database.replicas = []
    world.peer = { ...world.peer, writable, lead: { epoch: 2, node: 'host2', at: '', reason: '', gtid: '' } }
    const { why } = await looked(world)
    expect(why).toContain('host2 leads since epoch 2')
    expect(world.acceptsWrites).toBe(false)
  })

  test('a rival is waited for with patience, then kept out for a while, and no longer than it writes', () => {
    const rival = new Rival()
    rival.held(true, 0)
    rival.held(true, RIVAL_PATIENCE_MS - 1)
    expect(rival.staysOut(RIVAL_PATIENCE_MS)).toBe(false)
    rival.held(true, RIVAL_PATIENCE_MS)
    expect(rival.staysOut(RIVAL_PATIENCE_MS + RIVAL_FIRST_MS - 1)).toBe(true)
    expect(rival.staysOut(RIVAL_PATIENCE_MS + RIVAL_FIRST_MS)).toBe(false)
    rival.peer(null)
    expect(rival.staysOut(RIVAL_PATIENCE_MS + 1)).toBe(false)
  })
})

describe('G3, one-way', () => {
  /** Its commits wait, its peer's database is silent. */
  const unheard = () => {
    const world = new World().running(true)
    world.database.replicas = []
    world.database.unacknowledged = true
    world.peer = { ...world.peer, reachable: false, writable: null, lead: null, leadKnown: false }
    return world
  }

  test('a holder that hears another master, whose database is silent, ends before that serves, and never goes on alone', async () => {
    const world = unheard()
    const it = await drive(world)
    it.supervisor.settler.bond.hears()
    await expect.poll(() => world.acceptsWrites, { timeout: 5_000 }).toBe(false)
    await it.idle()
    expect(it.supervisor.settler.last?.judgement.unfit.join()).toContain(
      'it does not hear this machine, and takes over',
    )
    expect(world.changes).not.toContain('commit-alone')
    await it.close()
  })

  test('who ends for it stays in the pair: whether the other one can serve is not known, though it was attached a moment ago', async () => {
    const world = unheard()
    world.database.replicas = ['192.168.33.102']
    const it = await drive(world)
    it.supervisor.settler.bond.hears()
    await expect.poll(() => world.acceptsWrites, { timeout: 5_000 }).toBe(false)
    it.supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
    await it.idle()
    const { state, last } = it.supervisor.settler
    expect([state.mode, last?.observed.peerAttached]).toEqual(['ap', true])
    expect(last?.judgement.holds.join()).toContain('G4 last one standing: the peer is heard and does not answer')
    await it.close()
  })

  test('it stays out for a while, each time longer, and not at all once the other answers', () => {
    const outshouted = new Outshouted()
    outshouted.peer(false, 0)
    expect(outshouted.staysOut(0)).toBe(false)
    outshouted.heard(0)
    outshouted.peer(false, 100)
    expect(outshouted.staysOut(99 + RIVAL_FIRST_MS)).toBe(true)
    const again = 200 + RIVAL_FIRST_MS
    outshouted.heard(again)
    outshouted.peer(false, again)
    expect(outshouted.staysOut(again + RIVAL_FIRST_MS)).toBe(true)
    outshouted.peer(true, again + 1)
    expect(outshouted.staysOut(again + 1)).toBe(false)
  })
})

describe('G4', () => {
  test('an active machine that has lost the VIP already does not fall out: its peer may not be able to serve', async () => {
    const world = new World().running(true)
    const it = await drive(world)
    world.vip = false
    it.supervisor.hear({ state: 'backup', instance: 'VI_1', source: 'fifo' })
    await it.idle()
    world.becomes('mariadb.service', 'failed')
    await it.idle()
    it.supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
    await it.idle()
    expect(it.supervisor.settler.state).toMatchObject({ mode: 'ap', vrrp: 'fault' })
    await it.close()
  })
})

describe('G4, with a peer that calls itself unfit', () => {
  test.each([
    [false, 'ap'],
    [true, 'm'],
  ])(
    'fit: %s, the machine that fails ends in %s, even if it was otherwise when it was last asked',
    async (fit, mode) => {
      const world = new World().running(true).beside(false)
      const presence = world.details?.presence
      if (world.details === null || presence == null) throw new Error('the peer says nothing')
      world.details = { ...world.details, presence: { ...presence, fit: !fit } }
      const it = await drive(world)
      world.details = { ...world.details, presence: { ...presence, fit } }
      world.becomes('nginx.service', 'failed')
      await it.idle()
      it.supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
      await it.idle()
      expect(it.supervisor.settler.state.mode).toBe(mode)
      await it.close()
    },
  )
})

describe('a restart of the database', () => {
  test('is forgiven for hang_timeout, and a failure afterwards: later the peer could prove nothing any more', async () => {
    const world = new World().running(true)
    const it = await drive(world)
    const database = world.unit('mariadb.service')
    database.jobPending = true
    world.becomes('mariadb.service', 'deactivating')
    await it.idle()
    expect(world.unfit).toBe(false)
    await it.supervisor.parts.clock.sleep(it.supervisor.parts.config.database.hangTimeoutMs)
    it.supervisor.check('check', 'test')
    await it.idle()
    expect(world.unfit).toBe(true)
    await it.close()
  })
})

describe('masking', () => {
  test('stops what is on its way up before: masked, systemd would never hear that it is ready', async () => {
    const world = new World().running(false)
    const it = await drive(world)
    world.becomes('mariadb.service', 'activating')
    await it.control.set({ mode: 'm', now: false, force: false }, () => {})
    const order = world.changes.filter((change) => change === 'stop mariadb.service' || change === 'files')
    expect(order).toEqual(['stop mariadb.service', 'files'])
    await it.close()
  })
})

describe('the history', () => {
  test('tells a change that the supervisor before could not tell any more', async () => {
    const world = new World().running(true)
    const before = { mode: 'ap', role: 'active', vrrp: 'master' } as const
    world.history = [
      {
        at: '',
        event: 'look',
        source: 'supervisor',
        from: before,
        to: before,
        sentence: '',
        steps: [],
        ms: 0,
        result: 'done',
      },
    ]
    world.mode = { mode: 'm', being: null, problem: null }
    world.vip = false
    for (const { name } of world.config.units) world.unit(name).active = 'inactive'
    await looked(world)
    expect(world.history[1]).toMatchObject({ from: { mode: 'ap' }, to: { mode: 'm' } })
  })
})

describe('G6', () => {
  test('a transaction of its own keeps a standby out and is kept in a file', async () => {
    const world = new World('host2').running(false)
    world.database.binlogState = '0-1-5,0-2-6'
    const { why } = await looked(world)
    expect(why).toContain('G6 diverged: only this machine has 0-2-6, kept in')
    expect(world.changes).toContain('keep-transactions')
    expect(world.unfit).toBe(true)
  })

  test('what the peer lost with its power is no transaction of its own: it serves with more than the peer', async () => {
    const world = new World('host2').running(false)
    world.vip = true
    world.database.binlogState = '0-1-6'
    world.database.replication = null
    world.peer = { ...world.peer, writable: false, commitsWithPeer: false }
    await looked(world)
    expect(world.acceptsWrites).toBe(true)
  })
})

describe('G9', () => {
  const witness = {
    open: () => {},
    close: () => {},
    known: async () => {},
    onChange: () => () => {},
    problem: () => null,
  }

  test('a machine that was given the VIP by a silent peer waits: for a witness, and for the peer to fence itself', () => {
    let answeredAt = 0
    const outlook = new Outlook({ ...witness, seen: () => true, answeredAt: () => answeredAt })
    outlook.looked({ ...new World().peer }, 0)
    outlook.vip(true, 300)
    expect(outlook.unwitnessed(YIELD_MS + 1000)).toBe(true)
    answeredAt = 301
    expect([outlook.unwitnessed(YIELD_MS - 1), outlook.unwitnessed(YIELD_MS)]).toEqual([true, false])
  })

  test('a holder knows that it is cut off well before that', () => {
    const outlook = new Outlook({ ...witness, seen: () => true, answeredAt: () => 0 })
    expect([outlook.doubtful(WITNESS_SILENT_MS - 1), outlook.doubtful(WITNESS_SILENT_MS)]).toEqual([false, true])
    outlook.answered(false)
    expect(outlook.cutOff(WITNESS_SILENT_MS)).toBe(false)
    outlook.answered(false)
    expect(outlook.cutOff(WITNESS_SILENT_MS)).toBe(true)
    outlook.answered(true)
    expect(outlook.cutOff(WITNESS_SILENT_MS)).toBe(false)
  })

  test('a standby that sees no witness does not take over', async () => {
    const world = new World('host2').running(false)
    world.witness = false
    world.vip = true
    world.peer = { ...world.peer, reachable: false, writable: null }
    const { why, state } = await looked(world)
    expect(why).toContain('G9 witness')
    expect(state.mode).toBe('ap')
    expect(world.acceptsWrites).toBe(false)
  })
})
