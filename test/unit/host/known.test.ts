import { expect, test } from 'vitest'
import { createControl } from '../../../src/host/control.ts'
import { drive } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

test('what is known is what a look tells, without a look', async () => {
  const it = await drive(new World().running(true).beside(false))
  const control = createControl(it.supervisor)
  const status = await control.status()
  expect(control.known()).toEqual(status)
  expect(status).toMatchObject({ writable: true, peer: { name: 'host2', mode: 'ap', fit: true } })
  await it.close()
})

test('whoever listens hears of every change, until it does not want to any more', async () => {
  const world = new World().running(true).beside(false)
  const it = await drive(world)
  const control = createControl(it.supervisor)
  const heard: (boolean | null)[] = []
  const stop = control.onChange(() => heard.push(control.known().writable))
  await control.set({ mode: 'm', now: false, force: true }, () => {})
  expect(heard.at(-1)).toBe(false)
  const count = heard.length
  stop()
  await control.set({ mode: 's', now: false, force: true }, () => {})
  expect(heard).toHaveLength(count)
  await it.close()
})
