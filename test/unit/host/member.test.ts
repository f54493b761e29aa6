import { describe, expect, test, vi } from 'vitest'
import { stepNamesOf } from '../../../src/core/step-names.ts'
import { endsApart } from '../../../src/host/leads-too.ts'
import { Member } from '../../../src/host/member.ts'
import type { MemberView } from '../../../src/ports/cluster.ts'
import type { Membership } from '../../../src/ports/database.ts'
import type { HookOutcome } from '../../../src/ports/hooks.ts'
import { A_VIEW, FakeCluster, HISTORY } from '../../fakes/cluster.ts'
import { type Driven, oneAtATime, quiet } from '../../fakes/driven.ts'
import { synced, World } from '../../fakes/world.ts'
import { configOf, GALERA } from '../core/config/example.ts'

const begin = oneAtATime()
let driven: Driven | null = null

async function on(world: World): Promise<Driven> {
  driven = await begin(world)
  await driven.idle()
  return driven
}

const galera = (node: 'host1' | 'host2' = 'host1', vip = node === 'host1') => new World(node, 'galera').member(vip)
/** Steps of a cluster, in their order; files and hooks are not their matter. */
const cluster = ({ changes }: World) =>
  changes.filter((change) => /^(desync|resync|form|fence|allow|record|unfit|fit|stop|start)/.test(change))

const word = (state: 'master' | 'fault') => ({ state, instance: 'VI_1', source: 'notify' }) as const

const statusOf = ({ control }: Driven) => control.status()

describe('a member of a whole cluster', () => {
  test('takes writes with and without the VIP, and nothing is done', async () => {
    for (const world of [galera(), galera('host2')]) {
      const { control } = await on(world)
      expect(await control.status()).toMatchObject({ mode: 'ap', fit: true, writable: true, reasons: [] })
      expect(cluster(world)).toEqual([])
      await driven?.close()
    }
  })

  test('is unfit and takes writes no more while it catches up', async () => {
    const world = galera()
    world.database.cluster = { ...synced, state: 'Joined', ready: false }
    expect(await statusOf(await on(world))).toMatchObject({
      fit: false,
      writable: false,
      reasons: ['this member has not caught up (Joined)'],
    })
  })

  test('and says what helps where Galera has missed the end of a transfer', async () => {
    const world = galera()
    world.database.cluster = { ...synced, state: 'Donor/Desynced', ready: false }
    const status = await statusOf(await on(world))
    expect(status).toMatchObject({ fit: false, writable: false })
    expect(status.reasons.join()).toMatch(/wsrep_ready OFF.*apmode restart/)
  })

  test('of a pair that gives its data to the other one goes on: nobody else serves', async () => {
    const world = galera()
    world.database.cluster = { ...synced, state: 'Donor/Desynced' }
    expect(await statusOf(await on(world))).toMatchObject({ fit: true, writable: true })
  })

  test('that fell behind on purpose keeps up again when it is in', async () => {
    const world = galera()
    world.database.cluster = { ...synced, state: 'Donor/Desynced', desynced: true }
    await on(world)
    expect(cluster(world)).toContain('resync')
  })
})

