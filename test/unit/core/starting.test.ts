import { describe, expect, test } from 'vitest'
import { judge } from '../../../src/core/judge.ts'
import type { ObservedUnit } from '../../../src/core/observed.ts'
import { ALL_STARTED, START_TRIES, type StartFailure } from '../../../src/core/starting.ts'
import { configOf, THREE } from './config/example.ts'
import { at, seen, unit } from './seen.ts'

const MOUNT = 'srv-data.mount'
const APACHE = 'apache2.service'
const failure = (more: Partial<StartFailure>): StartFailure => {
  return { unit: MOUNT, tries: 1, detail: 'no', inPlace: true, rests: false, ...more }
}

/** The units that the holder starts when its mount is like this and Apache, behind it, is down. */
function started(mount: Partial<ObservedUnit>, failures: readonly StartFailure[] = []): string[] {
  const holder = { runs: 'holder', active: 'inactive' } as const
  const units = [
    unit(MOUNT, { ...holder, kind: 'other', ...mount }),
    unit(APACHE, holder),
    unit('keepalived.service', { kind: 'router' }),
  ]
  const observed = seen({ vip: true, units, starting: { ...ALL_STARTED, failures, nobodyElse: true } })
  const circumstances = { event: 'check', from: at('ap active master'), planned: false }
  const { grant } = judge(at('ap active master'), observed, configOf(THREE), circumstances).plan
  return grant.flatMap((step) => (step.do === 'start-unit' ? [step.unit] : []))
}

describe('behind a unit of the holder', () => {
  test.each([
    ['rests before its next try', { active: 'failed' }, [failure({ rests: true })]],
    ['is still on its way up', { active: 'activating', jobPending: true }, []],
    ['needed longer than its start is waited for', { active: 'activating', jobPending: true }, [failure({})]],
    ['goes on starting without a job', { active: 'activating', sub: 'start' }, [failure({})]],
    ['is on its way down', { active: 'deactivating', jobPending: true }, []],
  ] as const)('that %s nothing is started', (_name, mount, failures) => {
    expect(started(mount, failures)).toEqual([])
  })

  test('that does not run everything is started in order, also one that systemd would start again later', () => {
    expect(started({})).toEqual([MOUNT, APACHE])
    expect(started({ active: 'failed' }, [failure({})])).toEqual([MOUNT, APACHE])
    expect(started({ active: 'activating', sub: 'auto-restart' })).toEqual([MOUNT, APACHE])
  })

  test.each([{ active: 'failed' }, { active: 'activating', jobPending: true }] as const)(
    'that was given up ($active) the others are started',
    (mount) => {
      expect(started(mount, [failure({ tries: START_TRIES, rests: true })])).toEqual([APACHE])
    },
  )

  test('that runs the next one is started', () => {
    expect(started({ active: 'active' })).toEqual([APACHE])
  })
})
