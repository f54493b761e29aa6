import { afterEach, describe, expect, test, vi } from 'vitest'
import { NO_HISTORY } from '../../../src/core/galera-state.ts'
import type { MemberView } from '../../../src/ports/cluster.ts'
import type { BootstrapRequest, CommandResult, Progress } from '../../../src/ports/control.ts'
import { A_VIEW, FakeCluster, HISTORY } from '../../fakes/cluster.ts'
import { type Driven, drive, quiet } from '../../fakes/driven.ts'
import { synced, World } from '../../fakes/world.ts'

const HOST2 = '192.168.33.102'
const PLAIN: BootstrapRequest = { without: [], positions: {} }

let driven: Driven | null = null
afterEach(async () => {
  await driven?.close()
  driven = null
})

interface Fallen {
  readonly world: World
  readonly cluster: FakeCluster
}

/** Both machines lost power and are up again; no database runs. */
function fallen(other: Partial<MemberView> | null = {}): Fallen {
  const world = new World('host1', 'galera').member(true)
  for (const { name } of world.config.units) world.unit(name).active = 'inactive'
  world.vip = false
  world.peer = { ...world.peer, reachable: false, writable: null, cluster: null, refused: true }
  const cluster = new FakeCluster((change) => void world.changes.push(change))
  world.galera = cluster.parts()
  if (other !== null) cluster.others.set(HOST2, { ...A_VIEW, ...other })
  const changed = world.onChange
  world.onChange = (change) => {
    changed(change)
    if (change === 'start mariadb.service')
      world.database.cluster = { ...synced, size: 1, members: [world.config.node.address], uuid: HISTORY, seqno: 6 }
  }
  return { world, cluster }
}

async function bootstrap({ world }: Fallen, request: Partial<BootstrapRequest> = {}): Promise<CommandResult> {
  driven ??= await drive(world)
  return driven.control.bootstrap({ ...PLAIN, ...request }, quiet)
}

async function start({ world }: Fallen, tell: (progress: Progress) => void = quiet): Promise<CommandResult> {
  driven ??= await drive(world)
  return driven.control.units('start', tell)
}

const made = ({ world }: Fallen) =>
  world.changes.filter((change) => /^(start|_WSREP|allow bootstrap|forget)/.test(change))
const nothing = (result: CommandResult, machine: Fallen) => {
  expect([result.exit, result.done, made(machine)]).toEqual([3, [], []])
  return result
}