describe('the component is lost with a silent peer', () => {
  test('whoever carries the VIP and was whole goes on alone', async () => {
    const world = galera()
    await on(world)
    world.loses()
    await vi.waitFor(() => expect(world.database.cluster?.component).toBe('Primary'))
    // Its row of apmode.lead tells its past from the one of a peer that goes on too (G6), whoever led before.
    await vi.waitFor(() => expect(world.database.lead).toMatchObject({ epoch: 2, node: 'host1' }))
    expect(cluster(world)).toEqual(['form-component', 'record-lead'])
    expect(world.unfit).toBe(false)
  })

  test('its row is written in the end, whatever comes between it and the component', async () => {
    const world = galera()
    const { supervisor } = await on(world)
    world.onChange = (change) => {
      if (change === 'form-component') supervisor.check('host2 is gone', 'supervisor', true)
    }
    world.loses()
    await vi.waitFor(() => expect(cluster(world)).toContain('form-component'))
    await vi.waitFor(() => expect(world.database.lead).toMatchObject({ epoch: 2, node: 'host1' }))
    await driven?.idle()
    supervisor.check('drift', 'supervisor')
    await driven?.idle()
    expect(cluster(world)).toEqual(['form-component', 'record-lead'])
    expect(world.saved).not.toHaveProperty('member')
  })

  test('and by the next supervisor, where this one was killed in between', async () => {
    const world = galera()
    await on(world)
    world.failing.set('record-lead', 'the connection is lost')
    world.loses()
    await vi.waitFor(() => expect(cluster(world)).toContain('form-component'))
    await vi.waitFor(() => expect(world.saved).toMatchObject({ member: { unrecorded: true } }))
    const saved = world.saved
    await driven?.close()
    world.failing.clear()
    world.saved = saved
    await on(world)
    await vi.waitFor(() => expect(world.database.lead).toMatchObject({ epoch: 2, node: 'host1' }))
  })

  test('without the VIP it forms nothing, and stays fit to take it', async () => {
    const world = galera('host2')
    await on(world)
    world.loses()
    await vi.waitFor(async () => expect((await driven?.control.status())?.writable).toBe(false))
    expect(cluster(world)).toEqual([])
    expect(world.unfit).toBe(false)
  })

  test('the one that gets the VIP then stands alone, and forms it', async () => {
    const world = galera('host2')
    const { supervisor } = await on(world)
    world.loses()
    await vi.waitFor(async () => expect((await driven?.control.status())?.writable).toBe(false))
    world.vip = true
    supervisor.hear(word('master'))
    await vi.waitFor(() => expect(world.database.cluster?.component).toBe('Primary'))
    expect(world.mode.mode).toBe('s')
  })

  test('where no witness answers it does not go on, and is unfit (G9)', async () => {
    const world = galera()
    world.witness = false
    await on(world)
    world.loses()
    await vi.waitFor(() => expect(world.unfit).toBe(true))
    expect(cluster(world)).not.toContain('form-component')
  })

  test('a witness must answer after the loss: what it said before may be older than a cut', async () => {
    const world = galera()
    world.witness = true
    const { control } = await on(world)
    // It still counts as seen, and says nothing any more.
    world.witnessAnsweredAt = Number.NEGATIVE_INFINITY
    world.loses()
    await vi.waitFor(async () => expect((await control.status()).reasons.join()).toContain('G9 witness'))
    expect(cluster(world)).not.toContain('form-component')
    world.witnessAnsweredAt = Number.POSITIVE_INFINITY
    await vi.waitFor(() => expect(cluster(world)).toContain('form-component'))
  })

  test('VIP and a silent peer that is still counted to the component: nobody stands alone yet where there is a witness', async () => {
    const world = galera('host2')
    world.witness = true
    const { supervisor } = await on(world)
    world.peer = { ...world.peer, reachable: false, writable: null, cluster: null }
    world.vip = true
    supervisor.hear(word('master'))
    await driven?.idle()
    expect([world.mode.mode, world.unfit]).toEqual(['ap', false])
    world.loses()
    await vi.waitFor(() => expect(world.mode.mode).toBe('s'))
    await vi.waitFor(() => expect(world.database.cluster?.component).toBe('Primary'))
  })

  test('whoever was not whole does not go on (G2), but for a person’s word', async () => {
    const world = galera()
    world.database.cluster = { ...synced, state: 'Joined', ready: false }
    const { control } = await on(world)
    world.loses()
    await vi.waitFor(async () => expect((await control.status()).reasons.join()).toContain('G2 no stale lead'))
    expect(cluster(world)).not.toContain('form-component')
    const { exit } = await control.set({ mode: 's', now: false, force: true }, quiet)
    expect(exit).toBe(0)
    await vi.waitFor(() => expect(cluster(world)).toContain('form-component'))
  })
})

