import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BusError } from '../../../../src/adapters/systemd/bus.ts'
import { createSystemd } from '../../../../src/adapters/systemd/systemd.ts'
import type { Systemd, UnitStatus } from '../../../../src/ports/systemd.ts'
import { FakeBus } from './fake-bus.ts'

const CALL = { timeoutMs: 2000 }
let bus: FakeBus
let systemd: Systemd
let root: string
const logged: string[] = []

beforeEach(async () => {
  bus = new FakeBus()
  root = mkdtempSync(join(tmpdir(), 'apmode-systemd-'))
  logged.length = 0
  systemd = createSystemd({ busAddress: 'fake:', root, dial: bus.dial, log: (_, sentence) => logged.push(sentence) })
  await systemd.open(CALL)
})
afterEach(() => {
  systemd.close()
  rmSync(root, { recursive: true })
})

const jobs = (member: string) => bus.calls.filter((call) => call.startsWith(member))

describe('jobs over a bus', () => {
  it('subscribes before the first job', () => {
    expect(bus.calls[0]).toBe('Subscribe')
    expect([...bus.rules].some((rule) => rule.includes("member='JobRemoved'"))).toBe(true)
  })

  it('a JobRemoved that comes before the reply counts', async () => {
    const unit = bus.unit('x.service')
    bus.answers = {
      StartUnit: () => {
        unit.active = 'active'
        bus.signal('JobRemoved', [1, '/job/1', 'x.service', 'done'])
        return ['/job/1']
      },
    }
    expect(await systemd.start('x.service', CALL)).toEqual({ result: 'done', detail: '' })
  })

  it('a job that is done while the unit is inactive is a failure', async () => {
    bus.unit('x.service', { properties: { ConditionResult: false, Conditions: [], Result: 'success' } })
    bus.answers = {
      StartUnit: () => {
        bus.signal('JobRemoved', [1, '/job/1', 'x.service', 'done'])
        return ['/job/1']
      },
    }
    const detail = 'systemd skipped the start of x.service: a condition is not met'
    expect(await systemd.start('x.service', CALL)).toEqual({ result: 'failed', detail })
  })

  it('an alias is started by its primary name', async () => {
    bus.unit('mariadb.service', { active: 'active' })
    bus.aliases.set('mysql.service', 'mariadb.service')
    bus.answers = {
      StartUnit: () => {
        bus.signal('JobRemoved', [1, '/job/1', 'mariadb.service', 'done'])
        return ['/job/1']
      },
    }
    await systemd.start('mysql.service', CALL)
    expect(jobs('StartUnit')).toEqual(['StartUnit mariadb.service'])
  })

  it('a bus that dies in the middle of a job is waited for, and the job is asked for again', async () => {
    const unit = bus.unit('x.service')
    let asked = 0
    bus.answers = {
      StartUnit: () => {
        asked += 1
        if (asked === 1) {
          setImmediate(() => bus.lose())
          return ['/job/1']
        }
        unit.active = 'active'
        setImmediate(() => bus.signal('JobRemoved', [2, '/job/2', 'x.service', 'done']))
        return ['/job/2']
      },
    }
    expect((await systemd.start('x.service', CALL)).result).toBe('done')
    expect(asked).toBe(2)
    expect(bus.dials).toBe(2)
  })

  it('a lost bus is not waited for any more once told so: neither by who waits already nor by who comes later', async () => {
    bus.unit('x.service')
    bus.answers = { StartUnit: () => ['/job/1'] }
    const far = { timeoutMs: 60_000 }
    const started = systemd.start('x.service', far)
    const looked = vi.waitFor(() => expect(jobs('StartUnit')).toHaveLength(1))
    await looked
    bus.refused = true
    bus.lose()
    await new Promise((resolve) => setImmediate(resolve))
    systemd.stopWaiting()
    await expect(started).rejects.toMatchObject({ code: 'unreachable' })
    await expect(systemd.stop('x.service', far)).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('a job that does not end is a timeout, and names the unit', async () => {
    bus.unit('x.service')
    bus.answers = { StartUnit: () => ['/job/1'] }
    await expect(systemd.start('x.service', { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'timeout',
      message: 'cannot start x.service: systemd is still at it when the time limit is reached',
    })
  })

  it('an abort ends the wait at once, with its reason', async () => {
    bus.unit('x.service')
    bus.answers = { StartUnit: () => ['/job/1'] }
    const abort = new AbortController()
    const started = systemd.start('x.service', { ...CALL, signal: abort.signal })
    abort.abort(new Error('a newer event'))
    await expect(started).rejects.toThrow('a newer event')
  })

  it('a unit that systemd does not know is a value, not an error', async () => {
    bus.answers = {
      StartUnit: () => {
        throw new BusError('failed', 'Unit x.service not found.', { answer: 'org.freedesktop.systemd1.NoSuchUnit' })
      },
    }
    expect(await systemd.start('x.service', CALL)).toEqual({
      result: 'unknown-unit',
      detail: 'Unit x.service not found.',
    })
  })
})

describe('unit files over a bus', () => {
  const changes = () => bus.calls.filter((call) => /UnitFiles|Reload/.test(call))

  it('a batch is one call for each kind of change and one Reload', async () => {
    for (const id of ['a.service', 'b.service']) bus.unit(id, { file: 'enabled' })
    const units = ['a.service', 'b.service']
    expect(await systemd.changeFiles({ disable: units, mask: units }, CALL)).toEqual([])
    expect(changes()).toEqual(['DisableUnitFiles a.service,b.service', 'MaskUnitFiles a.service,b.service', 'Reload'])
  })

  it('what is already as asked costs nothing', async () => {
    bus.unit('a.service', { file: 'masked', load: 'masked' })
    expect(await systemd.changeFiles({ mask: ['a.service'], disable: ['a.service'] }, CALL)).toEqual([])
    expect(changes()).toEqual([])
  })

  it('a Reload that a crash left out is made up for', async () => {
    bus.unit('a.service', { file: 'masked', load: 'loaded' })
    await systemd.changeFiles({ mask: ['a.service'] }, CALL)
    expect(changes()).toEqual(['Reload'])
  })

  it('a unit of /etc is masked by a drop-in, seen as masked, and freed again', async () => {
    bus.unit('a.service', { properties: { FragmentPath: '/etc/systemd/system/a.service' } })
    expect(await systemd.changeFiles({ mask: ['a.service'] }, CALL)).toEqual([])
    expect(changes()).toEqual(['Reload'])
    expect((await systemd.observe(['a.service'], CALL))[0]?.file).toBe('masked')
    expect(await systemd.changeFiles({ unmask: ['a.service'] }, CALL)).toEqual([])
    expect((await systemd.observe(['a.service'], CALL))[0]?.file).toBe('disabled')
  })

  it('one bad unit does not keep the others from changing, and is the only one reported', async () => {
    const unit = bus.unit('a.service')
    bus.answers = {
      EnableUnitFiles: ([units]) => {
        if ((units as string[]).includes('bad.service')) throw new BusError('failed', 'no such file', { answer: 'x.y' })
        unit.file = 'enabled'
        return []
      },
    }
    expect(await systemd.changeFiles({ enable: ['a.service', 'bad.service'] }, CALL)).toEqual([
      { unit: 'bad.service', wanted: 'enabled', reason: 'no such file' },
    ])
  })
})

describe('observing over a bus', () => {
  it('the state of a file is asked for once, and again when systemd says that files changed', async () => {
    const unit = bus.unit('x.service')
    await systemd.observe(['x.service'], CALL)
    await systemd.observe(['x.service'], CALL)
    expect(jobs('GetUnitFileState')).toHaveLength(1)
    unit.file = 'enabled'
    bus.signal('UnitFilesChanged', [])
    expect((await systemd.observe(['x.service'], CALL))[0]?.file).toBe('enabled')
  })

  it('an alias of a masked unit, which does not load, is the masked unit', async () => {
    bus.unit('mysql.service', { load: 'error', properties: { FragmentPath: '/etc/systemd/system/mariadb.service' } })
    bus.unit('mariadb.service', { load: 'masked', file: 'masked' })
    const found = { name: 'mysql.service', id: 'mariadb.service', load: 'masked', file: 'masked' }
    expect((await systemd.observe(['mysql.service'], CALL))[0]).toMatchObject(found)
  })

  it('a name that is no unit name is missing', async () => {
    expect((await systemd.observe(['mariadb'], CALL))[0]).toMatchObject({ name: 'mariadb', active: 'missing' })
  })
})

describe('killing over a bus', () => {
  it('ends when the main process is gone, whatever systemd said of the others', async () => {
    bus.unit('x.service', { active: 'active', mainPid: 7 })
    bus.answers = {
      KillUnit: () => {
        setImmediate(() => bus.changed('x.service', { active: 'failed', mainPid: 0 }))
        throw new BusError('failed', 'Input/output error', { answer: 'System.Error.EIO' })
      },
    }
    await systemd.kill('x.service', CALL)
  })

  it('a main process that does not die is a timeout', async () => {
    bus.unit('x.service', { active: 'active', mainPid: 7 })
    await expect(systemd.kill('x.service', { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'timeout',
      message: 'cannot kill x.service: its main process still lives after SIGKILL',
    })
  })
})

describe('watching over a bus', () => {
  const heard: UnitStatus[] = []
  const words = () => heard.map(({ active, sub }) => `${active} (${sub})`)
  beforeEach(() => {
    heard.length = 0
  })

  it('tells the first look, then each change once', async () => {
    bus.unit('x.service', { active: 'active', sub: 'running', mainPid: 7 })
    systemd.watch(['x.service'], (status) => heard.push(status))
    await vi.waitFor(() => expect(heard).toHaveLength(1))
    bus.changed('x.service', { active: 'failed', sub: 'failed', mainPid: 0 })
    bus.changed('x.service', {})
    bus.changed('x.service', { active: 'activating', sub: 'auto-restart' })
    expect(words()).toEqual(['active (running)', 'failed (failed)', 'activating (auto-restart)'])
    expect(heard[1]?.mainPid).toBe(0)
  })

  it('a look that a change overtook is not told', async () => {
    bus.unit('x.service', { active: 'active', sub: 'running' })
    let looks = 0
    bus.answers = {
      GetUnitFileState: () => {
        looks += 1
        if (looks === 1) bus.changed('x.service', { active: 'failed', sub: 'failed' })
        return ['disabled']
      },
    }
    systemd.watch(['x.service'], (status) => heard.push(status))
    await vi.waitFor(() => expect(heard).toHaveLength(1))
    expect(words()).toEqual(['failed (failed)'])
  })

  it('what changed while the bus was away is told when it is back', async () => {
    const unit = bus.unit('x.service', { active: 'active', sub: 'running' })
    const states: boolean[] = []
    systemd.onConnection((connected) => states.push(connected))
    systemd.watch(['x.service'], (status) => heard.push(status))
    await vi.waitFor(() => expect(heard).toHaveLength(1))
    unit.active = 'failed'
    bus.lose()
    await vi.waitFor(() => expect(words()).toEqual(['active (running)', 'failed (running)']))
    expect(states).toEqual([false, true])
    expect([...bus.rules].some((rule) => rule.includes('x_2eservice'))).toBe(true)
  })

  it('a listener that throws is logged and harms nobody', async () => {
    bus.unit('x.service')
    systemd.watch(['x.service'], () => {
      throw new Error('oops')
    })
    systemd.watch(['x.service'], (status) => heard.push(status))
    await vi.waitFor(() => expect(heard).toHaveLength(1))
    expect(logged).toContain('a listener for x.service failed: oops')
  })

  it('an alias is followed to its unit', async () => {
    bus.unit('mariadb.service', { active: 'active', sub: 'running' })
    bus.aliases.set('mysql.service', 'mariadb.service')
    systemd.watch(['mysql.service'], (status) => heard.push(status))
    await vi.waitFor(() => expect(heard).toHaveLength(1))
    bus.changed('mariadb.service', { active: 'failed', sub: 'failed' })
    expect(heard.at(-1)).toMatchObject({ name: 'mysql.service', id: 'mariadb.service', active: 'failed' })
  })
})

describe('the connection', () => {
  it('systemd leaving the bus is a loss, and is followed by a new subscription', async () => {
    const states: boolean[] = []
    systemd.onConnection((connected) => states.push(connected))
    bus.signal(
      'NameOwnerChanged',
      ['org.freedesktop.systemd1', ':1.0', ''],
      '/org/freedesktop/DBus',
      'org.freedesktop.DBus',
    )
    await vi.waitFor(() => expect(states).toEqual([false, true]))
    expect(jobs('Subscribe')).toHaveLength(2)
  })

  it('a bus that cannot be reached is told within the limit', async () => {
    const away = createSystemd({ dial: () => Promise.reject(new BusError('unreachable', 'no such socket')) })
    await expect(away.open({ timeoutMs: 60 })).rejects.toMatchObject({
      code: 'unreachable',
      message: 'cannot reach systemd: the system bus cannot be reached (no such socket)',
    })
    away.close()
  })
})
