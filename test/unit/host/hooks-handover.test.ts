import { expect, test } from 'vitest'
import { offerReason } from '../../../src/core/handover.ts'
import { drive, quiet } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

const NO = { answer: 'no', detail: 'the array rebuilds', output: '' } as const
const YES = { answer: 'yes', detail: '', output: '' } as const

test('a machine to which the lead is offered, and whose hook says no, is unfit and stays the standby', async () => {
  const world = new World('host2').running(false)
  world.hooks = { '10-array': async ({ phase }) => (phase === 'pre' ? NO : YES) }
  const driven = await drive(world)
  const reason = offerReason({ purpose: 'handover', to: 'host2' })
  const lead = { epoch: 2, node: 'host1', at: '', reason, gtid: '' }
  world.database.lead = lead
  world.peer = { ...world.peer, writable: false, lead }
  world.vip = true
  driven.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
  await driven.idle()
  expect(world.unfit).toBe(true)
  world.vip = false
  driven.supervisor.hear({ state: 'fault', instance: 'VI_1', source: 'fifo' })
  await driven.idle()
  expect(world.mode.mode).toBe('ap')
  expect(driven.supervisor.settler.state).toMatchObject({ role: 'standby', vrrp: 'fault' })
  expect(driven.supervisor.settler.bond.claim).toBe('none')
  await driven.close()
})

test('a handover that a peer which is well does not take is undone: this machine falls out of nothing, asks its hooks, and serves', async () => {
  const world = new World().running(true).beside(false)
  world.hooks = { '10-array': async () => YES }
  world.peer = { ...world.peer, writable: false }
  const driven = await drive(world)
  const taken = world.onChange
  world.onChange = (change) => {
    taken(change)
    if (change === 'unfit') world.vip = false
    if (change === 'fit') world.vip = true
  }
  const result = await driven.control.handover({ kill: false, timeoutMs: 500 }, quiet)
  expect(result, result.sentence).toMatchObject({ exit: 1 })
  await driven.idle()
  expect(world.acceptsWrites).toBe(true)
  await driven.close()
})
