import { describe, expect, test } from 'vitest'
import type { Mode } from '../../../src/core/vocabulary.ts'
import type { HookOutcome } from '../../../src/ports/hooks.ts'
import { type Driven, drive, quiet } from '../../fakes/driven.ts'
import { Killed, World } from '../../fakes/world.ts'

/**
 * Every plan that one machine can make: each situation with each event, the supervisor killed after each change of the
 * world, a new one started on what is left. It finds its way to a posture in which nothing is missing, and at no moment
 * were writes allowed where the table says read-only.
 */
interface Situation {
  readonly name: string
  world(): World
}

interface Event {
  readonly name: string
  begin(world: World, driven: Driven): Promise<unknown>
}

const NODES = ['host1', 'host2'] as const
const MODES: readonly Mode[] = ['ap', 's', 'm']
const PEERS = {
  'whose peer stands by': (world: World) => void Object.assign(world, { peer: { ...world.peer, writable: false } }),
  'whose peer accepts writes': (world: World) => void Object.assign(world, { peer: { ...world.peer, writable: true } }),
  'whose peer is silent': (world: World) => {
    world.peer = { ...world.peer, reachable: false, writable: null, lead: null, leadKnown: false }
    world.database.replicas = []
  },
} as const
const TROUBLES = {
  '': () => {},
  ', without its database': (world: World) => {
    world.unit('mariadb.service').active = 'failed'
    world.database.writable = false
  },
  ', without keepalived': (world: World) => {
    world.unit('keepalived.service').active = 'failed'
  },
} as const

const HOOKS: Readonly<Record<string, HookOutcome>> = {
  ', whose hooks agree': { answer: 'yes', detail: '', output: '' },
  ', whose hook says no': { answer: 'no', detail: 'not now', output: '' },
}

const PLAIN: readonly Situation[] = NODES.flatMap((node) =>
  MODES.flatMap((mode) =>
    [true, false].flatMap((vip) =>
      Object.entries(PEERS).flatMap(([peer, meet]) =>
        Object.entries(TROUBLES).map(([trouble, bring]) => ({
          name: `${node} in ${mode} ${vip ? 'with' : 'without'} the VIP, ${peer}${trouble}`,
          world: () => {
            const world = new World(node).running(vip)
            world.mode = { mode, being: null, problem: null }
            meet(world)
            bring(world)
            return world
          },
        })),
      ),
    ),
  ),
)

/** Where a promotion may be asked about, the same with hooks. */
const SITUATIONS: readonly Situation[] = [
  ...PLAIN,
  ...PLAIN.filter(({ name }) => / in (ap|s) /.test(name) && !name.includes(', without')).flatMap(({ name, world }) =>
    Object.entries(HOOKS).map(([what, outcome]) => ({
      name: `${name}${what}`,
      world: () => Object.assign(world(), { hooks: { '10-a': async () => outcome } }),
    })),
  ),
]

const hears = (state: 'master' | 'backup' | 'fault' | 'stop', change: (world: World) => void): Event => ({
  name: state.toUpperCase(),
  begin: async (world, { supervisor, idle }) => {
    change(world)
    supervisor.hear({ state, instance: 'VI_1', source: 'fifo' })
    await idle()
  },
})
const sets = (mode: Mode): Event => ({
  name: `set ${mode}`,
  begin: (_world, { control }) => control.set({ mode, now: false, force: true }, quiet),
})
const EVENTS: readonly Event[] = [
  hears('master', (world) => {
    world.vip = true
  }),
  hears('backup', (world) => {
    world.vip = false
  }),
  hears('fault', (world) => {
    world.vip = false
    world.carrier = false
  }),
  hears('stop', (world) => {
    world.vip = false
    world.unit('keepalived.service').active = 'inactive'
  }),
  sets('ap'),
  sets('m'),
  sets('s'),
  { name: 'start', begin: (_world, { control }) => control.units('start', quiet) },
  { name: 'stop', begin: (_world, { control }) => control.units('stop', quiet) },
]

/** What gives a right; no such change is made while writes are still accepted where they must not be. */
const GRANTS = /^(fit|follow|record-lead|allow-writes|start |mode )/

/** Watches every change, and kills after `left` of them. */
function watch(world: World, left: number): { readonly broken: string[]; readonly changes: () => number } {
  const broken: string[] = []
  let open = world.acceptsWrites
  let count = 0
  world.onChange = (change) => {
    count += 1
    const mode = world.mode.being ?? world.mode.mode
    const mayWrite = world.vip && world.carrier && (mode === 'ap' || mode === 's')
    if (change === 'allow-writes' && !mayWrite) broken.push(`writes were allowed in ${mode}, VIP ${world.vip}`)
    if (world.acceptsWrites && !open && change !== 'allow-writes') broken.push(`${change} opened the database`)
    if (world.acceptsWrites && !mayWrite && GRANTS.test(change)) broken.push(`${change} before the fence`)
    open = world.acceptsWrites
    if (count !== left) return
    world.dead = true
    throw new Killed(change)
  }
  return { broken, changes: () => count }
}

/** A new supervisor on what the killed one left; it looks until nothing changes any more. */
async function restart(world: World): Promise<string[]> {
  world.dead = false
  const { broken } = watch(world, -1)
  const next = await drive(world)
  const rounds = 6
  let before = -1
  for (let round = 0; round < rounds && before !== world.changes.length; round += 1) {
    before = world.changes.length
    next.supervisor.check('again', 'test')
    await next.idle()
  }
  const { settler } = next.supervisor
  const { posture, plan } = settler.last?.judgement ?? {}
  const missing = [...(plan?.withdraw ?? []), ...(plan?.grant ?? [])].map((step) => step.do)
  if (before !== world.changes.length) broken.push(`it does not come to rest: ${world.changes.slice(before).join()}`)
  if (missing.length > 0) broken.push(`missing: ${missing.join()}`)
  if (world.mode.being !== null) broken.push(`the mode file still says being ${world.mode.being}`)
  if (world.acceptsWrites !== (posture?.database === 'writable')) {
    broken.push(`accepts writes: ${world.acceptsWrites}, posture: ${posture?.database}`)
  }
  await next.close()
  return broken
}

async function killedAfter(situation: Situation, event: Event, left: number) {
  const world = situation.world()
  const driven = await drive(world)
  const watched = watch(world, left)
  const begun = event.begin(world, driven).catch(() => {})
  await Promise.race([begun, world.dead ? undefined : driven.idle()])
  await driven.close()
  await begun
  const killed = world.dead
  return { killed, broken: [...watched.broken, ...(await restart(world))] }
}

describe.each(EVENTS)('killed after each change of $name', (event) => {
  test('in every situation the next start reaches a posture in which nothing is missing, and never lets write too early', async () => {
    const broken: string[] = []
    for (const situation of SITUATIONS) {
      for (let left = 1; left < 40; left += 1) {
        const outcome = await killedAfter(situation, event, left)
        for (const what of outcome.broken) broken.push(`${situation.name}, killed after ${left}: ${what}`)
        if (!outcome.killed) break
      }
    }
    expect(broken).toEqual([])
  }, 60_000)
})
