import { describe, expect, test } from 'vitest'
import { agentLine } from '../../../src/core/agent.ts'
import { SERVING_PATHS, type ServingFacts, servingOf } from '../../../src/core/serving.ts'
import type { Status, UnitView } from '../../../src/ports/control.ts'
import type { ReplicationStatus } from '../../../src/ports/database.ts'
import { A_STATUS } from '../../fakes/control.ts'

const FOLLOWS: ReplicationStatus = {
  source: '192.168.33.101:3306',
  io: 'Yes',
  sql: true,
  lagSeconds: 0,
  gtid: '0-1-100',
  received: '0-1-100',
  errno: 0,
  error: '',
}
const alive = { ok: true, sentence: 'idle' }
const primary = A_STATUS
const replica: Status = {
  ...A_STATUS,
  role: 'standby',
  vrrp: 'backup',
  holder: false,
  writable: false,
  commitsWithPeer: null,
  replication: FOLLOWS,
}
const behind = (lagSeconds: number | null): Status => ({ ...replica, replication: { ...FOLLOWS, lagSeconds } })
const about = (status: Status, more: Partial<ServingFacts> = {}): ServingFacts => ({
  status,
  alive,
  hasDatabase: true,
  ...more,
})
const answers = (facts: ServingFacts, lag: number | null = null) =>
  SERVING_PATHS.filter((path) => servingOf(path, facts, lag).ok)

describe('what a load balancer is answered', () => {
  test.each<[string, ServingFacts, string[]]>([
    ['the primary', about(primary), ['/primary', '/read-write', '/read-only', '/health', '/liveness', '/readiness']],
    ['a replica', about(replica), ['/replica', '/read-only', '/health', '/liveness', '/readiness']],
    ['an unfit replica', about({ ...replica, fit: false }), ['/replica', '/read-only', '/health', '/liveness']],
    [
      'a replica that applies nothing',
      about({ ...replica, replication: { ...FOLLOWS, sql: false } }),
      ['/health', '/liveness'],
    ],
    [
      'a replica without its primary',
      about({ ...behind(null) }),
      ['/replica', '/read-only', '/health', '/liveness', '/readiness'],
    ],
    ['maintenance', about({ ...replica, mode: 'm' }), ['/health', '/liveness']],
    ['a holder that is fenced', about({ ...primary, writable: false }), ['/health', '/liveness']],
    ['a holder of which nothing is known', about({ ...primary, writable: null }), ['/liveness']],
    ['a writable database without the VIP', about({ ...primary, holder: false }), ['/health', '/liveness']],
    ['a machine that has not looked yet', about({ ...primary, holder: null, writable: null }), ['/liveness']],
    [
      'a supervisor that stands still',
      about(replica, { alive: { ok: false, sentence: 'stuck' } }),
      ['/replica', '/read-only', '/readiness'],
    ],
    [
      'engine none, the holder',
      about({ ...primary, writable: null }, { hasDatabase: false }),
      ['/primary', '/read-write', '/read-only', '/health', '/liveness', '/readiness'],
    ],
    [
      'engine none, the standby',
      about({ ...replica, replication: null, writable: null }, { hasDatabase: false }),
      ['/health', '/liveness', '/readiness'],
    ],
    [
      'engine none, a holder in maintenance',
      about({ ...primary, mode: 'm', writable: null, fit: false }, { hasDatabase: false }),
      ['/health', '/liveness'],
    ],
  ])('%s', (_, facts, expected) => {
    expect(answers(facts)).toEqual(expected)
  })

  test('a replica is asked for with the lag that is allowed; an unknown lag is too much', () => {
    expect(servingOf('/replica', about(behind(5)), 5).ok).toBe(true)
    expect(servingOf('/replica', about(behind(6)), 5)).toEqual({
      ok: false,
      sentence: '6 s behind 192.168.33.101:3306, 5 s allowed',
    })
    expect(servingOf('/replica', about(behind(null)), 5).ok).toBe(false)
    expect(servingOf('/read-only', about(behind(6)), 5).ok).toBe(false)
    expect(servingOf('/read-only', about(primary), 0).ok).toBe(true)
  })

  test('every no says why, every yes what is there', () => {
    for (const status of [primary, replica, { ...replica, mode: 'm' as const }, { ...primary, writable: null }]) {
      for (const path of SERVING_PATHS) expect(servingOf(path, about(status)).sentence).not.toBe('')
    }
    const down: Status = {
      ...primary,
      writable: false,
      units: primary.units.map((unit) => ({ ...unit, active: 'failed' as const })),
    }
    expect(servingOf('/health', about(down))).toEqual({
      ok: false,
      sentence: 'the database is down: mariadb.service is failed',
    })
  })
})

