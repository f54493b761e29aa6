import { describe, expect, test } from 'vitest'
import { Acknowledging } from '../../../src/host/acknowledging.ts'
import { Lease } from '../../../src/host/lease.ts'
import { leaseOf } from '../../../src/host/pace.ts'
import { exampleConfig, following, World } from '../../fakes/world.ts'

const { leaseMs, goneMs } = leaseOf(exampleConfig())
const whole = following('192.168.33.101')
const primary = { ...new World().peer, writable: true, commitsWithPeer: true }

function proved(): Lease {
  const lease = new Lease(leaseMs, false)
  lease.look(whole, primary, 0)
  lease.look(whole, primary, 250)
  return lease
}

describe('the lease of a replica', () => {
  test('takes two looks, lasts its time from the second, and no longer', () => {
    const lease = new Lease(leaseMs, false)
    lease.look(whole, primary, 0)
    expect(lease.valid(1)).toBe(false)
    lease.look(whole, primary, 250)
    expect([lease.valid(250), lease.valid(250 + leaseMs - 1), lease.valid(250 + leaseMs)]).toEqual([true, true, false])
  })

  test('is not proved before what was acknowledged alone has come too', () => {
    const lease = new Lease(leaseMs, false)
    const ahead = { ...primary, binlogPosition: '0-1-9' }
    lease.look(whole, ahead, 0)
    lease.look(whole, ahead, 250)
    expect(lease.valid(250)).toBe(false)
    lease.look({ ...whole, received: '0-1-9' }, ahead, 500)
    expect(lease.valid(500)).toBe(true)
  })

  test('ends at once when the primary acknowledges alone', () => {
    const lease = proved()
    lease.look(whole, { ...primary, commitsWithPeer: false }, 500)
    expect(lease.valid(500)).toBe(false)
  })

  test('outlives a primary that is silent, or refuses, for its time only', () => {
    const silent = proved()
    silent.interrupt()
    expect([silent.valid(1000), silent.valid(250 + leaseMs)]).toEqual([true, false])
  })

  test('is shorter than a primary waits for its silent peer, whatever the limits are', () => {
    for (const advertInterval of [0.05, 0.1, 1, 10]) {
      for (const hangTimeoutMs of [200, 2000, 60_000]) {
        const config = exampleConfig()
        const times = leaseOf({
          ...config,
          vrrp: { ...config.vrrp, advertInterval },
          database: { ...config.database, hangTimeoutMs },
        })
        expect(times.goneMs).toBeGreaterThan(times.leaseMs)
        expect(times.leaseMs).toBeGreaterThan(advertInterval * 3000)
      }
    }
  })
})

describe('a primary and the acknowledgements of its peer', () => {
  test('gives a silent peer up after longer than a lease, and one where nothing listens at once', () => {
    const silent = { ...primary, reachable: false, writable: null }
    const waiting = new Acknowledging(goneMs)
    let looks = 0
    expect(waiting.inOrder(true, { waiting: 0, received: 1 }, 0)).toBe(true)
    for (let now = 250; now < goneMs; now += 250) {
      expect(waiting.inOrder(false, { waiting: 3, received: 1 }, now)).toBe(false)
      waiting.missed(silent, false, false, now)
      expect(waiting.gone).toBe(false)
      expect(waiting.stalled(now)).toBe(looks++ > 0)
    }
    waiting.missed(silent, false, true, goneMs)
    expect(waiting.gone).toBe(false)
    waiting.missed(silent, false, false, goneMs)
    expect(waiting.gone).toBe(true)
    const moment = new Acknowledging(goneMs)
    moment.inOrder(true, { waiting: 0, received: 1 }, 0)
    moment.inOrder(true, { waiting: 1, received: 1 }, 250)
    expect(moment.stalled(250)).toBe(false)
    moment.inOrder(true, { waiting: 1, received: 1 }, 500)
    expect(moment.stalled(500)).toBe(true)
    // Its machine had no time to say good-bye: attached as far as the primary knows. It is trusted as soon as it is back.
    const lost = new Acknowledging(goneMs)
    for (let now = 0; now <= goneMs; now += 250) lost.inOrder(true, { waiting: 3, received: 1 }, now)
    lost.missed(silent, true, false, goneMs + 1000)
    expect(lost.gone).toBe(true)
    lost.inOrder(true, { waiting: 0, received: 2 }, goneMs + 1250)
    expect(lost.gone).toBe(false)
    const stuck = new Acknowledging(goneMs)
    stuck.inOrder(true, { waiting: 0, received: 1 }, 0)
    stuck.missed({ ...silent, reachable: true }, true, false, goneMs + 1000)
    stuck.inOrder(true, { waiting: 0, received: 2 }, goneMs + 1250)
    expect(stuck.gone).toBe(true)
    const refusing = new Acknowledging(goneMs)
    refusing.inOrder(false, null, 0)
    refusing.missed({ ...silent, refused: true }, false, false, 1)
    expect(refusing.gone).toBe(true)
  })
})
