import { describe, expect, it } from 'vitest'
import { skippedBecause } from '../../../../src/adapters/systemd/run-job.ts'
import { isUnitName, unitPath } from '../../../../src/adapters/systemd/unit-name.ts'
import { activeState, fileState, missingUnit, withChanges } from '../../../../src/adapters/systemd/unit-status.ts'

describe('unit names', () => {
  it.each([
    ['mariadb.service', '/org/freedesktop/systemd1/unit/mariadb_2eservice'],
    ['getty@tty-1.service', '/org/freedesktop/systemd1/unit/getty_40tty_2d1_2eservice'],
    ['9p.mount', '/org/freedesktop/systemd1/unit/_39p_2emount'],
  ])('the path of %s is the one that systemd uses', (name, path) => {
    expect(unitPath(name)).toBe(path)
  })

  it.each(['mariadb', 'getty@.service', 'a b.service', '', '../x.service', 'x.conf', `${'x'.repeat(250)}.service`])(
    '%j is not the name of a unit',
    (name) => {
      expect(isUnitName(name)).toBe(false)
    },
  )
})

describe('states', () => {
  it('a unit without a file is missing only when nothing of it runs', () => {
    expect(activeState('inactive', 'not-found')).toBe('missing')
    expect(activeState('active', 'not-found')).toBe('active')
  })

  it('an unknown word never reads as health', () => {
    expect(activeState('splendid', 'loaded')).toBe('failed')
    expect(fileState('splendid')).toBe('bad')
  })

  it('a signal changes what it names and keeps the rest', () => {
    const known = { ...missingUnit('x.service'), active: 'active', sub: 'running', load: 'loaded', mainPid: 7 } as const
    expect(withChanges(known, { ActiveState: 'activating', SubState: 'auto-restart', Job: [12, '/job/12'] })).toEqual({
      ...known,
      active: 'activating',
      sub: 'auto-restart',
      jobPending: true,
    })
    expect(withChanges(known, { MainPID: 0 }).mainPid).toBe(0)
  })
})

describe('a start that a condition skipped', () => {
  it('is told with the conditions that are not met', () => {
    const conditions = [
      ['ConditionPathExists', false, true, '/', -1],
      ['ConditionVirtualization', false, false, 'yes', 1],
    ]
    expect(skippedBecause(false, conditions)).toBe('ConditionPathExists=!/ is not met')
    expect(skippedBecause(false, [])).toBe('a condition is not met')
    expect(skippedBecause(true, conditions)).toBeNull()
  })
})
