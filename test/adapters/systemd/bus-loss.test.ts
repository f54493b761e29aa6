import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Systemd, UnitStatus } from '../../../src/ports/systemd.ts'
import { type Machine, skipped, startMachine } from './machine.ts'

const CALL = { timeoutMs: 15_000 }
const DONE = { result: 'done', detail: '' }
const PATIENCE = { timeout: 10_000, interval: 10 }

describe.skipIf(skipped !== null)('a bus that goes away', () => {
  let machine: Machine
  let systemd: Systemd
  const states: boolean[] = []

  beforeAll(async () => {
    machine = await startMachine()
    systemd = machine.systemd
    systemd.onConnection((connected) => states.push(connected))
  })
  afterAll(async () => {
    await machine?.stop()
  })

  const one = async (unit: string) => (await systemd.observe([unit], CALL))[0]
  const killBus = async () => machine.kill((await one('dbus.service'))?.mainPid ?? 0)

  it('dbus-daemon killed in the middle of a job: the job is seen to its end', async () => {
    states.length = 0
    const started = systemd.start('slow.service', CALL)
    await vi.waitFor(async () => expect((await one('slow.service'))?.jobPending).toBe(true), PATIENCE)
    await killBus()
    await vi.waitFor(() => expect(states).toEqual([false, true]), PATIENCE)
    expect(await started).toEqual(DONE)
    expect(await systemd.stop('slow.service', CALL)).toEqual(DONE)
  })

  it('systemctl daemon-reexec in the middle of a job: the same', async () => {
    states.length = 0
    const started = systemd.start('slow.service', CALL)
    await vi.waitFor(async () => expect((await one('slow.service'))?.jobPending).toBe(true), PATIENCE)
    await machine.node.must(['systemctl', 'daemon-reexec'])
    expect(await started).toEqual(DONE)
    await vi.waitFor(() => expect(states.at(-1)).toBe(true), PATIENCE)
    expect(states[0]).toBe(false)
    expect(await systemd.stop('slow.service', CALL)).toEqual(DONE)
  })

  it('a death while nobody could tell of it is told when the bus is back', async () => {
    const heard: UnitStatus[] = []
    await systemd.start('plain.service', CALL)
    const { mainPid } = (await one('plain.service')) ?? { mainPid: 0 }
    const unwatch = systemd.watch(['plain.service'], (status) => heard.push(status))
    await vi.waitFor(() => expect(heard).toHaveLength(1), PATIENCE)
    await killBus()
    machine.kill(mainPid)
    await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ active: 'failed', mainPid: 0 }), PATIENCE)
    unwatch()
  })

  it('without a bus every call ends soon and says why; afterwards everything works as before', async () => {
    await machine.node.must(['systemctl', 'stop', 'dbus.socket', 'dbus.service'])
    await vi.waitFor(() => expect(systemd.connected).toBe(false), PATIENCE)
    const before = performance.now()
    await expect(systemd.observe(['plain.service'], CALL)).rejects.toMatchObject({ code: 'unreachable' })
    await expect(systemd.stop('plain.service', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'unreachable' })
    expect(performance.now() - before).toBeLessThan(3000)
    await machine.node.must(['systemctl', 'start', 'dbus.socket', 'dbus.service'])
    await vi.waitFor(() => expect(systemd.connected).toBe(true), PATIENCE)
    expect(await systemd.start('plain.service', CALL)).toEqual(DONE)
  })

  it('a bus that hangs costs a call its limit and no more', async () => {
    const { mainPid } = (await one('dbus.service')) ?? { mainPid: 0 }
    await machine.node.must(['kill', '-STOP', String(mainPid)])
    await expect(systemd.observe(['plain.service'], { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'timeout',
      message: 'cannot look at plain.service: ListUnitsByNames was not answered within 300 ms',
    })
    await machine.node.must(['kill', '-CONT', String(mainPid)])
    expect((await one('plain.service'))?.active).toBe('active')
  })
})
