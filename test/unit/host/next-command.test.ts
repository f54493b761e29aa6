import { expect, test } from 'vitest'
import { nextCommand } from '../../../src/host/next-command.ts'
import type { Status } from '../../../src/ports/control.ts'
import { A_PEER, A_STATUS } from '../../fakes/control.ts'
import { synced } from '../../fakes/world.ts'

const running = A_STATUS.units.map((unit) => ({ ...unit, active: 'active' as const }))
const reloading = running.map((unit) => ({ ...unit, active: 'reloading' as const }))
const unknown = { ...A_PEER, writable: null, reachable: null, attached: null }
const peer = { ...A_PEER, writable: true, attached: false }
const beside = { peer, holder: false, units: running, reasons: [], replication: null } as const

const { leads: _, ...whole } = synced
const membership = { ...whole, members: ['192.168.33.101'], size: 1, serves: true }
const many = { engine: 'galera', peer: null, cluster: membership } as const

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
  [
    'a member in maintenance, and nobody serves: it must say where its data stands first',
    { ...beside, engine: 'galera', mode: 'm', peer: { ...peer, writable: false } },
    true,
    'here: apmode set ap',
  ],
  [
    'a member in maintenance while the peer serves',
    { ...beside, engine: 'galera', mode: 'm' },
    true,
    'here: apmode rejoin',
  ],
  [
    'a member of another past',
    { ...beside, engine: 'galera', mode: 'ap', reasons: ['G6 diverged: this member and host2'] },
    true,
    'here: apmode rejoin',
  ],
  ['one of three members alone', { ...many, mode: 's' }, true, null],
  [
    'one of three members in s, without a component',
    { ...many, mode: 's', cluster: { ...whole, component: 'non-Primary', serves: false } },
    true,
    null,
  ],
  [
    'one of three members in s, another one is there',
    { ...many, mode: 's', cluster: { ...membership, members: ['192.168.33.101', '192.168.33.102'], size: 2 } },
    true,
    'here: apmode set ap',
  ],
  ['a balancer: all is well', { engine: 'none' }, true, null],
  ['a balancer: keepalived reloads', { engine: 'none', units: reloading }, true, null],
  ['a balancer in maintenance', { engine: 'none', mode: 'm' }, true, 'here: apmode rejoin'],
  ['a balancer alone', { engine: 'none', mode: 's', peer: unknown }, true, 'here: apmode set ap'],
  ['a balancer alone, not everything runs', { engine: 'none', mode: 's', peer: unknown }, false, 'here: apmode start'],
  ['one balancer in maintenance', { engine: 'none', mode: 'm', peer: null }, true, 'here: apmode set ap --now'],
])('%s', (_name, facts, servicesRun, expected) => {
  expect(next(facts, servicesRun)).toBe(expected)
})
