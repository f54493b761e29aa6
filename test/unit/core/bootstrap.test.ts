import { describe, expect, test } from 'vitest'
import {
  aheadOf,
  beginsAt,
  bootstrapRefusal,
  joinRefusal,
  type Member,
  outlookOf,
  type Verdict,
} from '../../../src/core/bootstrap.ts'
import { NO_HISTORY, type Position } from '../../../src/core/galera-state.ts'
import type { MemberView } from '../../../src/ports/cluster.ts'

const OURS = 'aaaaaaaa-0000-11f1-8000-000000000001'
const OTHER = 'bbbbbbbb-0000-11f1-8000-000000000002'

const DOWN: Omit<MemberView, 'node'> = {
  running: false,
  component: null,
  state: null,
  uuid: null,
  seqno: null,
  safeToBootstrap: false,
  known: null,
  forming: false,
  detail: '',
}

interface Wish extends Partial<Omit<Member, 'view' | 'node'>> {
  readonly view?: Partial<MemberView> | null
}

function member(node: string, { view = {}, ...rest }: Wish): Member {
  const whole = view === null ? null : { ...DOWN, node, ...view }
  return { node, silence: 'no answer within 1000 ms', given: null, without: false, ...rest, view: whole }
}

const at = (seqno: number, uuid = OURS) => ({ view: { uuid, seqno, known: 'grastate.dat' as const } })
const crashed = (seqno: number, uuid = OURS) => ({ view: { uuid, seqno, known: 'recovered' as const } })
const NEVER = at(-1, NO_HISTORY)
const SILENT = { view: null }
const UNKNOWN = { view: { detail: 'galera_recovery: exit code 1' } }
const STARTING = { view: { running: true, detail: 'its database is starting' } }
const PRIMARY = {
  view: { running: true, component: 'Primary', state: 'Synced', uuid: OURS, seqno: 9, known: 'running' },
} as const
const SPLIT = {
  view: { running: true, component: 'non-Primary', state: 'Initialized', uuid: OURS, seqno: 7, known: 'running' },
} as const

const three = (one: Wish, two: Wish, last: Wish) =>
  outlookOf([member('host1', one), member('host2', two), member('host3', last)])
const newest = (verdict: Verdict) => (verdict.kind === 'newest' ? verdict.nodes : verdict.kind)
const why = (verdict: Verdict) => (verdict.kind === 'nobody' ? verdict.reasons : verdict.kind)

const asOutlook = (verdict: Verdict, forming: readonly string[] = []) => ({ verdict, rows: [], forming })