describe('apmode bootstrap', () => {
  test('on a machine that has everything marks it, starts its database as the first member, then the rest', async () => {
    const machine = fallen({ seqno: 4 })
    const result = await bootstrap(machine)
    expect(result).toMatchObject({ exit: 0, notDone: [] })
    expect(result.sentence).toMatch(/^this machine has formed the primary component from 5; mode ap/)
    expect(made(machine)).toEqual([
      'allow bootstrap at 5',
      '_WSREP_NEW_CLUSTER=--wsrep-new-cluster',
      'start mariadb.service',
      'start nginx.service',
      'start keepalived.service',
    ])
    expect(result.done.map(({ step }) => step).slice(0, 2)).toEqual(['allow-bootstrap', 'start-unit'])
    expect(result.members?.map(({ node, newest, sentence }) => [node, newest, sentence])).toEqual([
      ['host1', true, 'the newest'],
      ['host2', false, '1 write sets behind'],
    ])
  })

  test('of several that are equal may be typed on any', async () => {
    expect((await bootstrap(fallen())).exit).toBe(0)
  })

  test('elsewhere is refused, names the machine, and touches nothing', async () => {
    const machine = fallen({ seqno: 9 })
    const result = nothing(await bootstrap(machine), machine)
    expect(result.refusedBy).toBe('bootstrap')
    expect(result.sentence).toBe(
      `nothing was touched: host2 has the newest state (${HISTORY}:9), this machine has not: apmode bootstrap on host2`,
    )
    expect(result.members).toHaveLength(2)
  })

  test('is refused while a member is Primary somewhere, whoever is left out', async () => {
    const machine = fallen({ running: true, component: 'Primary', state: 'Synced', known: 'running' })
    for (const without of [[], ['host2']])
      expect(nothing(await bootstrap(machine, { without }), machine).sentence).toMatch(
        /host2 is in the primary component: apmode start joins$/,
      )
  })

  test('is refused where only the database of a machine answers, and is Primary', async () => {
    const machine = fallen(null)
    machine.world.peer = { ...machine.world.peer, reachable: true, cluster: { ...synced, uuid: HISTORY, seqno: 9 } }
    for (const without of [[], ['host2']])
      expect(nothing(await bootstrap(machine, { without }), machine).sentence).toMatch(/host2 is in the primary/)
    machine.world.peer = { ...machine.world.peer, cluster: null }
    expect(nothing(await bootstrap(machine, { without: ['host2'] }), machine).sentence).toMatch(
      /host2 is left out, and its database runs: stop it first/,
    )
  })

  test('is refused while a machine is silent; a person may give it up, or say where it stands', async () => {
    const machine = fallen(null)
    expect(nothing(await bootstrap(machine), machine).sentence).toMatch(
      /host2 does not answer \(no answer from 192.168.33.102 within 1500 ms\)$/,
    )
    const ahead = await bootstrap(machine, { positions: { host2: `${HISTORY}:6` } })
    expect(nothing(ahead, machine).sentence).toMatch(/apmode bootstrap on host2$/)
    const gone = await bootstrap(machine, { without: ['host2'] })
    expect(gone).toMatchObject({ exit: 0 })
    expect(gone.sentence).toMatch(/; what only host2 has, if anything, is lost; mode ap/)
  })

  test('says bad usage all at once, before anything is asked', async () => {
    const machine = fallen()
    const asked = vi.fn()
    machine.cluster.onAsk = asked
    const request = { without: ['host1', 'host9', 'host2'], positions: { host2: 'x', host7: `${HISTORY}:1` } }
    await expect(bootstrap(machine, request)).rejects.toMatchObject({
      code: 'usage',
      message:
        'found --without host1, expected another machine than this one; ' +
        'found --without host9, expected one of host1, host2; ' +
        'found --position host2=x, expected host2=UUID:SEQNO; ' +
        'found --without host2 and --position host2, expected one of them; ' +
        'found --position host7, expected one of host1, host2',
    })
    expect(asked).not.toHaveBeenCalled()
  })

  test('is refused in maintenance, and with another engine', async () => {
    const machine = fallen()
    machine.world.mode = { mode: 'm', being: null, problem: null }
    expect(nothing(await bootstrap(machine), machine).sentence).toMatch(
      /nothing is started in mode m: apmode set ap first/,
    )
    await driven?.close()
    driven = await drive(new World('host1').running(true))
    expect(await driven.control.bootstrap(PLAIN, quiet)).toMatchObject({
      exit: 3,
      sentence: expect.stringContaining('only the machines of a Galera cluster are bootstrapped'),
    })
  })

  test('of two that begin at the same moment, whoever hears of the other gives up', async () => {
    const machine = fallen({ forming: true })
    expect(nothing(await bootstrap(machine), machine).sentence).toMatch(
      /host2 is about to form the cluster at this moment/,
    )
  })

  test('tells the others that it begins before it asks them, and no longer than it lasts', async () => {
    const machine = fallen()
    driven = await drive(machine.world)
    const seen: boolean[] = []
    machine.cluster.onAsk = () => void seen.push(driven?.control.cluster()?.forming ?? false)
    await bootstrap(machine)
    // First beside the queue, then in its turn: what is decided by comes after it was told.
    expect(seen.at(-1)).toBe(true)
    expect(driven.control.cluster()?.forming).toBe(false)
  })

  test('that cannot write starts nothing, and says what failed', async () => {
    const machine = fallen()
    machine.cluster.broken = true
    const result = await bootstrap(machine)
    expect(result.exit).toBe(1)
    expect(result.sentence).toMatch(/cannot write grastate.dat: no space left on the disk/)
    expect(made(machine)).toEqual([])
  })

  test('that was killed in the middle leaves no variable: every later start would form a cluster of its own', async () => {
    const { world } = fallen()
    driven = await drive(world)
    expect(world.forgotten).toContain('_WSREP_NEW_CLUSTER')
  })

  /** Its database runs, without a component. */
  function lost(): Fallen {
    const machine = fallen({ seqno: 4 })
    const { world } = machine
    world.unit('mariadb.service').active = 'active'
    world.database.cluster = {
      ...synced,
      component: 'non-Primary',
      state: 'Initialized',
      ready: false,
      size: 1,
      uuid: HISTORY,
      seqno: 7,
    }
    return machine
  }

  test('asks the hooks before it forms the component in a database that runs: it takes writes at once', async () => {
    const machine = lost()
    const { world } = machine
    let answer: 'no' | 'yes' = 'no'
    world.hooks = { '10-array': async () => ({ answer, detail: 'the array rebuilds', output: '' }) }
    const sentence = 'nothing was touched: vetoed by hook 10-array: the array rebuilds'
    expect(await bootstrap(machine)).toMatchObject({ exit: 3, sentence })
    expect(world.changes).not.toContain('form-component')
    answer = 'yes'
    expect(await bootstrap(machine)).toMatchObject({ exit: 0 })
    const order = world.changes.filter((change) => /pre promote|^form/.test(change))
    expect(order.slice(-2)).toEqual(['hook 10-array pre promote', 'form-component'])
  })

  test('forms the component in a database that runs without one', async () => {
    const machine = lost()
    const { world } = machine
    const result = await bootstrap(machine)
    expect(result).toMatchObject({ exit: 0 })
    expect(world.changes.filter((change) => /^(form|start maria|allow boot)/.test(change))).toEqual([
      expect.stringContaining('form'),
    ])
  })

  test('planned shows the table, every step and call, and changes nothing', async () => {
    const machine = fallen({ seqno: 4 })
    driven = await drive(machine.world)
    const plan = await driven.control.plan({ command: 'bootstrap', ...PLAIN })
    expect(plan).toMatchObject({ event: 'bootstrap', refusedBy: null })
    expect(plan.members?.map(({ node }) => node)).toEqual(['host1', 'host2'])
    expect(plan.steps.map(({ step, sentence }) => [step, sentence])).toEqual([
      ['allow-bootstrap', 'let this member be the first one: safe_to_bootstrap in grastate.dat'],
      ['start-unit', 'start mariadb.service as the first member: it forms the primary component'],
      ['start-unit', 'start nginx.service'],
      ['start-unit', 'start keepalived.service'],
    ])
    expect(plan.steps[1]?.calls).toEqual([
      'org.freedesktop.systemd1.Manager.SetEnvironment([_WSREP_NEW_CLUSTER=--wsrep-new-cluster])',
      'org.freedesktop.systemd1.Manager.StartUnit(mariadb.service, replace)',
      'org.freedesktop.systemd1.Manager.UnsetEnvironment([_WSREP_NEW_CLUSTER])',
    ])
    expect(made(machine)).toEqual([])
    const refused = await (await drive(fallen({ seqno: 9 }).world)).control.plan({ command: 'bootstrap', ...PLAIN })
    expect(refused).toMatchObject({ refusedBy: 'bootstrap', steps: [] })
  })
})

