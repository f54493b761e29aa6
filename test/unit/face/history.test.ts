/** `apmode history`: what is picked, how it is told, and what is said of options that make no sense. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { contextOf } from '../../../src/face/context.ts'
import { history } from '../../../src/face/history.ts'
import { bar } from '../../../src/face/show/bar.ts'
import { showHistory } from '../../../src/face/show/history.ts'
import type { HistoryEntry } from '../../../src/ports/storage.ts'
import { A_STEP, AN_ENTRY } from '../../fakes/control.ts'
import { Console } from './console.ts'

let console: Console
beforeEach(async () => {
  console = new Console()
  await console.listen()
  console.control.entries = ENTRIES
})
afterEach(() => console.close())

const entry = (at: string, changes: Partial<HistoryEntry>): HistoryEntry => ({ ...AN_ENTRY, at, ...changes })
const ENTRIES = [
  entry('2026-01-01T00:00:00.000Z', { event: 'start' }),
  entry('2026-01-02T03:00:00.000Z', { event: 'master' }),
  entry('2026-01-02T04:00:00.000Z', { event: 'set m', result: 'refused' }),
  entry('2026-01-02T05:00:00.000Z', { event: 'fault', steps: [{ ...A_STEP, ok: false }] }),
  entry('2026-01-02T06:00:00.000Z', { event: 'set ap' }),
]

async function picked(...argv: string[]): Promise<string[]> {
  const ran = await console.apmode(['history', '--json', ...argv])
  expect([ran.exit, ran.err]).toEqual([0, ''])
  return (JSON.parse(ran.out) as HistoryEntry[]).map(({ event }) => event)
}

describe('history picks', () => {
  it.each([
    [[], ['start', 'master', 'set m', 'fault', 'set ap']],
    [
      ['-n', '2'],
      ['fault', 'set ap'],
    ],
    [
      ['--event', 'set'],
      ['set m', 'set ap'],
    ],
    [['--event', 'MASTER'], ['master']],
    [['--failed'], ['set m', 'fault']],
    [['--failed', '-n', '1'], ['fault']],
    [
      ['--since', '2026-01-02'],
      ['master', 'set m', 'fault', 'set ap'],
    ],
    [
      ['--since', '2026-01-02T04:00'],
      ['set m', 'fault', 'set ap'],
    ],
    [
      ['--since', '2026-01-02 04:00:00.001 UTC'],
      ['fault', 'set ap'],
    ],
    [
      ['--since', '2026-01-02T06:00+01:00'],
      ['fault', 'set ap'],
    ],
    [['--since', '1s'], []],
    [['--since', '2026-01-02', '--event', 'set', '--failed'], ['set m']],
  ])('with %j the right ones', async (argv, events) => {
    expect(await picked(...argv)).toEqual(events)
  })

  it.each([
    ['90s', 90],
    ['30m', 1800],
    ['2h', 7200],
    ['3d', 259_200],
    ['1 w', 604_800],
  ])('what is no older than %s', async (since, seconds) => {
    const at = (ago: number) => new Date(1_800_000_000_000 - ago * 1000).toISOString()
    console.control.entries = [entry(at(seconds + 1), { event: 'before' }), entry(at(seconds), { event: 'then' })]
    let out = ''
    const context = contextOf({
      out: (text) => {
        out += text
      },
      err: () => {},
      outIsTerminal: false,
      errIsTerminal: false,
      width: Number.POSITIVE_INFINITY,
      environment: { APMODE_SOCKET: console.socketPath },
    })
    await history(context, { since, json: true }, 1_800_000_000_000)
    expect((JSON.parse(out) as HistoryEntry[]).map(({ event }) => event)).toEqual(['then'])
  })

  it('among all that there is where it filters, and no more than it shows where it does not', async () => {
    await picked()
    await picked('-n', '7')
    await picked('--failed')
    expect(console.control.asked).toEqual([{ history: 20 }, { history: 7 }, { history: 10_000 }])
  })
})

describe('history tells', () => {
  it('with --json-lines one value in each line', async () => {
    const ran = await console.apmode(['history', '--json-lines', '-n', '2'])
    const lines = ran.out.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(ENTRIES.slice(-2))
  })

  it.each([
    [[], [], 'nothing has been decided yet\n'],
    [ENTRIES, ['--event', 'handover'], 'no decision is as asked for\n'],
  ])('that there is nothing, and why', async (entries, argv, text) => {
    console.control.entries = [...entries]
    expect((await console.apmode(['history', ...argv])).out).toBe(text)
  })

  it('every option that makes no sense at once, with what is expected, and asks for nothing', async () => {
    const ran = await console.apmode([
      'history',
      '-n',
      '0',
      '--since',
      'noon',
      '--event',
      ' ',
      '--json',
      '--json-lines',
    ])
    expect(ran.exit).toBe(2)
    expect(ran.err).toContain('-n is "0", expected a number from 1 to 10000')
    expect(ran.err).toContain('--since is "noon", expected a time')
    expect(ran.err).toContain('--event is empty')
    expect(ran.err).toContain('--json and --json-lines are given')
    expect(console.control.asked).toEqual([])
  })

  it.each(['2026-13-01', '2026-01-01T99:00', '5', '3 years', ''])('no time of %j', async (since) => {
    expect((await console.apmode(['history', '--since', since])).exit).toBe(2)
  })

  it.each([60, 80])('no line longer than %i columns, also of a step that failed', (width) => {
    const failed = { ...A_STEP, ok: false, detail: 'a reason that goes on and on, as reasons of MariaDB sometimes do' }
    const steps = [A_STEP, failed, ...Array.from({ length: 9 }, () => A_STEP)]
    const text = showHistory([{ ...AN_ENTRY, steps }], { paint: (_style, plain) => plain, width })
    expect(
      text
        .split('\n')
        .slice(1)
        .filter((line) => line.length > width),
    ).toEqual([])
    expect(text).toMatch(/✗ stop keepalived.service \(41 ms\): a reason .*\n {4}\S/)
  })
})

describe('the bar', () => {
  it.each([
    [[1, 1], '████▒▒▒▒'],
    [[6, 2], '██████▒▒'],
    [[1000, 1], '███████▒'],
    [[0, 5], '▒▒▒▒▒▒▒▒'],
    [[0, 0], ''],
    [[], ''],
  ])('of %j is %s', (parts, drawn) => expect(bar(parts, 8)).toBe(drawn))

  it('shows each part that took time, also where there are more of them than room', () => {
    expect(
      bar(
        Array.from({ length: 12 }, () => 1),
        8,
      ),
    ).toHaveLength(12)
  })
})