describe('all are down', () => {
  test('the one with the highest number may bootstrap, however it is known', () => {
    const { verdict, rows } = three(at(5), crashed(8), at(7))
    expect(newest(verdict)).toEqual(['host2'])
    expect(rows.map(({ node, sentence, newest: best, known }) => [node, sentence, best, known])).toEqual([
      ['host1', '3 write sets behind', false, 'grastate.dat'],
      ['host2', 'the newest', true, 'recovered'],
      ['host3', '1 write sets behind', false, 'grastate.dat'],
    ])
    expect(bootstrapRefusal(verdict, 'host2')).toBeNull()
    expect(bootstrapRefusal(verdict, 'host1')).toBe(
      `host2 has the newest state (${OURS}:8), this machine has not: apmode bootstrap on host2`,
    )
    expect(joinRefusal(asOutlook(verdict), 'host1')).toBe(
      'no machine is in a primary component, so there is nothing to join; host2 has the newest state: ' +
        'apmode bootstrap on host2, then apmode start on the others',
    )
    expect(joinRefusal(asOutlook(verdict), 'host2')).toMatch(/apmode bootstrap here/)
  })

  test('several that are equal may all, and the first in the order of the configuration is named', () => {
    const { verdict } = three(at(5), at(8), crashed(8))
    expect(newest(verdict)).toEqual(['host2', 'host3'])
    expect([bootstrapRefusal(verdict, 'host2'), bootstrapRefusal(verdict, 'host3')]).toEqual([null, null])
    expect(joinRefusal(asOutlook(verdict), 'host1')).toMatch(
      /host2 and host3 have the newest state: apmode bootstrap on host2/,
    )
  })

  test('one of them may begin without a word of a person: the first of those that have everything, while nobody else is about to', () => {
    const outlook = three(at(5), at(8), crashed(8))
    expect(['host1', 'host2', 'host3'].map((self) => beginsAt(outlook, self)?.seqno ?? null)).toEqual([null, 8, null])
    expect(beginsAt({ ...outlook, forming: ['host3'] }, 'host2')).toBeNull()
    expect(joinRefusal(asOutlook(outlook.verdict, ['host3']), 'host1')).toMatch(
      /yet: host3 is about to form the cluster/,
    )
    expect(beginsAt(three(at(5), at(8), SILENT), 'host2')).toBeNull()
    expect(beginsAt(three(at(5), at(8), { ...SILENT, without: true }), 'host2')).toBeNull()
    expect(beginsAt(three(at(5), at(8), PRIMARY), 'host2')).toBeNull()
    expect(beginsAt(three(NEVER, NEVER, NEVER), 'host1')).toBeNull()
    // Of equals one that runs: nobody need start it.
    const running = three(at(7), SPLIT, at(5))
    expect(newest(running.verdict)).toEqual(['host2', 'host1'])
    expect([beginsAt(running, 'host1'), beginsAt(running, 'host2')?.seqno]).toEqual([null, 7])
  })

  test('one that was never a member is never the newest beside one that was', () => {
    expect(newest(three(NEVER, at(0), NEVER).verdict)).toEqual(['host2'])
  })

  test('where nobody ever was a member, each may be the first', () => {
    const { verdict, rows } = three(NEVER, NEVER, NEVER)
    expect(newest(verdict)).toEqual(['host1', 'host2', 'host3'])
    expect(rows.map(({ sentence }) => sentence)).toEqual(Array(3).fill('never a member'))
  })

  test('different histories are for a person to decide', () => {
    const { verdict } = three(at(5), at(8, OTHER), at(5))
    expect(why(verdict)).toEqual([
      `the machines are of different clusters (host1 ${OURS}:5, host2 ${OTHER}:8, host3 ${OURS}:5): a person decides whose data is kept, and leaves the others out (--without)`,
    ])
    const decided = three(at(5), { ...at(8, OTHER), without: true }, at(5)).verdict
    expect(newest(decided)).toEqual(['host1', 'host3'])
    expect(decided).toMatchObject({ lost: ['everything that only host2 has is lost: it is of another cluster'] })
  })
})

describe('something is not known', () => {
  test('every machine that does not answer, or does not know, is named with the reason', () => {
    const { verdict, rows } = three(at(5), SILENT, UNKNOWN)
    expect(why(verdict)).toEqual([
      'host2 does not answer (no answer within 1000 ms)',
      'the position of host3 is not known: galera_recovery: exit code 1',
    ])
    expect(rows.map(({ position }) => position)).toEqual([`${OURS}:5`, null, null])
    expect(bootstrapRefusal(verdict, 'host1')).toMatch(/^host2 does not answer .*; the position of host3/)
    expect(joinRefusal(asOutlook(verdict), 'host1')).toMatch(/is not known: host2 does not answer/)
  })

  test('a database that is starting may still join: its position is not known', () => {
    expect(why(three(at(5), at(5), STARTING).verdict)).toEqual([
      'the position of host3 is not known: its database is starting',
    ])
  })

  test('a history without a number is no position', () => {
    expect(why(three(at(5), at(5), { view: { uuid: OURS, seqno: -1, detail: 'no number' } }).verdict)).toEqual([
      'the position of host3 is not known: no number',
    ])
  })

  test('a person may say where a machine stands that does not say it itself', () => {
    const given = { uuid: OURS, seqno: 9 }
    const { verdict, rows } = three(at(5), { ...SILENT, given }, { ...UNKNOWN, given: { uuid: OURS, seqno: 4 } })
    expect(newest(verdict)).toEqual(['host2'])
    expect(rows.map(({ known }) => known)).toEqual(['grastate.dat', 'given', 'given'])
  })

  test('a person who contradicts a machine is wrong', () => {
    const { verdict } = three(at(5), { ...at(8), given: { uuid: OURS, seqno: 1 } }, at(5))
    expect(why(verdict)).toEqual([`host2 says itself where it stands (${OURS}:8): leave --position host2=… out`])
  })

  test('a machine that is gone for good is left out, and what may be lost is said', () => {
    const { verdict } = three(at(5), { ...SILENT, without: true }, { ...at(8), without: true })
    expect(verdict).toMatchObject({
      kind: 'newest',
      nodes: ['host1'],
      lost: ['what only host2 has, if anything, is lost', '3 write sets that only host3 has are lost'],
    })
    const nothing = three(at(5), { ...at(4), without: true }, { ...NEVER, without: true }).verdict
    expect(nothing).toMatchObject({ lost: ['host2 has nothing that is lost', 'host3 has nothing of the cluster'] })
  })

  test('not all can be left out', () => {
    const out = { ...at(5), without: true }
    expect(why(three(out, out, out).verdict)).toEqual(['every machine is left out'])
  })
})

