import { describe, expect, test } from 'vitest'
import type { HookCall, HookOutcome } from '../../../src/ports/hooks.ts'
import { type Driven, drive, quiet } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

const YES: HookOutcome = { answer: 'yes', detail: '', output: '' }
const NO: HookOutcome = { answer: 'no', detail: 'the array rebuilds', output: '' }
const NONE: HookOutcome = { answer: 'none', detail: 'no answer within 5 s', output: '' }
/** Says this before a promotion; whatever else it is told is fine. */
const before = (outcome: HookOutcome) => async (call: HookCall) => (call.phase === 'pre' ? outcome : YES)
const VETO = 'vetoed by hook 10-array: the array rebuilds'

/** A standby whose primary is gone. */
function standby(): World {
  const world = new World('host2').running(false)
  // It proved itself two looks ago; here the proof is that nobody has led yet but this machine's peer, which it follows.
  world.peer = { ...world.peer, commitsWithPeer: true }
  return world
}

async function failover(world: World, { supervisor, idle }: Driven): Promise<void> {
  world.vip = true
  world.peer = { ...world.peer, reachable: false, writable: null, lead: null, leadKnown: false }
  supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
  await idle()
}

const stepsOf = (world: World) => world.history.flatMap(({ steps }) => steps)
const asked = (world: World) => world.changes.filter((change) => change.includes('pre promote'))

/** A hook that says nothing until it is aborted. */
function hanging() {
  const begun = Promise.withResolvers<HookCall>()
  const hook = (call: HookCall) =>
    new Promise<HookOutcome>((resolve) => {
      if (call.phase === 'post') return resolve(YES)
      begun.resolve(call)
      call.signal?.addEventListener('abort', () => resolve({ answer: 'none', detail: 'ended', output: '' }))
    })
  return { hook, begun: begun.promise }
}

