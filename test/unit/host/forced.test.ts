import { describe, expect, test } from 'vitest'
import { drive, quiet } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

/** A machine that lost the lead to a peer that cannot be asked now: G2 keeps it from serving. */
function waiting(): World {
  const world = new World().running(false)
  world.saved = { role: 'active', peerAttachedAt: null, claim: 'shared', cloning: null }
  world.database.replication = null
  world.database.lead = { epoch: 1, node: 'host1', at: '', reason: '', gtid: '' }
  world.peer = { ...world.peer, reachable: false, writable: null, lead: null, leadKnown: false }
  return world
}
const set = (mode: 'ap' | 'm' | 's', force = false) => ({ mode, force, now: false })

describe('set s --force', () => {
  test('without it G2 refuses, exit 3, and nothing is changed', async () => {
    const world = waiting()
    const it = await drive(world)
    expect(await it.control.set(set('s'), quiet)).toMatchObject({ exit: 3, refusedBy: 'G2 no stale lead' })
    expect(world.mode.mode).toBe('ap')
    expect(world.saved?.claim).toBe('shared')
    await it.close()
  })

  test('is a person who decides: the machine serves', async () => {
    const world = waiting()
    const it = await drive(world)
    expect(await it.control.set(set('s', true), quiet)).toMatchObject({ exit: 0 })
    expect(world.saved?.claim).toBe('forced')
    world.vip = true
    it.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
    await it.idle()
    expect(world.acceptsWrites).toBe(true)
    await it.close()
  })

  test('that could not be saved decides nothing', async () => {
    const world = waiting()
    const it = await drive(world)
    world.modeWriteFails = true
    expect(await it.control.set(set('s', true), quiet)).toMatchObject({ exit: 1 })
    expect(world.saved?.claim).toBe('shared')
    await it.close()
  })

  test.each(['ap', 'm'] as const)('ends with set %s: G2 decides by evidence again', async (mode) => {
    const world = waiting()
    const it = await drive(world)
    await it.control.set(set('s', true), quiet)
    await it.control.set(set(mode), quiet)
    expect(world.saved?.claim).toBe('none')
    await it.control.set(set('ap'), quiet)
    world.vip = true
    it.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
    await it.idle()
    expect(world.acceptsWrites).toBe(false)
    await it.close()
  })
})
