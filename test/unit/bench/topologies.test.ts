import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DOCUMENT, withMeasured } from '../../../bench/failover/document.ts'
import { optionsFrom } from '../../../bench/failover/options.ts'
import { TOPOLOGIES } from '../../../bench/topologies/all.ts'
import { MARKS } from '../../../bench/topologies/bench.ts'
import { newestResult, saveResult, type TopologyResult } from '../../../bench/topologies/result.ts'
import { longestGap, type TopologyRun } from '../../../bench/topologies/run.ts'
import { markdownTable, rowsOf, textTable } from '../../../bench/topologies/table.ts'
import { silentMs, type TopologyFault } from '../../../bench/topologies/topology.ts'

const fault = (key: string, aimMs: number): TopologyFault => ({
  key,
  title: `it is ${key}`,
  aimMs,
  moves: true,
  strike: async () => {},
  mend: async () => {},
})
const run = (key: string, outageMs: number, startMs: number | null = null): TopologyRun => ({
  fault: key,
  at: '2026-01-01T00:00:00.000Z',
  outageMs,
  vipMs: outageMs,
  startMs,
})
const RESULT: TopologyResult = {
  format: 1,
  topology: 'two',
  begun: '2026-01-01T00:00:00.000Z',
  ended: '2026-01-01T00:10:00.000Z',
  machine: { cpu: 'a processor', cores: 2, memoryGb: 4, kernel: '6' },
  software: { keepalived: '2.2.7' },
  runs: [],
}

describe('the table of a topology', () => {
  const topology = {
    title: 'two of something',
    faults: [fault('killed', 100), fault('off', 352), fault('never run', 1)],
  }
  const runs = [run('off', 380), run('killed', 30), run('killed', 20), run('killed', 40)]

  test('has a row for each fault that was run: runs, median, p95, worst, the aim, and by how much it is missed', () => {
    expect(`\n${textTable(rowsOf(topology, { runs }))}`).toBe(`
                  fault         runs  median     p95   worst  of it the start     aim
two of something  it is killed     3   30 ms   40 ms   40 ms                –  100 ms  met
                  it is off        1  380 ms  380 ms  380 ms                –  352 ms  missed by 28 ms`)
  })
  test('a service that has to be started may take its own start time, measured in the same runs, on top', () => {
    const rows = rowsOf(topology, { runs: [run('killed', 250, 160), run('killed', 260, 170), run('killed', 300, 180)] })
    expect(rows).toEqual([
      ['two of something', 'it is killed', '3', '260 ms', '300 ms', '300 ms', '170 ms', '270 ms', 'met'],
    ])
  })
  test('has the same cells in the documents, with the title bold', () => {
    expect(markdownTable(rowsOf(topology, { runs }))).toContain('\n| **two of something** | it is killed | 3 | 30 ms |')
  })
  test('has its place in the document', () => {
    expect(() => withMeasured(readFileSync(DOCUMENT, 'utf8'), 'new', MARKS)).not.toThrow()
  })
})

describe('what is measured', () => {
  test('an outage is the longest time between two answers of which the later one came after the fault', () => {
    expect(longestGap([0, 500, 510, 520, 600, 610], 515)).toBe(80)
    expect(longestGap([0, 500, 510, 520, 600, 610], 505)).toBe(80)
    expect(longestGap([0, 500], 505)).toBe(0)
  })
  test('silence is heard after three adverts and the skew of the next one', () => {
    expect([250, 176, 101].map(silentMs)).toEqual([352, 381, 411])
  })
  test('a topology and a fault have a key of their own', () => {
    const keys = TOPOLOGIES.flatMap(({ key, faults }) => faults.map((one) => `${key} ${one.key}`))
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('what is saved', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'topologies-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('the newest result of a topology is found among those of others', () => {
    expect(newestResult('two', join(folder, 'none'))).toBeNull()
    for (const [topology, begun] of [
      ['two', '2026-01-01T00:00:00.000Z'],
      ['two', '2026-01-02T00:00:00.000Z'],
      ['two-more', '2026-01-03T00:00:00.000Z'],
    ] as const) {
      saveResult({ ...RESULT, topology, begun, runs: [run('killed', 1)] }, folder)
    }
    expect(newestResult('two', folder)?.begun).toBe('2026-01-02T00:00:00.000Z')
  })
})

describe('the options', () => {
  test('faults are those of the topology', () => {
    expect(optionsFrom(['--topology', 'trio', '--faults', 'second-power-off'])).toMatchObject({
      topology: { key: 'trio' },
      topologyFaults: ['second-power-off'],
    })
    expect(optionsFrom(['--topology', 'trio', '--faults', 'api-killed'])).toContain(
      'there is no api-killed; there are killed',
    )
    expect(optionsFrom([])).toMatchObject({ topology: null })
  })
  test.each([
    [['--topology', 'quartet'], '--topology: there is no quartet; there are haproxy, holder, trio, galera'],
    [['--topology', 'haproxy', '--append'], '--designs, --patience and --append are for the MariaDB pair'],
    [['--runs', 'many'], '--runs is a whole number above 0, not "many"'],
  ])('%j is refused with a sentence', (argv, sentence) => {
    expect(optionsFrom(argv)).toContain(sentence)
  })
})