describe('before a promotion', () => {
  test('hooks are asked in the order of their names, before anything is granted, and each is a step of the history', async () => {
    const world = standby()
    world.hooks = { '20-b': before(YES), '10-a': before(YES) }
    const driven = await drive(world)
    await failover(world, driven)
    await driven.close()
    expect(world.acceptsWrites).toBe(true)
    const order = world.changes.filter((change) => /pre|record-lead|allow-writes/.test(change))
    expect(order).toEqual(['hook 10-a pre promote', 'hook 20-b pre promote', 'record-lead', 'allow-writes'])
    expect(stepsOf(world).slice(0, 2)).toMatchObject([
      { step: 'ask-hook', sentence: 'ask hook 10-a (pre promote)', ok: true },
      { step: 'ask-hook', sentence: 'ask hook 20-b (pre promote)', ok: true },
    ])
  })

  test('without a hook nobody is asked, and the steps are those of always', async () => {
    const world = standby()
    const driven = await drive(world)
    await failover(world, driven)
    await driven.close()
    expect(stepsOf(world).map(({ step }) => step)).not.toContain('ask-hook')
    expect(world.acceptsWrites).toBe(true)
  })

  test('a veto keeps writes back, and the mode: it shows in status, history and log, and the next hook is not asked', async () => {
    const world = standby()
    world.hooks = { '10-array': before(NO), '20-b': before(YES) }
    const driven = await drive(world)
    await failover(world, driven)
    expect(world.acceptsWrites).toBe(false)
    expect(world.mode.mode).toBe('ap')
    expect(asked(world)).toEqual(['hook 10-array pre promote'])
    expect(driven.control.known().reasons.join()).toContain(VETO)
    expect(world.history.at(-1)?.sentence).toContain(VETO)
    expect(world.log.join('\n')).toContain(VETO)
    await driven.close()
  })

  test('beside a silent peer a vetoed machine keeps the VIP, and serves as soon as the hook agrees, however late', async () => {
    const world = standby()
    let word = NO
    world.hooks = { '10-array': async (call) => (call.phase === 'pre' ? word : YES) }
    const driven = await drive(world)
    await failover(world, driven)
    expect(world.unfit).toBe(false)
    word = YES
    await expect.poll(() => world.acceptsWrites, { timeout: 5_000 }).toBe(true)
    expect(asked(world)).toHaveLength(2)
    expect(world.mode.mode).toBe('s')
    await driven.close()
  })

  test('beside a peer that answers, a vetoed machine is unfit, stays in ap, and forgets the veto once the peer serves', async () => {
    const world = new World().running(true)
    world.peer = { ...world.peer, writable: false }
    const driven = await drive(world)
    // It has led: a FAULT that nobody wanted would throw it out of the pair.
    world.hooks = { '10-array': before(NO) }
    world.database.writable = false
    world.database.commitsWithPeer = false
    driven.supervisor.check('again', 'test')
    await expect.poll(() => world.unfit, { timeout: 5_000 }).toBe(true)
    expect(driven.control.known()).toMatchObject({ fit: false, reasons: [VETO, expect.stringContaining('unfit')] })
    world.vip = false
    driven.supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
    await driven.idle()
    expect(world.mode.mode).toBe('ap')
    expect(world.acceptsWrites).toBe(false)
    const lead = { epoch: 2, node: 'host2', at: '', reason: '', gtid: '' }
    world.peer = { ...world.peer, writable: true, commitsWithPeer: true, lead }
    driven.supervisor.check('drift', 'test')
    await driven.idle()
    expect(driven.control.known().reasons.join()).not.toContain('vetoed')
    expect(driven.control.known().role).toBe('standby')
    await driven.close()
  })

  test('a hook that gives no answer does not keep the service away, and that is said; with without_answer = "veto" it does', async () => {
    for (const withoutAnswer of ['proceed', 'veto'] as const) {
      const world = standby()
      Object.assign(world.config, { hooks: { timeoutMs: 5_000, withoutAnswer } })
      world.hooks = { '10-array': before(NONE) }
      const driven = await drive(world)
      await failover(world, driven)
      await driven.close()
      expect(world.acceptsWrites).toBe(withoutAnswer === 'proceed')
      expect(world.log.join('\n')).toContain('hook 10-array (pre promote): no answer')
    }
  })

  test('a holder that serves is asked nothing, whatever is looked at', async () => {
    const world = new World().running(true)
    world.hooks = { '10-array': before(NO) }
    const driven = await drive(world)
    driven.supervisor.check('again', 'test')
    await driven.idle()
    await driven.close()
    expect(world.acceptsWrites).toBe(true)
    expect(asked(world)).toEqual([])
    expect(world.changes).not.toContain('fence')
  })

  test('a hook that takes longer than a lease lasts does not cost the promotion', async () => {
    const world = standby()
    world.hooks = {
      '10-slow': async ({ phase }) => {
        if (phase === 'post') return YES
        driven.supervisor.settler.bond.followed()
        return YES
      },
    }
    const driven = await drive(world)
    await failover(world, driven)
    await driven.close()
    expect(world.acceptsWrites).toBe(true)
  })
})

describe('a withdrawal', () => {
  test('ends a hook that is being asked at once, and waits for nothing (G8)', async () => {
    const world = standby()
    const { hook, begun } = hanging()
    world.hooks = { '10-array': hook }
    const driven = await drive(world)
    const failing = failover(world, driven)
    await begun
    const since = performance.now()
    world.vip = false
    world.carrier = false
    driven.supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
    await failing
    expect(performance.now() - since).toBeLessThan(100)
    await driven.idle()
    expect(world.acceptsWrites).toBe(false)
    expect(driven.supervisor.settler.state.vrrp).toBe('fault')
    await driven.close()
  })

  test('is made before those who have said no are asked again, however due that is', async () => {
    const world = standby()
    world.hooks = { '10-array': before(NO) }
    const driven = await drive(world)
    await failover(world, driven)
    const { hook, begun } = hanging()
    world.hooks = { '10-array': hook }
    await begun
    const since = performance.now()
    world.becomes('nginx.service', 'active')
    world.becomes('nginx.service', 'failed')
    await expect.poll(() => world.unfit, { timeout: 3_000, interval: 5 }).toBe(true)
    expect(performance.now() - since).toBeLessThan(200)
    await driven.close()
  })

  test('asks no hook, and does not wait for one that is being told', async () => {
    const world = new World().running(true)
    const driven = await drive(world)
    world.hooks = { '10-array': () => new Promise(() => {}) }
    world.vip = false
    world.carrier = false
    driven.supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
    await driven.idle()
    expect(world.acceptsWrites).toBe(false)
    expect(world.changes.filter((change) => change.startsWith('hook'))).toEqual(['hook 10-array post demote'])
    await driven.close()
  })
})