describe('two members and an arbitrator (garbd)', () => {
  const three = { ...synced, size: 3 }
  const silent = { reachable: false, writable: null, cluster: null } as const

  test('whoever loses both others may be the minority: it forms nothing without a person’s word', async () => {
    const world = galera()
    world.database.cluster = three
    const { control } = await on(world)
    world.loses()
    await vi.waitFor(() => expect(world.unfit).toBe(true))
    const lost = 'G2 no stale lead: the component had 3 members, and the others may go on as its majority'
    expect(control.known().reasons.join()).toContain(lost)
    expect(cluster(world)).not.toContain('form-component')
    expect(await control.set({ mode: 's', now: false, force: true }, quiet)).toMatchObject({ exit: 0 })
    await vi.waitFor(() => expect(cluster(world)).toContain('form-component'))
  })

  test('once the arbitrator was gone before, they are two as any others', async () => {
    const world = galera()
    world.database.cluster = three
    const { supervisor } = await on(world)
    world.database.cluster = synced
    await supervisor.settler.bond.look()
    world.loses()
    await vi.waitFor(() => expect(cluster(world)).toContain('form-component'))
  })

  test.each([null, true])(
    'the majority goes on, gets the VIP, and its lead is the newer one (a witness: %s)',
    async (witness) => {
      const world = galera('host2')
      world.witness = witness
      world.database.cluster = three
      const { supervisor } = await on(world)
      world.database.cluster = { ...synced, members: ['192.168.33.102'] }
      world.database.replicas = []
      world.peer = { ...world.peer, ...silent }
      world.vip = true
      supervisor.hear(word('master'))
      await vi.waitFor(() => expect(world.database.lead).toMatchObject({ epoch: 2, node: 'host2' }))
      expect([world.mode.mode, world.unfit]).toEqual(['s', false])
    },
  )
})

describe('one of three members', () => {
  const ofThree = (cluster: Partial<Membership>) => {
    const world = Object.assign(galera(), { config: configOf(GALERA) })
    world.database.cluster = { ...synced, ...cluster }
    return world
  }

  test.each([
    ['goes on where it is the only one that can serve: the other one joins', 2, true],
    ['leaves that to the third one', 3, false],
  ] as const)('that gives its data %s', async (_, size, serves) => {
    const { control } = await on(ofThree({ state: 'Donor/Desynced', size }))
    expect(await control.status()).toMatchObject({ fit: serves, cluster: { serves } })
  })

  test.each([
    ['is not taken for alone where another one says that it serves', 'Primary', 3, 0],
    ['goes on by a person’s word where nobody does', 'non-Primary', 0, 1],
    ['goes on by a person’s word where nobody answers', null, 0, 1],
  ] as const)('set s --force: it %s', async (_, component, exit, formed) => {
    const world = ofThree({ component: 'non-Primary', state: 'Initialized', ready: false, size: 1 })
    world.peer = { ...world.peer, reachable: false, writable: null, cluster: null }
    const files = new FakeCluster(() => {})
    if (component !== null) files.others.set('192.168.33.102', { ...A_VIEW, running: true, component })
    world.galera = files.parts()
    const { control } = await on(world)
    expect(await control.set({ mode: 's', now: false, force: true }, quiet)).toMatchObject({ exit })
    await driven?.idle()
    const forms = () => cluster(world).filter((change) => change === 'form-component')
    await vi.waitFor(() => expect(forms()).toHaveLength(formed))
    expect(world.mode.mode).toBe(formed === 1 ? 's' : 'ap')
  })

  test('that has lost the component does not claim to know that the others go on, and says what to do if they are down', async () => {
    const world = ofThree({ component: 'non-Primary', state: 'Initialized', ready: false, size: 1 })
    const { reasons } = await statusOf(await on(world))
    expect(reasons.join()).toContain('non-Primary): the others may be the majority, and go on')
    expect(reasons.join()).toContain('If they are down: apmode set s --force')
  })
})

