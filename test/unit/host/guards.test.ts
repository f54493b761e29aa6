import { describe, expect, test } from 'vitest'
import { Outlook } from '../../../src/host/outlook.ts'
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
