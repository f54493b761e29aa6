import { afterEach, describe, expect, test } from 'vitest'
import { processMeter } from '../../../src/host/process-meter.ts'
import { type Driven, drive } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

let driven: Driven | null = null
afterEach(async () => {
  await driven?.close()
  driven = null
})

async function promoted(prepare: (world: World) => void): Promise<World> {
  const world = new World('host2').running(false)
  prepare(world)
  driven = await drive(world)
  world.vip = true
  world.peer = { ...world.peer, reachable: false, writable: null }
  driven.supervisor.hear({ state: 'master', instance: 'VI_1', source: 'fifo' })
  await driven.idle()
  return world
}

describe('the supervisor counts', () => {
  test('a failover once, with its time, and each of its steps', async () => {
    const { counting } = await promoted(() => {})
    const { transitions, steps } = counting.counted()
    expect(transitions.find(({ event }) => event === 'master')).toMatchObject({
      results: { done: 1, failed: 0, aborted: 0, refused: 0 },
      durations: { count: 1 },
    })
    const done = steps.filter(({ count }) => count > 0).map(({ step }) => step)
    expect(done).toEqual(expect.arrayContaining(['drain', 'record-lead', 'allow-writes', 'change-files']))
    expect(steps.every(({ failed }) => failed === 0)).toBe(true)
  })

  test('a step that fails each time that it fails, also when the history tells it once', async () => {
    const world = await promoted(({ failing }) => failing.set('drain', 'it takes too long'))
    driven?.supervisor.check('drift', 'supervisor')
    await driven?.idle()
    driven?.supervisor.check('drift', 'supervisor')
    await driven?.idle()
    const drain = world.counting.counted().steps.find(({ step }) => step === 'drain')
    expect(drain?.failed).toBeGreaterThanOrEqual(3)
    const failed = world.counting.counted().transitions.reduce((sum, { results }) => sum + results.failed, 0)
    expect(failed).toBe(drain?.failed)
    expect(world.history.filter(({ result }) => result === 'failed').length).toBeLessThan(failed)
  })
})

test('the process is measured in base units', () => {
  const meter = processMeter()
  expect(meter.cpuSeconds).toBeGreaterThan(0)
  expect(meter.cpuSeconds).toBeLessThan(3600)
  expect(meter.residentBytes).toBeGreaterThan(10_000_000)
  expect(meter.virtualBytes).toBeGreaterThan(meter.residentBytes)
  expect(meter.openFiles).toBeGreaterThan(2)
  expect(meter.mostFiles).toBeGreaterThanOrEqual(meter.openFiles ?? 0)
  expect(Math.abs(meter.startedAt - performance.timeOrigin / 1000)).toBeLessThan(1)
})