describe('afterwards', () => {
  test('every hook is told what was decided, once, in order', async () => {
    const world = standby()
    const told: Record<string, string>[] = []
    world.hooks = {
      '10-tell': async ({ phase, environment }) => {
        if (phase === 'post') told.push(environment)
        return YES
      },
    }
    const driven = await drive(world)
    await failover(world, driven)
    await driven.supervisor.settler.hooks.told()
    await driven.close()
    expect(told.map(({ APMODE_EVENT }) => APMODE_EVENT).slice(0, 2)).toEqual(['change', 'promote'])
    expect(told.at(1)).toMatchObject({
      APMODE_PHASE: 'post',
      APMODE_EVENT: 'promote',
      APMODE_TRIGGER: 'master',
      APMODE_FROM_MODE: 'ap',
      APMODE_TO_MODE: 's',
      APMODE_TO_VRRP: 'master',
      APMODE_RESULT: 'done',
      APMODE_NODE: 'host2',
      APMODE_PEER: 'host1',
    })
    expect(told.filter(({ APMODE_EVENT }) => APMODE_EVENT === 'promote')).toHaveLength(1)
    expect(JSON.stringify(told)).not.toContain('password')
  })
})

describe('apmode set', () => {
  test('is refused by a hook that says no, and nothing has changed; --force asks nobody, and set m neither', async () => {
    const world = new World().running(true)
    world.hooks = { '10-array': before(NO) }
    const driven = await drive(world)
    const before_ = world.changes.filter((change) => !change.startsWith('hook')).length
    expect(await driven.control.set({ mode: 's', now: false, force: false }, quiet)).toMatchObject({
      exit: 3,
      refusedBy: 'hook 10-array',
      sentence: `${VETO}; nothing was touched (--force asks no hook)`,
    })
    expect(world.changes.filter((change) => !change.startsWith('hook'))).toHaveLength(before_)
    expect(await driven.control.set({ mode: 's', now: false, force: true }, quiet)).toMatchObject({ exit: 0 })
    expect(await driven.control.set({ mode: 'm', now: false, force: true }, quiet)).toMatchObject({ exit: 0 })
    expect(world.changes.filter((change) => change.includes('pre change'))).toHaveLength(1)
    await driven.close()
  })

  test('is refused when something happens before the hooks have agreed', async () => {
    const world = new World().running(true)
    const { hook, begun } = hanging()
    world.hooks = { '10-array': hook }
    const driven = await drive(world)
    const result = driven.control.set({ mode: 's', now: false, force: false }, quiet)
    await begun
    driven.supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
    expect(await result).toMatchObject({ exit: 3, refusedBy: 'G8 newest wins' })
    await driven.idle()
    expect(driven.supervisor.settler.state.mode).not.toBe('s')
    await driven.close()
  })

  test('plan names the hooks that would be asked and told, and runs none', async () => {
    const world = standby()
    const driven = await drive(world)
    world.hooks = { '10-array': before(NO) }
    world.vip = true
    world.peer = { ...world.peer, reachable: false, writable: null, lead: null, leadKnown: false }
    const { steps } = await driven.control.plan({ command: 'notify', state: 'master' })
    const set = await driven.control.plan({ command: 'set', mode: 's', now: false, force: true })
    await driven.close()
    expect(steps.at(0)).toMatchObject({ step: 'ask-hook', sentence: 'ask hook 10-array (pre promote)' })
    expect(steps.at(-1)).toMatchObject({ step: 'tell-hook', calls: ['/etc/apmode/hooks.d/10-array post promote'] })
    expect(set.steps.map(({ sentence }) => sentence)).not.toContain('ask hook 10-array (pre change)')
    expect(world.changes.filter((change) => change.startsWith('hook'))).toEqual([])
  })

  test('the plan of one that would ask says so first', async () => {
    const world = new World().running(true)
    const driven = await drive(world)
    world.hooks = { '10-array': before(NO) }
    const { steps } = await driven.control.plan({ command: 'set', mode: 's', now: false, force: false })
    await driven.close()
    expect(steps.at(0)).toMatchObject({ step: 'ask-hook', sentence: 'ask hook 10-array (pre change)' })
  })
})