describe('set s --force', () => {
  test('counts once: a member that is in a component again needs a witness, or another word, for the next loss', async () => {
    const world = galera()
    world.witness = true
    world.database.cluster = { ...synced, state: 'Joined', ready: false }
    const { supervisor, control } = await on(world)
    world.loses()
    await vi.waitFor(async () => expect((await control.status()).reasons.join()).toContain('G2 no stale lead'))
    expect(await control.set({ mode: 's', now: false, force: true }, quiet)).toMatchObject({ exit: 0 })
    await vi.waitFor(() => expect(cluster(world)).toContain('form-component'))
    await driven?.idle()
    expect([world.mode.mode, world.saved?.claim]).toEqual(['s', 'none'])
    // The other one comes back, and nobody types `set ap`.
    world.database.cluster = synced
    world.database.replicas = [world.peerAddress]
    world.peer = { ...world.peer, reachable: true, writable: true, cluster: synced }
    supervisor.check('the other one is back', 'test')
    await driven?.idle()
    world.witness = false
    world.loses()
    await vi.waitFor(async () => expect((await control.status()).reasons.join()).toContain('G9 witness'))
    expect(cluster(world).filter((change) => change === 'form-component')).toHaveLength(1)
  })

  test('is used up by a look in a primary component, also if it was saved before', async () => {
    const world = galera()
    world.mode = { mode: 's', being: null, problem: null }
    world.saved = { role: 'active', peerAttachedAt: null, claim: 'forced', cloning: null }
    await on(world)
    expect(world.saved?.claim).toBe('none')
  })
})

describe('hooks of a member', () => {
  const YES: HookOutcome = { answer: 'yes', detail: '', output: '' }
  const NO: HookOutcome = { answer: 'no', detail: 'the array rebuilds', output: '' }
  const VETO = 'vetoed by hook 10-array: the array rebuilds'
  const asked = ({ changes }: World) => changes.filter((change) => change.includes('pre promote'))

  test('are asked before it goes on alone, keep nobody from it who agree, and are told of it', async () => {
    const world = galera()
    world.hooks = { '10-log': async () => YES }
    const { supervisor } = await on(world)
    world.loses()
    await vi.waitFor(() => expect(world.database.lead).toMatchObject({ epoch: 2, node: 'host1' }))
    await supervisor.settler.hooks.told()
    const order = world.changes.filter((change) => /promote|^form/.test(change))
    expect(order).toEqual(['hook 10-log pre promote', 'form-component', 'hook 10-log post promote'])
  })

  test('that say no keep it from going on alone, until they agree', async () => {
    const world = galera()
    let word = NO
    world.hooks = { '10-array': async ({ phase }) => (phase === 'pre' ? word : YES) }
    const { control } = await on(world)
    world.loses()
    await vi.waitFor(() => expect(control.known().reasons.join()).toContain(VETO))
    expect(cluster(world)).not.toContain('form-component')
    word = YES
    await vi.waitFor(() => expect(cluster(world)).toContain('form-component'), 5000)
  })

  test('that say no keep a member that joins without writes, though the other one takes them, until they agree', async () => {
    const world = galera('host2')
    let word = NO
    world.database.writable = false
    world.hooks = { '10-array': async ({ phase }) => (phase === 'pre' ? word : YES) }
    const { supervisor, control } = await on(world)
    await vi.waitFor(() => expect(control.known()).toMatchObject({ fit: false, writable: false }))
    for (const reason of ['once', 'and again']) {
      supervisor.check(reason, 'test')
      await driven?.idle()
      expect(control.known().reasons.join()).toContain(VETO)
    }
    expect(cluster(world)).toEqual(['unfit'])
    expect(asked(world)).toHaveLength(1)
    word = YES
    await vi.waitFor(() => expect(cluster(world)).toContain('allow-writes'), 5000)
  })
})

describe('the component is lost, and the peer answers', () => {
  test('it is in it: this one is unfit, waits to come back, and forms none', async () => {
    const world = galera()
    await on(world)
    world.loses({ cluster: { ...synced, members: ['192.168.33.102'], size: 1 } })
    await vi.waitFor(() => expect(world.unfit).toBe(true))
    expect((await driven?.control.status())?.reasons.join()).toContain('host2 is in it')
    expect(cluster(world)).not.toContain('form-component')
  })

  test('it has lost it too: they are given time to find each other', async () => {
    const world = galera()
    await on(world)
    world.loses({ writable: false, cluster: { ...synced, component: 'non-Primary' } })
    await vi.waitFor(async () => expect((await driven?.control.status())?.reasons.join()).toContain('find each other'))
    expect(world.unfit).toBe(false)
    expect(cluster(world)).not.toContain('form-component')
  })
})