describe("a mark that a later start could take for Galera's own", () => {
  const marks = ({ world }: Fallen) =>
    world.changes.filter((change) => change.endsWith('bootstrap') || change.startsWith('allow'))

  test.each([
    ['bootstrap', bootstrap],
    ['start', start],
  ])('is left by no %s whose database does not start', async (_command, run) => {
    const machine = fallen({ seqno: 4 })
    machine.world.failing.set('start mariadb.service', 'the job failed')
    const result = await run(machine)
    expect(result).toMatchObject({ exit: 1, sentence: expect.stringContaining('the job failed') })
    expect(marks(machine)).toEqual(['allow bootstrap at 5', 'forbid bootstrap'])
    expect(machine.cluster.saved?.safeToBootstrap).toBe(false)
  })

  test('nor by a start that a withdrawal breaks off', async () => {
    const machine = fallen({ seqno: 4 })
    const breaksOff = (told: Progress) => {
      if (told.type === 'step' && told.step === 'allow-bootstrap') driven?.supervisor.check('drift', 'supervisor', true)
    }
    expect(await start(machine, breaksOff)).toMatchObject({ exit: 1 })
    expect(marks(machine)).toEqual(['allow bootstrap at 5', 'forbid bootstrap'])
    expect(machine.cluster.saved?.safeToBootstrap).toBe(false)
  })

  test("is not Galera's own: the last member to leave begins again, however often its start fails", async () => {
    const machine = fallen(null)
    machine.cluster.saved = { uuid: HISTORY, seqno: 5, safeToBootstrap: true }
    machine.world.failing.set('start mariadb.service', 'the job failed')
    expect(await start(machine)).toMatchObject({ exit: 1 })
    machine.world.failing.clear()
    expect(await start(machine)).toMatchObject({ exit: 0 })
  })
})

