import { expect, test } from 'vitest'
import { nextCommand } from '../../../src/host/next-command.ts'
import type { Status } from '../../../src/ports/control.ts'
import { A_PEER, A_STATUS } from '../../fakes/control.ts'

const running = A_STATUS.units.map((unit) => ({ ...unit, active: 'active' as const }))
const peer = { ...A_PEER, writable: true, attached: false }
const beside = { peer, holder: false, units: running, reasons: [], replication: null } as const

const next = (facts: Partial<Status>, servicesRun = true) => {
  const found = nextCommand({ ...A_STATUS, units: running, ...facts }, servicesRun)
  return found === null ? null : `${found.on ?? 'here'}: ${found.command}`
}

test.each<[string, Partial<Status>, boolean, string | null]>([
  ['all is well', {}, true, null],
  ['in maintenance while the peer serves', { ...beside, mode: 'm' }, true, 'here: apmode rejoin'],
  [
    'in maintenance, and nobody serves',
    { ...beside, mode: 'm', peer: { ...peer, writable: false } },
    true,
    'here: apmode set ap --now',
  ],
  ['booted in ap while the peer serves', { ...beside, mode: 'ap' }, false, 'here: apmode rejoin'],
  [
    'booted in ap, and nobody serves',
    { ...beside, mode: 'ap', peer: { ...peer, writable: false } },
    false,
    'here: apmode start',
  ],
  [
    'diverged',
    { ...beside, mode: 'ap', reasons: ['G6 diverged: only this machine has 0-1-5'] },
    true,
    'here: apmode reclone',
  ],
  [
    'alone, the peer attached',
    { mode: 's', peer: { ...peer, writable: false, attached: true } },
    true,
    'here: apmode set ap',
  ],
  [
    'alone, the peer away',
    { mode: 's', holder: true, peer: { ...peer, writable: null, reachable: false } },
    true,
    'host2: apmode rejoin',
  ],
])('%s', (_name, facts, servicesRun, expected) => {
  expect(next(facts, servicesRun)).toBe(expected)
})