describe('both have lost it, and it is not known that this one had every write', () => {
  const lost = { ...synced, component: 'non-Primary', state: 'Initialized', ready: false, size: 1 } as const
  /** Its supervisor starts outside of any component; the database of the other one is down. */
  function fallen(other: Partial<MemberView>): World {
    const world = galera()
    world.database.cluster = { ...lost, uuid: HISTORY, seqno: 7 }
    world.database.replicas = []
    world.peer = { ...world.peer, reachable: false, writable: null, cluster: null, refused: true }
    const files = new FakeCluster(() => {})
    files.others.set('192.168.33.102', { ...A_VIEW, ...other })
    world.galera = files.parts()
    return world
  }

  test('it asks the other one, and goes on where that has nothing more', async () => {
    const world = fallen({ seqno: 7 })
    const { control } = await on(world)
    await vi.waitFor(() => expect(cluster(world)).toContain('form-component'), { timeout: 5000 })
    await vi.waitFor(() => expect(control.cluster()?.forming).toBe(false), { timeout: 5000 })
    expect(await control.status()).toMatchObject({ fit: true, writable: true })
  })

  test('one that is fit without a component tells whoever asks that it is about to go on', async () => {
    const world = galera('host2')
    world.galera = new FakeCluster(() => {}).parts()
    const { control } = await on(world)
    world.loses()
    await vi.waitFor(() => expect(control.cluster()).toMatchObject({ component: 'non-Primary', forming: true }))
    await vi.waitFor(() => expect(world.unfit).toBe(false))
  })

  test.each<[string, Partial<MemberView>]>([
    ['has more', { seqno: 8 }],
    ['begins at this moment', { seqno: 7, forming: true }],
    ['does not know where it stands', { uuid: null, seqno: null, known: null, detail: 'it crashed' }],
    ['is of another history', { uuid: HISTORY.replaceAll('1', '2'), seqno: 1 }],
  ])('but not where that %s', async (_what, other) => {
    const world = fallen(other)
    const { control } = await on(world)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(cluster(world)).not.toContain('form-component')
    expect(await control.status()).toMatchObject({
      fit: false,
      reasons: expect.arrayContaining([expect.stringContaining('G2 no stale lead')]),
    })
    expect(control.cluster()?.forming).toBe(false)
  })
})

test('one that has lost the component while the other one leads does not fall out of the pair: nothing is handed over', async () => {
  const world = galera()
  const { supervisor } = await on(world)
  expect(supervisor.settler.state.role).toBe('active')
  const lead = { epoch: 7, node: 'host2', at: '2026-01-01T00:00:00.000Z', reason: 'failover', gtid: '' }
  world.peer = { ...world.peer, writable: true, cluster: { ...synced, members: ['192.168.33.102'], size: 1 }, lead }
  world.database.cluster = { ...synced, component: 'non-Primary', state: 'Initialized', ready: false, members: [] }
  world.database.replicas = []
  world.vip = false
  supervisor.hear(word('fault'))
  await driven?.idle()
  expect(world.mode.mode).toBe('ap')
})

test('one that only joins does not fall out of the pair, and says that it joins: what the other one is may not be known yet', async () => {
  const world = galera('host1', false)
  world.database.cluster = { ...synced, component: 'non-Primary', state: 'Joining', ready: false, members: [] }
  world.peer = { ...world.peer, writable: null, cluster: null, lead: null }
  world.unit('keepalived.service').active = 'inactive'
  const { supervisor, control } = await on(world)
  world.unit('keepalived.service').active = 'active'
  supervisor.hear(word('fault'))
  await driven?.idle()
  expect(world.mode.mode).toBe('ap')
  expect((await control.status()).reasons).toContain('it joins the cluster, and stays in ap meanwhile')
})

test('two components that see each other: the older lead ends, and refuses writes (G3)', async () => {
  const world = galera()
  world.database.cluster = { ...synced, members: ['192.168.33.101'], size: 1 }
  world.database.replicas = []
  const lead = { epoch: 7, node: 'host2', at: '2026-01-01T00:00:00.000Z', reason: 'failover', gtid: '' }
  world.peer = { ...world.peer, cluster: { ...synced, members: ['192.168.33.102'], size: 1 }, lead }
  await on(world)
  await vi.waitFor(() => expect(world.database.writable).toBe(false))
  expect(world.unfit).toBe(true)
})