describe('apmode rejoin of one of three', () => {
  const HOST3 = '192.168.33.103'
  function fallenOfThree(host2: Partial<MemberView>, host3: Partial<MemberView>): Fallen {
    const machine = fallen(host2)
    const { config } = machine.world
    const third = { ...config.node, name: 'host3', address: HOST3 }
    const peers = [...config.peers, third]
    Object.assign(machine.world, { config: { ...config, nodes: [...config.nodes, third], peers, peer: null } })
    machine.cluster.others.set(HOST3, { ...A_VIEW, node: 'host3', ...host3 })
    return machine
  }
  async function rejoin({ world }: Fallen): Promise<CommandResult> {
    driven ??= await drive(world)
    return driven.control.rejoin({ force: false, timeoutMs: 2000 }, quiet)
  }

  test('where nobody is Primary, says who has the newest state, starts nothing and stays in its mode', async () => {
    const machine = fallenOfThree({ seqno: 9 }, {})
    machine.world.mode = { mode: 'm', being: null, problem: null }
    const result = nothing(await rejoin(machine), machine)
    expect(result.sentence).toMatch(/^nothing was started: .*; host2 has the newest state: apmode bootstrap on host2/)
    expect(machine.world.mode.mode).toBe('m')
  })

  test('joins where one is', async () => {
    const machine = fallenOfThree({ running: true, component: 'Primary', state: 'Synced', known: 'running' }, {})
    expect(await rejoin(machine)).toMatchObject({ exit: 0 })
    expect(made(machine).slice(0, 2)).toEqual(['forget view', 'start mariadb.service'])
  })

  test('begins, as start does, where everybody answers and nobody has more', async () => {
    const machine = fallenOfThree({ seqno: 4 }, { seqno: 4 })
    expect(await rejoin(machine)).toMatchObject({ exit: 0 })
    expect(made(machine).slice(0, 3)).toEqual([
      'allow bootstrap at 5',
      '_WSREP_NEW_CLUSTER=--wsrep-new-cluster',
      'start mariadb.service',
    ])
    expect(driven?.control.cluster()?.forming).toBe(false)
  })
})

