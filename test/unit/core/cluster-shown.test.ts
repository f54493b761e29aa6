import { expect, test } from 'vitest'
import { clusterWords } from '../../../src/core/cluster-words.ts'
import { renderMetrics } from '../../../src/core/render/metrics.ts'
import { servingOf } from '../../../src/core/serving.ts'
import { stepNamesOf } from '../../../src/core/step-names.ts'
import { renderTable } from '../../../src/core/table.ts'
import { showStatus } from '../../../src/face/show/status.ts'
import type { Status } from '../../../src/ports/control.ts'
import { drive } from '../../fakes/driven.ts'
import { synced, World } from '../../fakes/world.ts'

const ALIVE = { ok: true, sentence: '' }

async function statusOf(change: (world: World) => void = () => {}, vip = true) {
  const world = new World('host1', 'galera').member(vip)
  change(world)
  const driven = await drive(world)
  const status = await driven.control.status()
  await driven.close()
  return status
}

test('a member that is in is asked for writes, with and without the VIP, and is no replica', async () => {
  for (const vip of [true, false]) {
    const status = await statusOf(() => {}, vip)
    const facts = { status, alive: ALIVE, hasDatabase: true }
    expect(servingOf('/primary', facts)).toEqual({
      ok: true,
      sentence: 'a member of the primary component (2), Synced',
    })
    expect(servingOf('/member', facts)).toEqual(servingOf('/primary', facts))
    expect(servingOf('/replica', facts).ok).toBe(false)
    expect(servingOf('/readiness', facts).ok).toBe(true)
  }
})

test.each([
  ['lost its component', { component: 'non-Primary', state: 'Initialized', ready: false }, 'non-Primary, Initialized'],
  ['catches up', { state: 'Joined' }, 'Primary, Joined'],
] as const)('one that %s is not asked', async (_, change, sentence) => {
  const status = await statusOf((world) => {
    world.database.cluster = { ...synced, ...change }
  })
  const facts = { status, alive: ALIVE, hasDatabase: true }
  expect(servingOf('/primary', facts)).toEqual({ ok: false, sentence })
  expect(servingOf('/member', facts)).toMatchObject({ ok: false, sentence })
})

test('one that gives its data to another one lets those finish who are connected; without a component nobody may', async () => {
  const donor = await statusOf((world) => {
    world.database.cluster = { ...synced, state: 'Donor/Desynced', size: 3 }
  })
  const answer = (cluster: NonNullable<typeof donor.cluster>) =>
    servingOf('/member', {
      status: { ...donor, cluster: { ...cluster, serves: false } },
      alive: ALIVE,
      hasDatabase: true,
    })
  if (donor.cluster === null) throw new Error('no member')
  expect(answer(donor.cluster)).toMatchObject({ ok: false, leaving: true })
  expect(answer({ ...donor.cluster, component: 'non-Primary' }).leaving).toBeUndefined()
})

test('one that leaves is not asked from the moment in which the mode says so, before it refuses writes', async () => {
  const world = new World('host2', 'galera').member(false)
  const driven = await drive(world)
  const leaving: Status[] = []
  world.onChange = (change) => {
    if (change === 'desync') leaving.push(driven.control.known())
  }
  const set = driven.control.set({ mode: 'm', now: false, force: false }, () => {})
  await set
  const [status = await driven.control.status()] = leaving
  expect(servingOf('/primary', { status, alive: ALIVE, hasDatabase: true })).toMatchObject({ ok: false })
  expect(servingOf('/member', { status, alive: ALIVE, hasDatabase: true })).toMatchObject({ ok: false, leaving: true })
  const out = driven.control.known()
  expect(servingOf('/member', { status: out, alive: ALIVE, hasDatabase: true }).leaving).toBeUndefined()
  await driven.close()
})

test('status, metrics, table and steps speak of the cluster and not of replication', async () => {
  const status = await statusOf()
  const shown = showStatus(status, { paint: (_, text) => text, width: 200 }, 0)
  expect(shown).toContain(clusterWords(status.cluster))
  expect(shown).not.toMatch(/replication|GTID|semi-sync/)
  const metrics = renderMetrics(status, null)
  expect(metrics).toContain('apmode_cluster_size 2')
  expect(metrics).not.toMatch(/replication|commits_with_peer [01]/)
  expect(renderTable('galera')).toContain('| in, alone if need be |')
  expect(renderTable('galera')).not.toContain('replication')
  expect(renderTable('mariadb')).not.toContain('alone if need be')
  expect(stepNamesOf('galera')).toContain('form-component')
  expect(stepNamesOf('galera')).not.toContain('follow')
  expect(stepNamesOf('mariadb')).not.toContain('desync')
})
