import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fingerprint } from '../../../src/host/fingerprint.ts'
import type { Parts } from '../../../src/host/parts.ts'
import { Presence, type PresenceView } from '../../../src/host/presence.ts'
import type { Database, Presence as Said } from '../../../src/ports/database.ts'
import { World } from '../../fakes/world.ts'

const FIT: PresenceView = { mode: 'ap', role: 'standby', vrrp: 'backup', fit: true, reasons: '' }
const UNFIT: PresenceView = { ...FIT, fit: false, reasons: 'nginx.service is failed' }
const SOON_MS = 500
const AGAIN_MS = 30_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** `answer`: what the database does with an announcement, instead of taking it. */
function machine() {
  const world = new World().running(true)
  const parts = world.parts()
  const { database: taking } = parts
  if (taking === null) throw new Error('the world has a database')
  const asked: Omit<Said, 'at'>[] = []
  const subject: { answer: (() => Promise<void>) | null } = { answer: null }
  const database: Database = {
    ...taking,
    announce: (presence, call) => {
      asked.push(presence)
      return subject.answer === null ? taking.announce(presence, call) : subject.answer()
    },
  }
  const presence = new Presence({ ...parts, database } satisfies Parts)
  return { world, presence, asked, subject }
}

const refuses = () => Promise.reject(new Error('cannot say how this machine is: nothing listens'))

test('it says how the machine is, under its name, with the hash of its configuration', async () => {
  const { world, presence } = machine()
  presence.tell(UNFIT)
  await vi.advanceTimersByTimeAsync(SOON_MS)
  const { config } = world
  expect(world.announced).toMatchObject([{ ...UNFIT, node: config.node.name, configuration: fingerprint(config) }])
  presence.stop()
})

test('telling is never waited for, and the same thing is said once', async () => {
  const { world, presence } = machine()
  expect(presence.tell(FIT)).toBeUndefined()
  expect(world.announced).toEqual([])
  for (let settled = 0; settled < 20; settled += 1) {
    await vi.advanceTimersByTimeAsync(SOON_MS)
    presence.tell({ ...FIT })
  }
  expect(world.announced).toHaveLength(1)
  presence.stop()
})

test('a change is said soon; what was overtaken is not said', async () => {
  const { world, presence } = machine()
  presence.tell(FIT)
  await vi.advanceTimersByTimeAsync(SOON_MS)
  presence.tell(UNFIT)
  presence.tell({ ...FIT, vrrp: 'master' })
  await vi.advanceTimersByTimeAsync(SOON_MS)
  expect(world.announced.map(({ vrrp, fit }) => [vrrp, fit])).toEqual([
    ['backup', true],
    ['master', true],
  ])
  presence.stop()
})

test('changes without a pause do not put it off for ever', async () => {
  const { world, presence } = machine()
  for (let change = 0; change < 40; change += 1) {
    presence.tell({ ...UNFIT, reasons: `reason ${change}` })
    await vi.advanceTimersByTimeAsync(50)
  }
  expect(world.announced.length).toBeGreaterThan(0)
  presence.stop()
})

test('it is said again every 30 seconds', async () => {
  const { world, presence } = machine()
  presence.tell(FIT)
  await vi.advanceTimersByTimeAsync(SOON_MS + 3 * AGAIN_MS)
  expect(world.announced).toHaveLength(4)
  presence.stop()
})

test('one at a time: what changes while it is said is said afterwards', async () => {
  const { presence, asked, subject } = machine()
  let done: () => void = () => {}
  subject.answer = () => new Promise((resolve) => (done = resolve))
  presence.tell(FIT)
  await vi.advanceTimersByTimeAsync(SOON_MS)
  presence.tell(UNFIT)
  await vi.advanceTimersByTimeAsync(5 * AGAIN_MS)
  expect(asked.map(({ fit }) => fit)).toEqual([true])
  done()
  await vi.advanceTimersByTimeAsync(SOON_MS)
  expect(asked.map(({ fit }) => fit)).toEqual([true, false])
  presence.stop()
})

test('a database that is down is told as soon as it is back, and the log has it once, at debug', async () => {
  const { world, presence, asked, subject } = machine()
  subject.answer = refuses
  presence.tell(FIT)
  await vi.advanceTimersByTimeAsync(20_000)
  expect(asked.length).toBeGreaterThan(3)
  expect(asked.length).toBeLessThan(15)
  expect(world.announced).toEqual([])
  expect(world.log).toEqual([expect.stringMatching(/^debug.*cannot say how this machine is/)])
  subject.answer = null
  await vi.advanceTimersByTimeAsync(2_500)
  expect(world.announced).toHaveLength(1)
  subject.answer = refuses
  await vi.advanceTimersByTimeAsync(2 * AGAIN_MS)
  expect(world.log).toHaveLength(2)
  presence.stop()
})

test('after the end it says nothing any more', async () => {
  const { presence, asked } = machine()
  presence.tell(FIT)
  presence.stop()
  presence.tell(UNFIT)
  await vi.advanceTimersByTimeAsync(2 * AGAIN_MS)
  expect(asked).toEqual([])
})

test('a standby that turns unfit says so at once, in case its peer fails too', async () => {
  const { presence, asked } = machine()
  presence.tell(FIT)
  await vi.advanceTimersByTimeAsync(SOON_MS)
  presence.tell(UNFIT)
  await vi.advanceTimersByTimeAsync(0)
  expect(asked.at(-1)?.fit).toBe(false)
  presence.stop()
})