describe('apmode start', () => {
  test('joins where a member is Primary, and forms no component that this member remembers', async () => {
    const machine = fallen({ running: true, component: 'Primary', state: 'Synced', known: 'running' })
    expect((await start(machine)).exit).toBe(0)
    expect(made(machine).slice(0, 2)).toEqual(['forget view', 'start mariadb.service'])
  })

  test('where nobody is, says who has the newest state and starts nothing', async () => {
    const machine = fallen({ seqno: 9 })
    const result = nothing(await start(machine), machine)
    expect(result.sentence).toBe(
      'nothing was started: no machine is in a primary component, so there is nothing to join; ' +
        'host2 has the newest state: apmode bootstrap on host2, then apmode start on the others',
    )
    expect(result.members?.[0]?.sentence).toBe('4 write sets behind')
  })

  test('says whom it misses', async () => {
    const machine = fallen(null)
    expect(nothing(await start(machine), machine).sentence).toMatch(
      /is not known: host2 does not answer \(.*\); apmode bootstrap --dry-run shows what is known$/,
    )
  })

  test('of a machine whose database runs is not held up', async () => {
    const machine = fallen(null)
    machine.world.unit('mariadb.service').active = 'active'
    expect((await start(machine)).exit).toBe(0)
    expect(made(machine)).toEqual(['start nginx.service', 'start keepalived.service'])
  })

  test('set ap --now is held up by the same', async () => {
    const machine = fallen({ seqno: 9 })
    driven = await drive(machine.world)
    const result = await driven.control.set({ mode: 'ap', now: true, force: false }, quiet)
    expect(nothing(result, machine).sentence).toMatch(/apmode bootstrap on host2/)
  })

  test('of a machine that was the only member begins the cluster again: nobody can have gone on without it', async () => {
    const machine = fallen(null)
    machine.world.mode = { mode: 's', being: null, problem: null }
    machine.cluster.alone = true
    expect(await start(machine)).toMatchObject({ exit: 0 })
    expect(made(machine).slice(0, 3)).toEqual([
      'allow bootstrap at 5',
      '_WSREP_NEW_CLUSTER=--wsrep-new-cluster',
      'start mariadb.service',
    ])
  })

  test('begins the cluster where everybody answers and nobody has more; of equals on the first of the configuration', async () => {
    const newest = fallen({ seqno: 4 })
    const seen: boolean[] = []
    newest.cluster.onAsk = () => void seen.push(driven?.control.cluster()?.forming ?? false)
    expect(await start(newest)).toMatchObject({ exit: 0 })
    expect(made(newest).slice(0, 3)).toEqual([
      'allow bootstrap at 5',
      '_WSREP_NEW_CLUSTER=--wsrep-new-cluster',
      'start mariadb.service',
    ])
    // What was decided by came after the others were told.
    expect([seen[0], seen.at(-1)]).toEqual([false, true])
    expect(driven?.control.cluster()?.forming).toBe(false)
    await driven?.close()
    driven = null
    expect(await start(fallen({ seqno: 5 }))).toMatchObject({ exit: 0 })
  })

  test('begins nothing where another machine turns out to be about to', async () => {
    const machine = fallen({ seqno: 5 })
    let asked = 0
    machine.cluster.onAsk = () => {
      asked += 1
      if (asked === 3) machine.cluster.others.set(HOST2, { ...A_VIEW, forming: true })
    }
    const result = await start(machine)
    expect(result).toMatchObject({ exit: 1, sentence: expect.stringMatching(/host2 is about to form the cluster/) })
    expect(made(machine)).toEqual([])
  })

  test('of a machine that was never a member begins nothing: which data the others get is for a person to say', async () => {
    const machine = fallen({ uuid: NO_HISTORY, seqno: -1 })
    machine.cluster.saved = { uuid: NO_HISTORY, seqno: -1, safeToBootstrap: false }
    machine.cluster.recovered = { uuid: NO_HISTORY, seqno: -1 }
    nothing(await start(machine), machine)
  })

  test('of one that was, joins a member that is Primary all the same, and leaves it to one that is newer', async () => {
    const primary = fallen({ running: true, component: 'Primary', state: 'Synced' })
    primary.cluster.alone = true
    expect(await start(primary)).toMatchObject({ exit: 0 })
    expect(made(primary)).not.toContain('_WSREP_NEW_CLUSTER=--wsrep-new-cluster')
    await driven?.close()
    driven = null
    const newer = fallen({ seqno: 6 })
    newer.cluster.alone = true
    nothing(await start(newer), newer)
  })
})