describe('the one that ended (G3)', () => {
  const alone = (address: string) => ({ ...synced, members: [address], size: 1 })
  const gone = { reachable: false, writable: null, cluster: null }

  async function ended(): Promise<World> {
    const world = galera()
    world.database.cluster = alone('192.168.33.101')
    world.database.replicas = []
    const lead = { epoch: 7, node: 'host2', at: '2026-01-01T00:00:00.000Z', reason: 'failover', gtid: '' }
    world.peer = { ...world.peer, cluster: alone('192.168.33.102'), lead }
    await on(world)
    await vi.waitFor(() => expect(world.database.writable).toBe(false))
    await vi.waitFor(() => expect(world.saved).toMatchObject({ member: { ended: { epoch: 7, node: 'host2' } } }))
    world.peer = { ...world.peer, ...gone }
    await driven?.supervisor.settler.bond.compared()
    return world
  }

  const stays = async (world: World) => {
    driven?.supervisor.check('drift', 'supervisor')
    await driven?.idle()
    expect([world.database.writable, world.unfit]).toEqual([false, true])
    const reasons = (await driven?.control.status())?.reasons.join()
    expect(reasons).toMatch(/^G3 no second writer: host2 went on .* epoch 7.*apmode set s --force/)
  }

  test('does not serve when the other one is not seen any more, nor after a restart of its supervisor', async () => {
    const world = await ended()
    await stays(world)
    await driven?.close()
    await on(world)
    await stays(world)
  })

  test('does not go on when it is in no component either', async () => {
    const world = await ended()
    world.loses()
    await stays(world)
    expect(cluster(world)).not.toContain('form-component')
  })

  test('serves again when both are in one component with the same past', async () => {
    const world = await ended()
    world.database.cluster = synced
    world.peer = { ...world.peer, reachable: true, writable: true, cluster: synced }
    await vi.waitFor(() => expect(world.database.writable).toBe(true), 5000)
    expect(world.saved).not.toHaveProperty('member')
  })

  test('serves where a person decides so', async () => {
    const world = await ended()
    expect(await driven?.control.set({ mode: 's', now: false, force: true }, quiet)).toMatchObject({ exit: 0 })
    await vi.waitFor(() => expect(world.database.writable).toBe(true))
    expect(world.saved).not.toHaveProperty('member')
  })

  test('is not the one whose newer row came while the other one was asked', async () => {
    const world = galera('host1')
    const lead = { epoch: 7, node: 'host1', at: '2026-01-01T00:00:00.000Z', reason: 'failover', gtid: '' }
    world.database.cluster = alone('192.168.33.101')
    world.database.replicas = []
    world.peer = { ...world.peer, cluster: alone('192.168.33.102'), lead: { ...lead, epoch: 6, node: 'host2' } }
    const { database } = world.parts()
    const own = await database?.observe({ timeoutMs: 1 })
    const changes: unknown[] = []
    const member = { change: (change: unknown) => void changes.push(change) }
    world.database.lead = lead
    const lookAtDatabase = async () => (await database?.observe({ timeoutMs: 1 })) ?? null
    expect(own).toMatchObject({ lead: { epoch: 1 } })
    await endsApart(member, world.peer, { lookAtDatabase }, world.config)
    expect(changes).toEqual([{ ended: null }])
  })
})

test('maintenance: unfit, no longer waited for, its clients end, then it refuses writes', async () => {
  const world = galera('host2')
  const { control } = await on(world)
  expect(await control.set({ mode: 'm', now: false, force: false }, quiet)).toMatchObject({ exit: 0 })
  expect(cluster(world)).toEqual(['desync', 'fence', 'unfit', 'stop keepalived.service'])
  expect(world.mode.mode).toBe('m')
  expect(await control.set({ mode: 'ap', now: true, force: false }, quiet)).toMatchObject({ exit: 0 })
  expect(cluster(world).slice(4)).toEqual(['resync', 'allow-writes', 'fit', 'start keepalived.service'])
})

