import { describe, expect, test, vi } from 'vitest'
import { lagBetween } from '../../../src/core/gtid.ts'
import { drive } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

describe('how far a position is behind', () => {
  test.each([
    ['', '', 0],
    ['0-1-5', '0-1-5', 0],
    ['0-1-5', '0-1-105', 100],
    ['0-2-7', '0-1-5', 0],
    ['0-1-5', '0-1-59,0-2-68', 63],
    ['0-1-5', '0-1-5,3-1-4', 4],
    ['', '0-1-9', 9],
    ['garbage', '0-1-2', 2],
  ])('%s behind %s: %i', (behind, ahead, lag) => {
    expect(lagBetween(behind, ahead)).toBe(lag)
  })
})

describe('who acknowledges a write', () => {
  const holder = () => {
    const world = new World().running(true)
    world.database.commitsWithPeer = false
    return world
  }
  const changesOf = async (world: World) => {
    const driven = await drive(world)
    await driven.idle()
    await driven.close()
    return world.changes
  }

  test('the peer too, once it is attached and has nearly everything', async () => {
    expect(await changesOf(holder())).toEqual(['commit-with-peer'])
  })

  test('nobody but this machine, once the peer is gone: also for the row that takes an offered lead back', async () => {
    const world = holder()
    const driven = await drive(world)
    await driven.idle()
    world.changes.length = 0
    Object.assign(world.database, { writable: false, commitsWithPeer: true, unacknowledged: true })
    world.database.lead = { epoch: 2, node: 'host1', at: '', reason: 'handover: offered to host2', gtid: '' }
    world.peer = { ...world.peer, reachable: false, refused: true, writable: null }
    await vi.waitFor(() => expect(world.acceptsWrites).toBe(true), { timeout: 5000 })
    expect(world.changes).toEqual(['commit-alone', 'record-lead', 'allow-writes'])
    // What a machine that has gone was fed through is no replica any more.
    expect(world.database.replicas).toEqual([])
    await driven.close()
  })

  test('an offer of the lead that stands although this machine accepts writes is taken back, once', async () => {
    const world = new World().running(true)
    world.database.lead = { epoch: 2, node: 'host1', at: '', reason: 'handover: offered to host2', gtid: '' }
    expect(await changesOf(world)).toEqual(['record-lead'])
    expect(world.database.lead?.reason).toBe('handover undone')
  })

  test('this machine alone after a failover: the connection that the failed peer left behind is no replica', async () => {
    const world = new World('host2').running(false)
    world.database.replicas = [world.peerAddress]
    const driven = await drive(world)
    world.vip = true
    world.peer = { ...world.peer, reachable: false, writable: null }
    driven.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
    await driven.idle()
    expect(world.acceptsWrites).toBe(true)
    expect(world.changes).not.toContain('commit-with-peer')
    await driven.close()
  })

  test('the peer too from the first write on, when it follows already (a handover)', async () => {
    const world = new World('host2').running(false)
    world.database.replicas = [world.peerAddress]
    const driven = await drive(world)
    world.vip = true
    world.peer = { ...world.peer, writable: false }
    driven.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
    await driven.idle()
    expect(world.changes.indexOf('commit-with-peer')).toBeGreaterThan(0)
    expect(world.changes.indexOf('commit-with-peer')).toBeLessThan(world.changes.indexOf('allow-writes'))
    await driven.close()
  })

  test('this machine alone while the peer has yet to catch up', async () => {
    const world = holder()
    world.saved = { role: 'active', peerAttachedAt: null, claim: 'alone', cloning: null }
    world.peer = { ...world.peer, applied: '', binlogPosition: '' }
    world.database.binlogPosition = '0-1-5000'
    expect(await changesOf(world)).toEqual([])
  })

  test('still the peer when it has just gone: it could take over', async () => {
    const world = holder()
    world.database.commitsWithPeer = true
    world.database.replicas = []
    expect(await changesOf(world)).toEqual([])
    expect(world.saved?.claim).toBe('shared')
  })

  test('this machine alone when nothing listens at the peer: that cannot take over', async () => {
    const world = holder()
    world.database.commitsWithPeer = true
    world.database.replicas = []
    world.peer = { ...world.peer, reachable: false, writable: null, refused: true }
    expect(await changesOf(world)).toEqual(['commit-alone'])
    expect(world.saved?.claim).toBe('alone')
  })

  test('the peer too in s, with a replica', async () => {
    const world = holder()
    world.mode = { mode: 's', being: null, problem: null }
    world.unit('ap.service').file = 'enabled'
    expect(await changesOf(world)).toEqual(['commit-with-peer'])
  })
})