describe('a member that ended for the other one (G3)', () => {
  function ended(other: Partial<MemberView> | null): Fallen {
    const machine = fallen(other)
    const { world } = machine
    const saved = world.saved ?? { role: 'active', peerAttachedAt: null, claim: 'none', cloning: null }
    world.saved = { ...saved, member: { unrecorded: false, ended: { epoch: 7, node: 'host2' } } }
    return machine
  }

  test('begins nothing, although it was alone and is newer, as long as the other one is silent', async () => {
    const machine = ended(null)
    machine.world.mode = { mode: 's', being: null, problem: null }
    machine.cluster.alone = true
    expect(nothing(await start(machine), machine).sentence).toMatch(
      /^nothing was started: G3 no second writer: host2 went on .* epoch 7/,
    )
    nothing(await bootstrap(machine), machine)
  })

  test('nor where the other one answers: that one has what counts', async () => {
    const machine = ended({ seqno: 4 })
    expect(nothing(await start(machine), machine).sentence).toMatch(/G3 no second writer/)
    expect(nothing(await bootstrap(machine), machine).sentence).toMatch(/apmode bootstrap on host2$/)
    expect(driven?.control.cluster()).toMatchObject({ ended: true })
  })

  test('joins the other one where that is Primary', async () => {
    const machine = ended({ running: true, component: 'Primary', state: 'Synced', known: 'running' })
    expect((await start(machine)).exit).toBe(0)
    expect(made(machine).slice(0, 2)).toEqual(['forget view', 'start mariadb.service'])
  })

  test('begins where a person gives the other one up', async () => {
    const machine = ended(null)
    expect((await bootstrap(machine, { without: ['host2'] })).exit).toBe(0)
    expect(made(machine)).toContain('allow bootstrap at 5')
    expect(machine.world.saved).not.toHaveProperty('member')
  })

  test('is not joined by the one that went on, which begins again beside it', async () => {
    const machine = fallen({ running: true, component: 'Primary', state: 'Synced', seqno: 9, ended: true })
    expect((await start(machine)).exit).toBe(0)
    expect(made(machine)).toContain('_WSREP_NEW_CLUSTER=--wsrep-new-cluster')
  })

  test('is what is left where nobody else has data: a person says whether it counts', async () => {
    const machine = fallen({ seqno: 9, ended: true })
    machine.cluster.saved = { uuid: NO_HISTORY, seqno: -1, safeToBootstrap: false }
    machine.cluster.recovered = { uuid: NO_HISTORY, seqno: -1 }
    expect(nothing(await start(machine), machine).sentence).toMatch(/host2 has ended .* apmode set s --force there/)
    nothing(await bootstrap(machine), machine)
  })
})

