/** `apmode status --watch`: on a screen, as text, as JSON lines. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { contextOf } from '../../../src/face/context.ts'
import { showLive } from '../../../src/face/live.ts'
import { watchLines } from '../../../src/face/show/watch.ts'
import type { Paint, Terminal } from '../../../src/face/terminal.ts'
import type { HistoryEntry } from '../../../src/ports/storage.ts'
import { A_PEER, A_STATUS, AN_ENTRY } from '../../fakes/control.ts'
import { Console } from './console.ts'

const MAIN = join(import.meta.dirname, '../../../src/face/main.ts')
const NOW = Date.parse('2026-01-02T03:05:05.678Z')
const plain: Paint = (_style, text) => text
const eventually = <T>(claim: () => T | Promise<T>) => vi.waitFor(claim, { timeout: 30_000, interval: 10 })

describe('the picture', () => {
  const many: HistoryEntry[] = Array.from({ length: 50 }, (_, n) => ({ ...AN_ENTRY, event: `event ${n}` }))
  const picture = (size: { width: number; height: number }, changes: Partial<Parameters<typeof watchLines>[0]> = {}) =>
    watchLines({ status: A_STATUS, entries: many, lost: null, ...changes }, { paint: plain, ...size }, NOW)

  it('is the status, and below it the newest decisions that fit, the newest last', () => {
    const lines = picture({ width: 80, height: 40 })
    expect(lines).toHaveLength(40)
    expect(lines[0]).toBe('● host1 holds the VIP and takes writes, in mode ap')
    expect(lines.slice(-4)).toEqual([
      '  03:04:05.678  event 48      57 ms  ap standby backup → s standby master',
      '  03:04:05.678  event 49      57 ms  ap standby backup → s standby master',
      '',
      'Ctrl-C ends this; nothing here changes anything',
    ])
  })

  it.each([
    [80, 40],
    [120, 30],
    [80, 24],
    [60, 10],
    [40, 5],
    [20, 2],
  ])('is never wider or higher than %i × %i', (width, height) => {
    const long = { ...AN_ENTRY, event: 'set standalone --now --force', to: AN_ENTRY.from, sentence: 'x '.repeat(99) }
    const lost = { sentence: 'y '.repeat(60), at: '2026-01-02T03:05:00.000Z' }
    const reasons = Array.from({ length: 9 }, () => 'a reason '.repeat(12))
    for (const status of [A_STATUS, { ...A_STATUS, reasons }]) {
      const lines = picture({ width, height }, { status, entries: [...many, long], lost })
      expect(lines.length).toBeLessThanOrEqual(height)
      if (width >= 60) expect(lines.filter((line) => line.length > width)).toEqual([])
    }
  })

  it('gives up the units where there is no room for the decisions', () => {
    expect(picture({ width: 80, height: 40 }).join('\n')).toContain('nginx.service')
    const low = picture({ width: 80, height: 24 }).join('\n')
    expect(low).not.toContain('nginx.service')
    expect(low).toContain('event 49')
  })

  it('tells the day of what is older than a day, the sentence where nothing moved, and what was not done', () => {
    const entries: HistoryEntry[] = [
      { ...AN_ENTRY, at: '2025-12-24T03:04:05.678Z' },
      { ...AN_ENTRY, event: 'drift', to: AN_ENTRY.from, result: 'failed', sentence: 'mariadb.service was started' },
    ]
    const text = picture({ width: 80, height: 40 }, { entries }).join('\n')
    expect(text).toContain('  12-24 03:04   master ')
    expect(text).toMatch(/drift +57 ms, failed {2}mariadb.service was started/)
  })

  it('of a supervisor that went away says since when, why, and how old the rest is', () => {
    const lost = { sentence: 'cannot reach the supervisor', at: '2026-01-02T03:05:00.678Z' }
    const [first, second] = picture({ width: 120, height: 40 }, { lost })
    expect(first).toBe('✗ no supervisor since 5.0 s, asked again each second: cannot reach the supervisor')
    expect(second).toBe('  what it said 5 s ago:')
  })

  it('of a machine that has decided nothing says so', () => {
    expect(picture({ width: 80, height: 40 }, { entries: [] }).join('\n')).toContain('nothing has been decided yet')
  })
})

describe('watching', { timeout: 60_000 }, () => {
  let console: Console
  let ends: (() => void)[]
  beforeEach(async () => {
    console = new Console()
    ends = []
    await console.listen()
  })
  afterEach(() => {
    for (const end of ends) end()
    console.close()
  })

  /** `apmode …` as a process that goes on. */
  function apmode(...argv: string[]) {
    const environment = { ...process.env, APMODE_SOCKET: console.socketPath }
    const child = spawn(process.execPath, [MAIN, ...argv], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    ends.push(() => child.kill('SIGKILL'))
    const said = { out: '', err: '' }
    child.stdout.on('data', (piece) => {
      said.out += piece
    })
    child.stderr.on('data', (piece) => {
      said.err += piece
    })
    const end = new Promise<number | null>((resolve) => child.on('close', resolve))
    const stop = (signal: NodeJS.Signals) => {
      child.kill(signal)
      return end
    }
    return { said, stop }
  }

  it('on a screen shows each change at once, a supervisor that went away, and leaves the terminal as it was', async () => {
    let out = ''
    const terminal: Terminal = {
      out: (text) => {
        out += text
      },
      err: () => {},
      outIsTerminal: true,
      errIsTerminal: true,
      width: 80,
      environment: { APMODE_SOCKET: console.socketPath, NO_COLOR: '1' },
    }
    const around = { height: 40, onResize: () => () => {}, on: () => {}, removeListener: () => {}, raise: () => {} }
    const ended = new AbortController()
    const live = showLive(contextOf(terminal), ended.signal, around)
    await eventually(() => expect(out).toContain('host1 holds the VIP and takes writes'))
    expect(out).toContain('01-02 03:04   master')
    out = ''
    console.control.becomes({ holder: false, writable: false })
    await eventually(() => expect(out).toContain('host1 does not hold the VIP, in mode ap'))
    console.close()
    await eventually(() => expect(out).toContain('✗ no supervisor since'))
    ended.abort()
    await live
    expect(out.endsWith('\x1b[?7h\x1b[?25h\x1b[?1049l')).toBe(true)
  })

  it('as text is one block for each change that matters, and ends well with Ctrl-C', async () => {
    const { said, stop } = apmode('status', '--watch')
    await eventually(() => expect(said.out).toContain('takes writes, in mode ap'))
    console.control.becomes({
      gtid: '0-1-200',
      peer: { ...A_PEER, gtid: '0-1-200', saidAt: '2026-01-02T03:09:00.000Z' },
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    console.control.becomes({ being: 'm' })
    await eventually(() => expect(said.out).toContain('being m'))
    expect(said.out.match(/^●/gm)).toHaveLength(2)
    expect(said.out).not.toContain('\x1b')
    expect(await stop('SIGINT')).toBe(0)
    expect(said.err).toBe('')
  })

  it('with --json is one status in each line, each as status --json tells it', async () => {
    const { said, stop } = apmode('status', '--watch', '--json')
    await eventually(() => expect(said.out).toContain('\n'))
    console.control.becomes({ gtid: '0-1-200' })
    await eventually(() => expect(said.out.trimEnd().split('\n')).toHaveLength(2))
    const lines = said.out.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([A_STATUS, { ...A_STATUS, gtid: '0-1-200' }])
    expect(await stop('SIGTERM')).toBe(0)
  })

  it('history --follow tells what was decided, then what is, as asked for, and ends well with Ctrl-C', async () => {
    const decided = (event: string): HistoryEntry => ({ ...AN_ENTRY, event })
    console.control.entries = [decided('start'), decided('master'), decided('set m')]
    console.control.becomes({ lastChange: decided('set m') })
    const { said, stop } = apmode('history', '--follow', '--json', '--event', 'set')
    const events = () =>
      said.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).event)
    await eventually(() => expect(events()).toEqual(['set m']))
    for (const event of ['fault', 'set ap']) {
      console.control.entries = [...console.control.entries, decided(event)]
      console.control.becomes({ lastChange: decided(event) })
    }
    await eventually(() => expect(events()).toEqual(['set m', 'set ap']))
    expect(await stop('SIGINT')).toBe(0)
  })

  it.each([[['status', '--watch']], [['status', '--watch', '--json']], [['history', '--follow']]])(
    '%j without a supervisor exits 4 at once',
    async (argv) => {
      console.close()
      const ran = await console.apmode(argv, { terminal: true })
      expect(ran.exit).toBe(4)
      expect(ran.err).toContain('cannot reach the supervisor')
      expect(ran.out).not.toContain('\x1b')
    },
  )
})
