import { describe, expect, it } from 'vitest'
import { ago, clockTime, columns, duration } from '../../../src/face/show/columns.ts'
import { LiveProgress } from '../../../src/face/show/command.ts'
import { showHistory } from '../../../src/face/show/history.ts'
import { showPlan } from '../../../src/face/show/plan.ts'
import { showStatus } from '../../../src/face/show/status.ts'
import { type Paint, painter, type Terminal } from '../../../src/face/terminal.ts'
import { A_PLAN, A_STATUS, A_STEP, AN_ENTRY } from '../../fakes/control.ts'

const plain: Paint = (_style, text) => text
const NOW = Date.parse('2026-01-02T03:05:05.678Z')

describe('status', () => {
  it('of a healthy holder is a headline, the facts and the units', () => {
    expect(`\n${showStatus(A_STATUS, plain, NOW)}`).toBe(`
● host1 holds the VIP and takes writes, in mode ap

  mode         ap
  role         active
  VRRP         master, the VIP is here
  database     writable, a write is acknowledged when host2 has it too
  fit          yes
  must hold    keepalived running, database writable, replication off
  peer         host2 (192.168.33.102): reachable, read-only, attached
  replication  off
  lead         host1, epoch 3, since 2026-01-02 03:04:05.678 UTC
  last change  1 min ago: keepalived made this machine the master: it serves alone now (57 ms)
  version      0.1.0

  unit                kind      state   file
  mariadb.service     database  active  disabled
  nginx.service       api       active  disabled
  keepalived.service  router    active  disabled
`)
  })

  it('says why, what cannot be done, and what to type next', () => {
    const text = showStatus(
      {
        ...A_STATUS,
        being: 'm',
        fit: false,
        reasons: ['nginx.service is failed'],
        problems: ['the bus does not answer'],
        next: { command: 'apmode start', on: null, why: 'no service unit runs' },
      },
      plain,
      NOW,
    )
    expect(text).toContain('in mode ap, being m')
    expect(text).toContain('  why\n    nginx.service is failed\n')
    expect(text).toContain('  problems\n    the bus does not answer\n')
    expect(text).toContain('  next  apmode start   no service unit runs\n')
  })

  it('calls unknown what is unknown', () => {
    const unknown = { holder: null, writable: null, fit: null, peer: null, lead: null, lastChange: null, units: [] }
    const text = showStatus({ ...A_STATUS, ...unknown }, plain, NOW)
    expect(text).toContain('does not know whether it holds the VIP')
    expect(text).toMatch(/database +unknown/)
    expect(text).toMatch(/peer +none configured/)
  })

  it('shows how replication stands, and never takes an unknown lag for none', () => {
    const replication = {
      source: '192.168.33.101:3306',
      io: 'Connecting',
      sql: true,
      lagSeconds: null,
      gtid: '0-1-7',
      received: '0-1-8',
      errno: 2003,
      error: 'cannot connect',
    } as const
    expect(showStatus({ ...A_STATUS, replication }, plain, NOW)).toContain(
      'from 192.168.33.101:3306, IO Connecting, SQL Yes, lag unknown, at 0-1-7, error 2003: cannot connect',
    )
  })
})

describe('history and plan', () => {
  it('a decision is its time, its change, its sentence, and the steps that failed', () => {
    expect(showHistory([AN_ENTRY], plain)).toBe(
      '2026-01-02 03:04:05.678 UTC  master (fifo)  ap standby backup → s standby master  57 ms\n' +
        '  keepalived made this machine the master: it serves alone now\n',
    )
    const failed = { ...A_STEP, ok: false, detail: 'it hangs' }
    expect(showHistory([{ ...AN_ENTRY, result: 'failed', steps: [failed] }], plain)).toContain(
      '57 ms  failed\n  keepalived made this machine the master: it serves alone now\n  ✗ stop keepalived.service (41 ms): it hangs\n',
    )
    expect(showHistory([], plain)).toBe('nothing has been decided yet\n')
  })

  it('a plan shows every step with its calls, and that nothing was changed', () => {
    const text = showPlan(A_PLAN, plain)
    expect(text).toContain('  1. withdraw  make the database refuse every write\n       SET GLOBAL read_only = 1\n')
    expect(text).toContain("       Manager.MaskUnitFiles(['keepalived.service'], false, true)\n")
    expect(text).toMatch(/nothing was changed\.\n$/)
    expect(showPlan({ ...A_PLAN, steps: [] }, plain)).toContain('nothing to do')
  })
})

describe('columns and times', () => {
  it('are aligned before they are coloured', () => {
    expect(
      columns(
        [
          ['a', 'b'],
          ['long', 'c'],
        ],
        (text) => `<${text}>`,
      ),
    ).toEqual(['<a   >  <b>', '<long>  <c>'])
  })

  it('are in words', () => {
    expect([0.4, 999, 1234, 61_000].map(duration)).toEqual(['0 ms', '999 ms', '1.2 s', '1 min 1 s'])
    expect(clockTime('2026-01-02T03:04:05.678Z')).toBe('2026-01-02 03:04:05.678 UTC')
    const seconds = [0, 30, 90, 7200, 200_000].map((s) => ago(new Date(NOW - s * 1000).toISOString(), NOW))
    expect(seconds).toEqual(['just now', '30 s ago', '1 min ago', '2 h ago', '2 d ago'])
    expect(ago('never', NOW)).toBe('never')
  })
})

describe('colour', () => {
  it('is only on a terminal, and never with NO_COLOR', () => {
    expect(painter(true, {})('red', 'x')).not.toBe('x')
    expect(painter(false, {})('red', 'x')).toBe('x')
    expect(painter(true, { NO_COLOR: '1' })('red', 'x')).toBe('x')
    expect(painter(true, { TERM: 'dumb' })('red', 'x')).toBe('x')
  })
})

describe('progress', () => {
  it('shows the running step until it ends, and leaves nothing behind', async () => {
    let written = ''
    let tell = () => {}
    const spun = new Promise<void>((resolve) => {
      tell = resolve
    })
    const terminal: Terminal = {
      out: () => {},
      err: (text) => {
        written += text
        if (text.includes('…')) tell()
      },
      outIsTerminal: true,
      errIsTerminal: true,
      environment: {},
    }
    const live = new LiveProgress(terminal, plain)
    live.show({ type: 'begin', step: 'stop', sentence: 'stop mariadb.service' })
    await spun
    live.show({ type: 'step', ...A_STEP })
    live.show({ type: 'note', sentence: 'waiting for the peer' })
    live.stop()
    expect(written).toContain('stop mariadb.service …')
    const cleared = '\r\u001b[2K'
    expect(written.endsWith(`${cleared}✓ stop keepalived.service  41 ms\n· waiting for the peer\n`)).toBe(true)
  })
})