describe('the position of this machine', () => {
  const position = async ({ world }: Fallen) => {
    driven ??= await drive(world)
    await vi.waitFor(() => expect(driven?.control.cluster()?.detail).not.toMatch(/looked for/))
    return driven.control.cluster()
  }

  test('is that of grastate.dat where it has a number, and nothing is run for it', async () => {
    const machine = fallen()
    expect(await position(machine)).toMatchObject({ uuid: HISTORY, seqno: 5, known: 'grastate.dat', running: false })
    expect(machine.cluster.recoveries).toBe(0)
  })

  test('is recovered from the logs where it has none, once', async () => {
    const machine = fallen()
    machine.cluster.saved = { uuid: HISTORY, seqno: -1, safeToBootstrap: true }
    machine.cluster.recovered = { uuid: HISTORY, seqno: 77 }
    expect(await position(machine)).toMatchObject({ seqno: 77, known: 'recovered', safeToBootstrap: true, detail: '' })
    await driven?.control.status()
    expect(machine.cluster.recoveries).toBe(1)
  })

  test('is not looked for in maintenance, where a person may be at work on the data', async () => {
    const machine = fallen()
    machine.world.mode = { mode: 'm', being: null, problem: null }
    machine.cluster.saved = { uuid: HISTORY, seqno: -1, safeToBootstrap: false }
    expect(await position(machine)).toMatchObject({
      uuid: null,
      detail: expect.stringContaining('apmode set ap there'),
    })
    expect(machine.cluster.recoveries).toBe(0)
  })

  test('is looked for at once when the mode allows it', async () => {
    const machine = fallen()
    machine.world.mode = { mode: 'm', being: null, problem: null }
    machine.cluster.saved = { uuid: HISTORY, seqno: -1, safeToBootstrap: false }
    await position(machine)
    await driven?.control.set({ mode: 'ap', now: false, force: false }, quiet)
    expect(await position(machine)).toMatchObject({ seqno: 5, known: 'recovered' })
  })

  test('is looked for before a machine has its first mode: a new cluster begins so', async () => {
    const machine = fallen()
    machine.world.mode = { mode: 'unset', being: null, problem: null }
    machine.cluster.saved = null
    machine.cluster.recovered = { uuid: '00000000-0000-0000-0000-000000000000', seqno: -1 }
    expect(await position(machine)).toMatchObject({ seqno: -1, known: 'recovered' })
  })

  test('that cannot be recovered is not known, and why is said', async () => {
    const machine = fallen()
    machine.cluster.saved = null
    machine.cluster.recovered = 'there is no galera_recovery'
    expect(await position(machine)).toMatchObject({ uuid: null, seqno: null, detail: 'there is no galera_recovery' })
    machine.cluster.recovered = { uuid: HISTORY, seqno: -1 }
    // Whoever asks later has it looked for again.
    await driven?.supervisor.parts.clock.sleep(2_000)
    await vi.waitFor(() => expect(driven?.control.cluster()?.detail).toMatch(/its logs have no number for the history/))
  })

  test('is forgotten as soon as the database runs: then it says it itself, or nobody knows', async () => {
    const machine = fallen()
    await position(machine)
    machine.world.database.cluster = { ...synced, uuid: HISTORY, seqno: 12 }
    machine.world.becomes('mariadb.service', 'active')
    await driven?.idle()
    expect(driven?.control.cluster()).toMatchObject({
      running: true,
      component: 'Primary',
      seqno: 12,
      known: 'running',
    })
    machine.world.database.hung = true
    machine.world.becomes('mariadb.service', 'activating')
    await driven?.idle()
    expect(driven?.control.cluster()).toMatchObject({
      running: true,
      component: null,
      uuid: null,
      detail: expect.stringMatching(/is starting; .* systemctl kill --signal=KILL mariadb.service there/),
    })
  })

  test('of a database that ran in between is looked for anew', async () => {
    const machine = fallen()
    await position(machine)
    machine.world.becomes('mariadb.service', 'active')
    await driven?.idle()
    machine.cluster.saved = { uuid: HISTORY, seqno: 31, safeToBootstrap: false }
    machine.world.becomes('mariadb.service', 'inactive')
    await driven?.idle()
    expect(await position(machine)).toMatchObject({ seqno: 31 })
  })

  test('that was found too late, since the database ran meanwhile, is not believed', async () => {
    const machine = fallen()
    const { cluster, world } = machine
    cluster.saved = { uuid: HISTORY, seqno: -1, safeToBootstrap: false }
    const { promise, resolve } = Promise.withResolvers<void>()
    cluster.gate = promise
    driven = await drive(world)
    await vi.waitFor(() => expect(cluster.recoveries).toBe(1))
    world.becomes('mariadb.service', 'active')
    await driven.idle()
    world.becomes('mariadb.service', 'inactive')
    await driven.idle()
    cluster.recovered = { uuid: HISTORY, seqno: 99 }
    cluster.gate = null
    resolve()
    await vi.waitFor(() => expect(driven?.control.cluster()?.seqno).toBe(99))
  })

  test('another engine has none', async () => {
    driven = await drive(new World('host1').running(true))
    expect(driven.control.cluster()).toBeNull()
  })
})