describe('a database runs', () => {
  test('with a primary component anywhere nobody bootstraps, whoever is left out: join', () => {
    for (const wish of [PRIMARY, { ...PRIMARY, without: true }]) {
      const { verdict } = three(at(99), SILENT, wish)
      expect(verdict).toEqual({ kind: 'primary', nodes: ['host3'] })
      expect(bootstrapRefusal(verdict, 'host1')).toBe('host3 is in the primary component: apmode start joins')
      expect(joinRefusal(asOutlook(verdict), 'host1')).toBeNull()
    }
    expect(bootstrapRefusal(three(PRIMARY, PRIMARY, SILENT).verdict, 'host3')).toMatch(/^host1 and host2 are in/)
  })

  test('a member without a primary component is compared like one that is down', () => {
    const { verdict, rows } = three(at(5), SPLIT, at(6))
    expect(newest(verdict)).toEqual(['host2'])
    expect(rows[1]?.sentence).toBe('non-Primary, Initialized, the newest')
  })
})

test('whoever has more, or another past, is ahead of this machine; all are of one that does not know where it stands', () => {
  const ahead = (...wishes: [Wish, Wish, Wish]) => aheadOf(three(...wishes).rows, 'host1')
  expect(ahead(at(5), at(5), NEVER)).toEqual([])
  expect(ahead(at(5), SILENT, UNKNOWN)).toEqual([])
  expect(ahead(at(5), SILENT, at(6))).toEqual(['host3'])
  expect(ahead(at(5), at(1, OTHER), at(4))).toEqual(['host2'])
  expect(ahead(UNKNOWN, at(1), at(2))).toEqual(['host2', 'host3'])
})

test('in every combination of three: nobody beside a Primary, beside a doubt, or behind anybody who counts', () => {
  const states: Wish[] = [at(5), crashed(6), at(9, OTHER), NEVER, SILENT, UNKNOWN, STARTING, PRIMARY, SPLIT]
  const given: Position = { uuid: OURS, seqno: 6 }
  const wishes = states.flatMap((state) => [state, { ...state, without: true }, { ...state, given }])
  let allowed = 0
  for (const one of wishes)
    for (const two of wishes)
      for (const last of wishes) {
        const members = [member('host1', one), member('host2', two), member('host3', last)]
        const { verdict } = outlookOf(members)
        if (verdict.kind !== 'newest') continue
        allowed += 1
        expect(members.some(({ view }) => view?.component === 'Primary')).toBe(false)
        for (const { view, given: said, without, node } of members) {
          if (without) {
            expect(verdict.nodes).not.toContain(node)
            continue
          }
          const known = view?.uuid == null || view.seqno == null ? said : { uuid: view.uuid, seqno: view.seqno }
          expect(known).not.toBeNull()
          if (known === null || known.uuid === NO_HISTORY) continue
          expect(known.uuid).toBe(verdict.position.uuid)
          expect(known.seqno).toBeLessThanOrEqual(verdict.position.seqno)
          expect(known.seqno === verdict.position.seqno).toBe(verdict.nodes.includes(node))
        }
      }
  expect(allowed).toBeGreaterThan(1000)
})