describe('without a database, a machine on which a unit of the holder does not run', () => {
  const [, , router] = A_STATUS.units
  const on = (status: Status, mailer: Partial<UnitView>): ServingFacts => {
    const unit = { name: 'mailer.service', kind: 'other', runs: 'holder', active: 'active', file: 'disabled' } as const
    const units = [{ ...unit, givenUp: false, ...mailer }, ...(router === undefined ? [] : [router])]
    return about({ ...status, engine: 'none', writable: null, replication: null, units }, { hasDatabase: false })
  }
  const holder: Status = { ...primary, engine: 'none' }
  const standby: Status = { ...replica, engine: 'none' }

  test('serves while it runs, also while it reloads', () => {
    expect(answers(on(holder, {}))).toContain('/primary')
    expect(answers(on(holder, { active: 'reloading' }))).toContain('/primary')
  })

  test.each<[string, Partial<UnitView>, string]>([
    ['starts slowly', { active: 'activating' }, 'the VIP is here, and mailer.service is activating'],
    ['was given up', { active: 'failed', givenUp: true }, 'the VIP is here, and mailer.service was given up'],
    ['runs, and fails its check', { givenUp: true }, 'the VIP is here, and mailer.service was given up'],
  ])('neither serves nor stands by with the VIP: one that %s', (_name, mailer, sentence) => {
    const facts = on(holder, mailer)
    expect(answers(facts)).toEqual(['/health', '/liveness'])
    for (const path of ['/primary', '/readiness'] as const) {
      expect(servingOf(path, facts)).toEqual({ ok: false, sentence })
    }
  })

  test('stands by without the VIP, unless it was given up here', () => {
    expect(answers(on(standby, { active: 'inactive' }))).toEqual(['/health', '/liveness', '/readiness'])
    expect(servingOf('/readiness', on(standby, { active: 'inactive', givenUp: true })).ok).toBe(false)
  })
})

describe("HAProxy's agent is told", () => {
  test.each<[string, Status, string]>([
    ['everything of the primary', primary, 'up ready 100%'],
    ['everything of a replica without lag', replica, 'up ready 100%'],
    ['as little as possible of one whose lag is unknown', behind(null), 'up ready 1%'],
    ['less, the further it is behind', behind(15), 'up ready 52%'],
    ['hardly anything just before the end', behind(29), 'up ready 3%'],
    ['nothing new, far behind', behind(30), 'up drain'],
    ['maintenance in m', { ...replica, mode: 'm' }, 'maint'],
    ['maintenance on the way to m', { ...primary, being: 'm' }, 'maint'],
    [
      'down with the reason, of one that neither writes nor follows',
      { ...replica, replication: null },
      'down #the database is no replica, or does not answer',
    ],
  ])('%s', (_, status, line) => {
    expect(agentLine(about(status))).toBe(line)
  })

  test('down, in one line of plain letters, whatever the reason holds', () => {
    const facts = about({
      ...replica,
      replication: { ...FOLLOWS, sql: false, error: `1032\r\nup ready 100%\u2028ü${'x'.repeat(500)}` },
    })
    expect(agentLine(facts)).toMatch(/^down #[\x20-\x7e]{1,100}$/)
    expect(agentLine(about(primary, { alive: { ok: false, sentence: 'set m has not ended for 90 s' } }))).toBe(
      'down #set m has not ended for 90 s',
    )
  })
})
