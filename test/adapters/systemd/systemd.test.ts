import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { dial } from '../../../src/adapters/systemd/bus.ts'
import { Link } from '../../../src/adapters/systemd/link.ts'
import type { Systemd, UnitStatus } from '../../../src/ports/systemd.ts'
import { type Machine, skipped, startMachine } from './machine.ts'

const CALL = { timeoutMs: 15_000 }
const DONE = { result: 'done', detail: '' }
const PATIENCE = { timeout: 5000, interval: 5 }

describe.skipIf(skipped !== null)('a real systemd', () => {
  let machine: Machine
  let systemd: Systemd
  let unwatch = () => {}
  let heard: UnitStatus[] = []
  /** How often systemd has reloaded, as somebody else on the bus sees it. */
  let reloads = 0
  let witness: Link

  beforeAll(async () => {
    machine = await startMachine()
    systemd = machine.systemd
    witness = new Link(machine.busAddress, dial, () => {})
    witness.onSignal(({ member, body }) => {
      if (member === 'Reloading' && body[0] === true) reloads += 1
    })
    witness.start()
    await witness.connectedWithin(5000)
  })
  afterAll(async () => {
    witness?.close()
    await machine?.stop()
  })
  afterEach(async () => {
    unwatch()
    heard = []
    reloads = 0
    for (const unit of ['plain.service', 'again.service', 'slow.service', 'in-etc.service'])
      await systemd.stop(unit, CALL)
  })

  const one = async (unit: string) => (await systemd.observe([unit], CALL))[0]
  const watch = async (unit: string) => {
    unwatch = systemd.watch([unit], (status) => heard.push(status))
    await vi.waitFor(() => expect(heard).toHaveLength(1), PATIENCE)
    heard = []
  }

  it('says how it is itself', async () => {
    expect(['running', 'degraded']).toContain(await systemd.systemState(CALL))
  })

  describe('start and stop', () => {
    it('are done when the unit agrees, and done again when there is nothing to do', async () => {
      expect(await systemd.start('plain.service', CALL)).toEqual(DONE)
      expect(await systemd.start('plain.service', CALL)).toEqual(DONE)
      expect(await one('plain.service')).toMatchObject({ active: 'active', sub: 'running', jobPending: false })
      expect((await one('plain.service'))?.mainPid).toBeGreaterThan(1)
      expect(await systemd.stop('plain.service', CALL)).toEqual(DONE)
      expect(await systemd.stop('plain.service', CALL)).toEqual(DONE)
      expect(await one('plain.service')).toMatchObject({ active: 'inactive', mainPid: 0 })
    })

    it('by an alias reach the unit behind it', async () => {
      expect(await systemd.start('alias.service', CALL)).toEqual(DONE)
      expect(await one('plain.service')).toMatchObject({ active: 'active' })
      expect(await one('alias.service')).toMatchObject({ name: 'alias.service', id: 'plain.service', active: 'active' })
    })

    it('of a program that fails is a failure with its result', async () => {
      const { result, detail } = await systemd.start('bad.service', CALL)
      expect(result).toBe('failed')
      expect(detail).toBe(
        'the start job of bad.service ended as failed; the unit is failed (failed), its result is exit-code',
      )
    })

    it('that a condition skipped is not done', async () => {
      expect(await systemd.start('skipped.service', CALL)).toEqual({
        result: 'failed',
        detail: 'systemd skipped the start of skipped.service: ConditionPathExists=/nowhere is not met',
      })
    })

    it('of a unit that does not exist is unknown-unit, and it is observed as missing', async () => {
      expect(await systemd.start('none.service', CALL)).toMatchObject({ result: 'unknown-unit' })
      expect(await systemd.stop('none.service', CALL)).toMatchObject({ result: 'unknown-unit' })
      expect(await one('none.service')).toMatchObject({ active: 'missing', file: 'missing', load: 'not-found' })
    })

    it('a stop cancels a start on its way', async () => {
      const starting = systemd.start('slow.service', CALL)
      await vi.waitFor(async () => expect((await one('slow.service'))?.jobPending).toBe(true), PATIENCE)
      expect(await systemd.stop('slow.service', CALL)).toEqual(DONE)
      expect((await starting).result).toBe('canceled')
    })

    it('a start that takes too long is a timeout, and goes on', async () => {
      await expect(systemd.start('slow.service', { timeoutMs: 200 })).rejects.toMatchObject({ code: 'timeout' })
      expect((await one('slow.service'))?.active).toBe('activating')
    })
  })

  describe('unit files', () => {
    const units = ['plain.service', 'second.service', 'in-etc.service']
    const files = async () => (await systemd.observe(units, CALL)).map(({ file }) => file)

    it('a batch needs one reload, and the same batch again needs none', async () => {
      expect(await systemd.changeFiles({ enable: units }, CALL)).toEqual([])
      expect(await files()).toEqual(['enabled', 'enabled', 'enabled'])
      expect(reloads).toBe(1)
      expect(await systemd.changeFiles({ enable: units }, CALL)).toEqual([])
      expect(reloads).toBe(1)
    })

    it('disable and mask together, a unit of /etc among them, need one reload; nothing starts any more', async () => {
      expect(await systemd.changeFiles({ disable: units, mask: units }, CALL)).toEqual([])
      expect(await files()).toEqual(['masked', 'masked', 'masked'])
      expect(reloads).toBe(1)
      for (const unit of units) expect((await systemd.start(unit, CALL)).result).toBe('failed')
      expect(await systemd.changeFiles({ mask: units }, CALL)).toEqual([])
      expect(reloads).toBe(1)
    })

    it('unmask leaves what disable was asked for, and everything starts again', async () => {
      expect(await systemd.changeFiles({ unmask: units, disable: units }, CALL)).toEqual([])
      expect(await files()).toEqual(['disabled', 'disabled', 'disabled'])
      expect(reloads).toBe(1)
      expect(await systemd.start('in-etc.service', CALL)).toEqual(DONE)
    })

    it('what was enabled beneath a mask is disabled when it is unmasked', async () => {
      await systemd.changeFiles({ enable: ['plain.service'] }, CALL)
      await machine.node.must(['systemctl', 'mask', 'plain.service'])
      expect(await systemd.changeFiles({ unmask: ['plain.service'], disable: ['plain.service'] }, CALL)).toEqual([])
      expect((await one('plain.service'))?.file).toBe('disabled')
    })

    it('a mask by an alias masks the unit behind it, and is taken away by the alias', async () => {
      expect(await systemd.changeFiles({ mask: ['mysql.service'] }, CALL)).toEqual([])
      expect(await one('mariadb.service')).toMatchObject({ file: 'masked', load: 'masked' })
      expect(await one('mysql.service')).toMatchObject({ id: 'mariadb.service', file: 'masked' })
      expect((await systemd.start('mysql.service', CALL)).result).toBe('failed')
      expect(await systemd.changeFiles({ unmask: ['mysql.service'] }, CALL)).toEqual([])
      expect(await one('mariadb.service')).toMatchObject({ load: 'loaded' })
    })

    it("an operator's runtime mask is taken away too", async () => {
      await machine.node.must(['systemctl', 'mask', '--runtime', 'plain.service'])
      expect(await systemd.changeFiles({ unmask: ['plain.service'] }, CALL)).toEqual([])
      expect((await one('plain.service'))?.file).toBe('disabled')
    })

    it('a linked unit stays known when it is disabled', async () => {
      await machine.node.must(['systemctl', 'enable', '/opt/linked.service'])
      expect(await systemd.changeFiles({ disable: ['linked.service'] }, CALL)).toEqual([])
      expect((await one('linked.service'))?.file).toBe('linked')
    })

    it('one that cannot be changed is reported alone', async () => {
      expect(await systemd.changeFiles({ enable: ['none.service', 'second.service'] }, CALL)).toEqual([
        { unit: 'none.service', wanted: 'enabled', reason: 'Unit file none.service does not exist.' },
      ])
      expect((await one('second.service'))?.file).toBe('enabled')
    })
  })

  describe('watching', () => {
    it('tells of a SIGKILL within milliseconds, without a job', async () => {
      await watch('alias.service')
      const times: number[] = []
      for (let n = 0; n < 3; n++) {
        await systemd.start('plain.service', CALL)
        const { mainPid } = (await one('plain.service')) ?? { mainPid: 0 }
        await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ active: 'active', mainPid }), { timeout: 2000 })
        heard.length = 0
        machine.kill(mainPid)
        const killed = performance.now()
        await vi.waitFor(() => expect(heard).not.toHaveLength(0), { timeout: 2000, interval: 1 })
        times.push(performance.now() - killed)
      }
      console.info(`SIGKILL → told: ${times.map((ms) => ms.toFixed(1)).join(', ')} ms`)
      expect(Math.min(...times)).toBeLessThan(250)
      expect(heard[0]).toMatchObject({ name: 'alias.service', active: 'failed', jobPending: false, mainPid: 0 })
    })

    it('tells of a death that systemd mends by itself', async () => {
      await systemd.start('again.service', CALL)
      await watch('again.service')
      machine.kill((await one('again.service'))?.mainPid ?? 0)
      await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ active: 'active', jobPending: false }), PATIENCE)
      expect(heard.some(({ sub }) => sub === 'auto-restart')).toBe(true)
    })

    it("an operator's restart has a job pending for as long as the unit is not active", async () => {
      await systemd.start('plain.service', CALL)
      await watch('plain.service')
      await machine.node.must(['systemctl', 'restart', 'plain.service'])
      await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ active: 'active', jobPending: false }), PATIENCE)
      expect(heard.filter(({ active, jobPending }) => active !== 'active' && !jobPending)).toEqual([])
      expect(heard.some(({ active }) => active !== 'active')).toBe(true)
    })

    it('tells of a unit that was stopped and forgotten when it starts again', async () => {
      await watch('plain.service')
      await machine.node.must(['systemctl', 'start', 'plain.service'])
      await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ active: 'active', sub: 'running' }), PATIENCE)
    })

    it("tells of an operator's mask", async () => {
      await watch('plain.service')
      await machine.node.must(['systemctl', 'mask', 'plain.service'])
      await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ file: 'masked', load: 'masked' }), PATIENCE)
      await machine.node.must(['systemctl', 'unmask', 'plain.service'])
      await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ load: 'loaded' }), PATIENCE)
    })
  })

  it('kill leaves no main process', async () => {
    await systemd.start('plain.service', CALL)
    await systemd.kill('plain.service', CALL)
    expect(await one('plain.service')).toMatchObject({ active: 'failed', mainPid: 0 })
    await systemd.kill('none.service', CALL)
  })
})