test('a fence that waits with the commits, for a silent member that is given up, kills nobody who only leaves', async () => {
  const world = galera('host2')
  const { control } = await on(world)
  world.database.fenceNeedsMs = 2000
  expect(await control.set({ mode: 'm', now: false, force: false }, quiet)).toMatchObject({ exit: 0 })
  expect(world.changes.filter((change) => change.startsWith('kill'))).toEqual([])
  expect(world.databaseRuns).toBe(true)
})

test('a handover moves the VIP and fences nobody', async () => {
  const world = galera().beside()
  const { control } = await on(world)
  const result = await control.handover({ kill: false, timeoutMs: null }, quiet)
  expect(result).toMatchObject({ exit: 0 })
  expect(cluster(world)).not.toContain('fence')
  expect(await control.status()).toMatchObject({ mode: 'ap', role: 'standby', writable: true })
})

/** Of the same pair, with a third member. */
function ofThree(world: World): World {
  const { config } = world
  const third = { ...config.node, name: 'host3', address: '192.168.33.103' }
  const peers = [...config.peers, third]
  return Object.assign(world, { config: { ...config, nodes: [...config.nodes, third], peers, peer: null } })
}

describe('commands of a member', () => {
  test('set s beside a member of the same component makes no second writer, and is not refused', async () => {
    const { control } = await on(galera())
    expect(await control.set({ mode: 's', now: false, force: false }, quiet)).toMatchObject({ exit: 0 })
  })

  test('set s where the peer is in the component and this machine is not, is refused', async () => {
    const world = galera().loses({ cluster: { ...synced, members: ['192.168.33.102'], size: 1 } })
    const { control } = await on(world)
    expect(await control.set({ mode: 's', now: false, force: false }, quiet)).toMatchObject({ exit: 3 })
    expect(world.mode.mode).toBe('ap')
  })

  test('handover is refused where the peer is not in the component', async () => {
    const world = galera().beside(false)
    const { control } = await on(world)
    world.peer = { ...world.peer, cluster: { ...synced, component: 'non-Primary' } }
    const { exit, sentence } = await control.handover({ kill: false, timeoutMs: null }, quiet)
    expect([exit, sentence]).toEqual([3, expect.stringContaining('not in one primary component')])
  })

  test.each([
    ['of three is refused where nobody else is in its component', 1, false, 3],
    ['of three goes all the same by a person’s word', 1, true, 0],
    ['of three is an orderly leave where somebody else is', 2, false, 0],
  ])('set m %s', async (_name, size, force, exit) => {
    const world = ofThree(galera())
    world.database.cluster = { ...synced, size, members: world.config.nodes.slice(0, size).map((one) => one.address) }
    const { control } = await on(world)
    const planned = await control.plan({ command: 'set', mode: 'm', now: false, force })
    const result = await control.set({ mode: 'm', now: false, force }, quiet)
    expect([result.exit, world.mode.mode, planned.refusedBy !== null]).toEqual([
      exit,
      exit === 0 ? 'm' : 'ap',
      exit === 3,
    ])
    if (exit === 3)
      expect(result.sentence).toBe(
        'nobody could serve instead, nothing was touched: no other machine is in the primary component; apmode set m --force goes all the same',
      )
  })

  test('rejoin of one that stood alone too is refused, and says what to do', async () => {
    const world = galera('host2')
    world.database.cluster = { ...synced, members: ['192.168.33.102'], size: 1 }
    world.database.writable = false
    world.peer = { ...world.peer, cluster: { ...synced, members: ['192.168.33.101'], size: 1 } }
    const { control } = await on(world)
    const { exit, sentence } = await control.rejoin({ force: false, timeoutMs: 1000 }, quiet)
    expect([exit, sentence]).toEqual([3, expect.stringContaining('grastate.dat')])
  })

  test('rejoin from maintenance joins, keeps up and stands by', async () => {
    const world = galera('host2')
    const { control } = await on(world)
    await control.set({ mode: 'm', now: false, force: false }, quiet)
    expect(await control.rejoin({ force: false, timeoutMs: 5000 }, quiet)).toMatchObject({ exit: 0 })
    expect(await control.status()).toMatchObject({ mode: 'ap', role: 'standby', fit: true, writable: true })
  })

  test.each([
    ['handover', galera()],
    ['rejoin', galera('host2')],
  ] as const)('the plan of a %s has no word about replication', async (command, world) => {
    const { control } = await on(world.beside())
    if (command === 'rejoin') await control.set({ mode: 'm', now: false, force: false }, quiet)
    const plan = await control.plan({ command, force: false, kill: false } as never)
    expect(JSON.stringify(plan)).not.toMatch(/replicat|slave|follow|semi|gtid_current/i)
    expect(JSON.stringify(plan)).toContain(command === 'handover' ? 'apmode.lead' : 'Synced')
  })
})

