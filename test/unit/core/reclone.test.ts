/** When a machine's data may be replaced: every reason why not, as a sentence, all at once. */
import { describe, expect, test } from 'vitest'
import type { Observed } from '../../../src/core/observed.ts'
import { bytesText, durationText, progressText, type RecloneFacts, recloneRefusals } from '../../../src/core/reclone.ts'
import { recloneSteps } from '../../../src/core/reclone-steps.ts'
import type { DataFolder } from '../../../src/ports/clone.ts'
import type { DatabasePresent, PeerStatus } from '../../../src/ports/database.ts'
import { exampleConfig, following } from '../../fakes/world.ts'

const GIB = 1024 ** 3
const config = exampleConfig('host2')
const peer = { reachable: true, writable: true, detail: '' } as PeerStatus
const database = {
  answers: true,
  writable: false,
  replication: { ...following('192.168.33.101'), io: 'No', errno: 1236 },
} as DatabasePresent
const folder: DataFolder = {
  path: '/var/lib/mysql',
  state: 'whole',
  aside: [],
  old: null,
  room: 10 * GIB,
  obstacles: [],
}
const lineage = { diverged: [] } as unknown as Observed['lineage']
const observed = { vip: false, peer, database, lineage, withdrawal: null } as unknown as Observed
const facts: RecloneFacts = {
  state: { mode: 'ap', role: 'standby', vrrp: 'fault' },
  observed,
  config,
  folder,
  folderProblem: null,
  source: { bytes: GIB, transfer: GIB, obstacles: [] },
  configuration: { own: 'a', theirs: 'a' },
  force: false,
}
const refusals = (changed: Partial<RecloneFacts> = {}, seen: Partial<Observed> = {}) =>
  recloneRefusals({ ...facts, ...changed, observed: { ...observed, ...seen } })

describe('apmode reclone', () => {
  test('is done on a machine that does not follow, from one that leads, where there is room', () => {
    expect(refusals()).toEqual([])
    expect(refusals({ state: { mode: 'm', role: 'active', vrrp: 'stop' } })).toEqual([])
    expect(refusals({ state: { mode: 'unset', role: 'standby', vrrp: 'init' } })).toEqual([])
    expect(refusals({}, { database: { answers: false, reason: 'down', detail: '' } })).toEqual([])
  })

  test.each<[string, Partial<RecloneFacts>, Partial<Observed>, RegExp]>([
    ['the VIP is here', {}, { vip: true }, /holds 192\.168\.33\.100/],
    ['it accepts writes', {}, { database: { ...database, writable: true } }, /accepts writes/],
    ['it is in s', { state: { mode: 's', role: 'standby', vrrp: 'fault' } }, {}, /is in s/],
    ['the mode cannot be read', { state: { mode: 'unreadable', role: 'standby', vrrp: 'fault' } }, {}, /mode file/],
    ['the peer is silent', {}, { peer: { ...peer, reachable: false, writable: null } }, /host1 does not answer/],
    ['the peer does not lead', {}, { peer: { ...peer, writable: false } }, /only a machine that leads/],
    ['something is missing there', { source: { bytes: null, transfer: null, obstacles: ['no ssh'] } }, {}, /^no ssh$/],
    ['the folder cannot be replaced', { folder: { ...folder, obstacles: ['elsewhere'] } }, {}, /^elsewhere$/],
    ['the folder is not found', { folder: null, folderProblem: 'no mariadbd' }, {}, /^no mariadbd$/],
    ['there is no room', { folder: { ...folder, room: GIB } }, {}, /needs about 1\.6 GiB .* room for 1\.0 GiB/],
    [
      'the configurations differ',
      { configuration: { own: 'a', theirs: 'b' } },
      {},
      /not the same .*a here, b on host1/,
    ],
    [
      'nobody knows how much it is',
      { source: { bytes: null, transfer: null, obstacles: [] } },
      {},
      /cannot be found out/,
    ],
    [
      'it follows and is not diverged',
      {},
      { database: { ...database, replication: following('192.168.33.101') } },
      /nothing to clone for/,
    ],
  ])('is refused: %s', (_why, changed, seen, sentence) => {
    const reasons = refusals(changed, seen)
    expect(reasons).toHaveLength(1)
    expect(reasons[0]).toMatch(sentence)
  })

  test('says every reason at once', () => {
    const reasons = refusals({ folder: { ...folder, room: 0 } }, { vip: true, peer: { ...peer, writable: false } })
    expect(reasons).toHaveLength(3)
  })

  test('--force does without a reason and without a known size, and without nothing else', () => {
    const healthy = { database: { ...database, replication: following('192.168.33.101') } }
    expect(refusals({ force: true, source: { bytes: null, transfer: null, obstacles: [] } }, healthy)).toEqual([])
    expect(refusals({ force: true }, { vip: true })).toHaveLength(1)
    expect(refusals({ force: true, folder: { ...folder, room: 0 } })).toHaveLength(1)
    expect(refusals({ force: true }, { peer: { ...peer, writable: false } })).toHaveLength(1)
  })

  test('a copy that was interrupted is a reason', () => {
    const healthy = { database: { ...database, replication: following('192.168.33.101') } }
    expect(refusals({ folder: { ...folder, state: 'incomplete' } }, healthy)).toEqual([])
    const withdrawal = { stage: 'data', sentence: '', offer: null, follows: false } as const
    expect(refusals({}, { ...healthy, withdrawal })).toEqual([])
  })

  test('a machine without a peer, or without a database, has nothing to clone', () => {
    expect(refusals({ config: { ...config, peer: null } })).toHaveLength(1)
    expect(refusals({}, { database: null })).toHaveLength(1)
  })

  test.each(['logical', 'physical'] as const)('plans a %s copy with its commands and without a password', (method) => {
    const steps = recloneSteps(config, { method, keepOld: false, folder, bytes: GIB })
    expect(steps.map(({ step }) => step)).toEqual(
      'withdraw keep-transactions stop-unit set-aside fill start-unit load complete rejoin remove-old'.split(' '),
    )
    expect(steps.flatMap(({ calls }) => calls).join('\n')).toContain(method === 'logical' ? 'mariadb-dump' : 'mbstream')
    const kept = recloneSteps(config, {
      method,
      keepOld: true,
      folder: { ...folder, state: 'incomplete' },
      bytes: null,
    })
    expect(kept.map(({ step }) => step)).not.toContain('remove-old')
    expect(kept.map(({ step }) => step)).not.toContain('keep-transactions')
  })

  test('its progress reads well', () => {
    expect(bytesText(10)).toBe('0.0 KiB')
    expect(bytesText(1536 * 1024)).toBe('1.5 MiB')
    expect(bytesText(20 * GIB)).toBe('20 GiB')
    expect([0, 59.6, 80, 7300].map(durationText)).toEqual(['0 s', '1 min 0 s', '1 min 20 s', '2 h 1 min'])
    const progress = { what: 'copy', doneBytes: GIB, totalBytes: 2 * GIB, bytesPerSecond: GIB / 8, leftSeconds: 8 }
    expect(progressText(progress)).toBe('copy: 1.0 GiB of about 2.0 GiB, 128 MiB/s, about 8 s left')
    expect(progressText({ ...progress, totalBytes: null, leftSeconds: null })).toBe('copy: 1.0 GiB, 128 MiB/s')
  })
})

test('a member of a Galera cluster is not cloned: it gets its copy from the others', () => {
  const [reason, ...more] = refusals({ config: exampleConfig('host2', 'galera') })
  expect([reason, more]).toEqual([expect.stringContaining('grastate.dat'), []])
})
