import { describe, expect, test } from 'vitest'
import { BOUNDS_SECONDS, COUNTED_EVENTS, Counting } from '../../../../src/core/counting.ts'
import { renderMetrics } from '../../../../src/core/render/metrics.ts'
import type { ProcessMeter } from '../../../../src/ports/meters.ts'
import { A_PEER, A_STATUS, RUNS } from '../../../fakes/control.ts'

const PROCESS: ProcessMeter = {
  cpuSeconds: 1.5,
  residentBytes: 100_000_000,
  virtualBytes: 1_000_000_000,
  openFiles: 40,
  mostFiles: 1024,
  startedAt: 1_700_000_000.5,
}
const rendered = (counting: Counting) => renderMetrics(A_STATUS, { ...counting.counted(), process: PROCESS })
const linesOf = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(name))

describe('the metrics', () => {
  test('every line is a comment or a sample, every metric has its help and its type before it, none comes twice', () => {
    const text = rendered(new Counting())
    const declared: string[] = []
    for (const line of text.trimEnd().split('\n')) {
      const comment = /^# (HELP|TYPE) (\w+) (.+)$/.exec(line)
      if (comment?.[1] === 'TYPE') declared.push(comment[2] ?? '')
      if (comment !== null) continue
      const [, name = ''] = /^(\w+)(?:\{(?:\w+="[^"]*",?)+\})? -?[\d.e+-]+$/.exec(line) ?? []
      expect(name.replace(/_(bucket|sum|count)$/, ''), line).toBe(declared.at(-1))
    }
    expect(new Set(declared).size).toBe(declared.length)
  })

  test('what is unknown has no line', () => {
    const text = renderMetrics({ ...A_STATUS, holder: null, writable: null, fit: null, lead: null, peer: null }, null)
    for (const name of ['holder', 'writable', 'fit', 'lead', 'peer', 'replication', 'transitions', 'step']) {
      expect(linesOf(text, `apmode_${name}`)).toEqual([])
    }
    expect(text).not.toMatch(/NaN|null|undefined/)
  })

  test('a machine without a database has no series of one, neither empty nor at zero', () => {
    const peer = { ...A_PEER, reachable: null, writable: null, attached: null, mode: null, fit: null, saidAt: null }
    const none = { engine: 'none', writable: null, commitsWithPeer: null, lead: null, gtid: null, peer } as const
    const meters = { ...new Counting('none').counted(), process: PROCESS }
    const text = renderMetrics({ ...A_STATUS, ...none }, meters)
    expect(text).not.toMatch(/^apmode_(writable|commits|lead|replication|peer)/m)
    expect(text).not.toMatch(/step="(fence|drain|follow|allow-writes|record-lead)"/)
    expect(linesOf(text, 'apmode_steps_failed_total{step="start-unit"}')).toHaveLength(1)
  })

  test.each(['mariadb', 'galera', 'none'] as const)('an alert can tell engine %s from the others', (engine) => {
    const [line] = linesOf(renderMetrics({ ...A_STATUS, engine }, null), 'apmode_info{')
    expect(line).toBe(`apmode_info{node="host1",engine="${engine}",version="0.1.0"} 1`)
  })

  test('a unit that reloads is active', () => {
    const units = A_STATUS.units.map((unit) => ({ ...unit, active: 'reloading' as const }))
    const lines = linesOf(renderMetrics({ ...A_STATUS, units }, null), 'apmode_unit_active')
    expect(lines.map((line) => line.slice(-2))).toEqual([' 1', ' 1', ' 1'])
  })

  test('units that were given up are counted, also where there are none', () => {
    const gaveUp = (...given: boolean[]) => {
      const units = given.map((givenUp, n) => ({ ...RUNS, name: `${n}.service`, kind: 'other' as const, givenUp }))
      return linesOf(renderMetrics({ ...A_STATUS, units }, null), 'apmode_units_given_up')
    }
    expect([gaveUp(), gaveUp(false), gaveUp(true, false, true)].flat()).toEqual([
      'apmode_units_given_up 0',
      'apmode_units_given_up 0',
      'apmode_units_given_up 2',
    ])
  })

  test('a name of the configuration ends no label', () => {
    const units = [{ ...RUNS, name: 'a"b\\c\nd', kind: 'other' }] as const
    expect(renderMetrics({ ...A_STATUS, units }, null)).toContain('{unit="a\\"b\\\\c\\nd",kind="other"} 1\n')
  })

  test('every series is there before anything has happened, at zero', () => {
    const text = rendered(new Counting())
    expect(text).toContain('apmode_steps_failed_total{step="fence"} 0\n')
    expect(text).toContain('apmode_transitions_total{event="master",result="failed"} 0\n')
    expect(text).toContain('apmode_transition_duration_seconds_count{event="other"} 0\n')
  })

  test('decisions are counted by event and result, and their times in cumulative buckets', () => {
    const counting = new Counting()
    counting.decided({ event: 'master', result: 'done', ms: 57 })
    counting.decided({ event: 'master', result: 'aborted', ms: 100 })
    counting.decided({ event: 'master', result: 'failed', ms: 60_000 })
    const text = rendered(counting)
    const buckets = linesOf(text, 'apmode_transition_duration_seconds_bucket{event="master"')
    expect(buckets.map((line) => line.split(' ')[1])).toEqual([0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 3].map(String))
    expect(buckets.at(-1)).toContain('le="+Inf"')
    expect(buckets).toHaveLength(BOUNDS_SECONDS.length + 1)
    expect(text).toContain('apmode_transition_duration_seconds_sum{event="master"} 60.157\n')
    expect(text).toContain('apmode_transition_duration_seconds_count{event="master"} 3\n')
    expect(text).toContain('apmode_transitions_total{event="master",result="failed"} 1\n')
  })

  test('what nobody can list is counted as other: names of units make no series', () => {
    const counting = new Counting()
    counting.decided({ event: 'x.service is failed', result: 'done', ms: 1 })
    counting.did({ step: 'constructor', ok: false, ms: 1 })
    expect(rendered(counting)).toContain('apmode_transitions_total{event="other",result="done"} 1\n')
    const counted = counting.counted()
    expect(counted.transitions).toHaveLength(COUNTED_EVENTS.length + 1)
    expect(counted.steps.reduce((sum, { count }) => sum + count, 0)).toBe(0)
  })

  test('steps are counted with what they took, and those that failed', () => {
    const counting = new Counting()
    counting.did({ step: 'fence', ok: true, ms: 20 })
    counting.did({ step: 'fence', ok: false, ms: 1000 })
    const text = rendered(counting)
    expect(text).toContain('apmode_step_duration_seconds_sum{step="fence"} 1.02\n')
    expect(text).toContain('apmode_step_duration_seconds_count{step="fence"} 2\n')
    expect(text).toContain('apmode_steps_failed_total{step="fence"} 1\n')
  })
})