describe('a member that joined again over its own rows', () => {
  const [common, mine, theirs] = [
    { epoch: 1, node: 'host1', mark: 'first' },
    { epoch: 2, node: 'host2', mark: 'alone' },
    { epoch: 2, node: 'host1', mark: 'alone too' },
  ]
  const parted = (world: World) => {
    world.database.cluster = { ...synced, leads: [mine, common] }
    world.peer = { ...world.peer, cluster: { ...synced, leads: [theirs, common] } }
    return world
  }

  test('takes no writes, is unfit and says what to do (G6), although it is Synced', async () => {
    const world = parted(galera('host2'))
    const driven = await on(world)
    await vi.waitFor(() => expect(world.database.writable).toBe(false))
    const status = await statusOf(driven)
    expect(status).toMatchObject({ fit: false, writable: false })
    expect(status.reasons.join()).toMatch(/^G6 diverged: .* epoch 2\).*gvwstate\.dat/)
    expect(status.cluster).not.toHaveProperty('leads')
  })

  test('the other one, which stays, goes on', async () => {
    const world = parted(galera())
    const driven = await on(world)
    await driven.idle()
    expect(await statusOf(driven)).toMatchObject({ fit: true, writable: true, reasons: [] })
  })

  test('and has got a whole copy, takes writes again', async () => {
    const world = parted(galera('host2'))
    await on(world)
    await vi.waitFor(() => expect(world.database.writable).toBe(false))
    world.database.cluster = { ...synced, leads: [theirs, common] }
    await vi.waitFor(() => expect(world.database.writable).toBe(true), 5000)
  })

  test('does not rejoin: it is told what to do', async () => {
    const world = parted(galera('host2'))
    const driven = await on(world)
    await vi.waitFor(() => expect(world.database.writable).toBe(false))
    const { exit, sentence } = await driven.control.rejoin({ force: false, timeoutMs: 1000 }, quiet)
    expect([exit, sentence]).toEqual([3, expect.stringContaining('do not have the same past')])
  })
})

describe('its place in a component', () => {
  const look = (member: Member, cluster: Membership) => member.look(cluster, null, { begun: 0, stoodStill: false })
  const joining: Membership = { ...synced, component: 'non-Primary', state: 'Initialized', ready: false }

  test('is lost by one that was in it, not by one that joins: its start is not aborted', () => {
    const member = new Member(galera().config, 1000)
    look(member, joining)
    expect(member.lost).toBe(false)
    look(member, synced)
    look(member, joining)
    expect(member.lost).toBe(true)
    member.away('down', 0)
    look(member, joining)
    expect(member.lost).toBe(false)
  })

  test('what the others said counts for the loss for which they were asked: in the next one they may have gone on', () => {
    const member = new Member(galera().config, 1000)
    const foremost = (now: number) => member.remembered(now, null).foremost
    look(member, joining)
    member.foremost(60_000)
    expect([foremost(50_000), foremost(60_000)]).toEqual([true, false])
    look(member, synced)
    look(member, joining)
    expect(foremost(50_000)).toBe(false)
  })
})

test('stop on the machine with the VIP waits until the peer has applied everything, and says so by wsrep', async () => {
  const world = galera()
  const { control } = await on(world)
  const { steps } = await control.plan({ command: 'stop' })
  expect(steps.find(({ step }) => step === 'wait-for-peer')?.calls.join()).toMatch(/wsrep/)
  expect(JSON.stringify(steps)).not.toMatch(/gtid_wait/i)
  expect(stepNamesOf('galera')).toEqual(expect.arrayContaining(steps.map(({ step }) => step)))
})
