import { describe, expect, it } from 'vitest'
import { ago, clockTime, columns, duration } from '../../../src/face/show/columns.ts'
import { LiveProgress } from '../../../src/face/show/command.ts'
import { showHistory } from '../../../src/face/show/history.ts'
import { showPlan } from '../../../src/face/show/plan.ts'
import { showStatus } from '../../../src/face/show/status.ts'
import { type Paint, painter, type Terminal } from '../../../src/face/terminal.ts'
import type { Status } from '../../../src/ports/control.ts'
import { A_PEER, A_PLAN, A_STATUS, A_STEP, AN_ENTRY } from '../../fakes/control.ts'

const plain: Paint = (_style, text) => text
const NOW = Date.parse('2026-01-02T03:05:05.678Z')

const page = (width: number) => ({ paint: plain, width })
const statusAt = (width: number, changes: Partial<Status> = {}) =>
  showStatus({ ...A_STATUS, ...changes }, page(width), NOW)

describe('status', () => {
  it('of a healthy holder is a headline, both machines side by side, what ties them, and the units', () => {
    expect(`\n${statusAt(80)}`).toBe(`
● host1 holds the VIP and takes writes, in mode ap

               host1                      host2
  seen         this machine               answers, spoke 4 s ago
  mode         ap                         ap
  role         active                     standby
  VRRP         master, the VIP is here    backup
  database     writable                   read-only
  fit          yes                        yes
  replication  off                        0 s behind 192.168.33.101
  GTID         0-1-100                    0-1-100
  version      0.1.0                      0.1.0

  must hold    keepalived running, database writable, replication off
  commits      a write is acknowledged when host2 has it too (semi-sync)
  lead         host1, epoch 3, since 2026-01-02 03:04:05.678 UTC
  last change  1 min ago: keepalived made this machine the master: it serves
               alone now (57 ms)

  unit                kind      state   file
  mariadb.service     database  active  disabled
  nginx.service       api       active  disabled
  keepalived.service  router    active  disabled
`)
  })

  it.each([60, 80, 120])('no line is longer than the terminal of %i columns, whatever there is to say', (width) => {
    const text = statusAt(width, {
      fit: false,
      reasons: ['nginx.service is failed, and this goes on for a while, since there is much to say of it'],
      gtid: '0-1-100000000,1-1-200000000,2-1-300000000,3-1-400000000,4-1-500000000',
      next: { command: 'apmode rejoin', on: 'host2', why: 'once it is mended: it follows this machine again' },
    })
    expect(text.split('\n').filter((line) => line.length > width)).toEqual([])
  })

  it('on a narrow terminal one machine stands below the other', () => {
    expect(statusAt(50)).toMatch(/ host1\n.*version.* host2\n.*version/s)
  })

  it('into a pipe it breaks and cuts nothing', () => {
    const gtid = '0-1-100000000,1-1-200000000,2-1-300000000,3-1-400000000,4-1-500000000'
    const reason = 'a sentence that is longer than eighty columns, so that a terminal of that width would break it'
    const text = statusAt(Number.POSITIVE_INFINITY, { gtid, reasons: [reason] })
    expect(text).toContain(gtid)
    expect(text).toContain(`    ${reason}\n`)
  })

  it('says why, what cannot be done, and what to type next', () => {
    const text = statusAt(80, {
      being: 'm',
      fit: false,
      reasons: ['nginx.service is failed'],
      peer: { ...A_PEER, fit: false, reasons: ['G6 diverged: only this machine has 0-2-7'] },
      problems: ['the bus does not answer'],
      next: { command: 'apmode start', on: null, why: 'no service unit runs' },
    })
    expect(text).toContain('in mode ap, being m')
    expect(text).toContain('  why\n    nginx.service is failed\n')
    expect(text).toContain('  why host2 is not fit\n    G6 diverged: only this machine has 0-2-7\n')
    expect(text).toContain('  problems\n    the bus does not answer\n')
    expect(text).toContain('  next  apmode start   no service unit runs\n')
  })

  it('a dash is what is unknown, and a peer that does not answer is said to', () => {
    const nothing = { mode: null, role: null, vrrp: null, fit: null, version: null, saidAt: null, gtid: null } as const
    const away = { ...A_PEER, ...nothing, reachable: false, writable: null, attached: false, replication: null }
    const text = statusAt(80, { holder: null, writable: null, fit: null, gtid: null, lead: null, peer: away })
    expect(text).toContain('does not know whether it holds the VIP')
    expect(text).toMatch(/seen +this machine +does not answer\n/)
    expect(text).toMatch(/database +– +–\n/)
    expect(text).toMatch(/fit +– +–\n/)
    expect(text).toMatch(/lead +unknown\n/)
  })

  it('without a peer there is one column', () => {
    expect(statusAt(80, { peer: null })).toMatch(/mode +ap\n +role +active\n/)
  })

  it('of more than one other machine it says what VRRP sees, and no more', () => {
    const peers = [
      { name: 'host2', address: '192.168.33.102' },
      { name: 'host3', address: '192.168.33.103' },
    ]
    const names = 'host2 (192.168.33.102), host3 (192.168.33.103)'
    const of = (vrrp: Status['vrrp']) => statusAt(200, { engine: 'none', peer: null, peers, vrrp })
    expect(of('master')).toContain(`others       ${names}: none of them is heard as master\n`)
    expect(of('backup')).toContain(`others       ${names}: one of them is master\n`)
    expect(of('fault')).toContain(`others       ${names}: nothing is known of them\n`)
    expect(statusAt(200, {})).not.toContain('others')
  })

  it.each([
    [{ io: 'Yes', sql: true, lagSeconds: null, errno: 0, error: '' }, 'lag unknown 192.168.33.101'],
    [{ io: 'Connecting', sql: true, lagSeconds: null, errno: 0, error: '' }, 'IO Connecting, SQL Yes'],
    [{ io: 'Yes', sql: false, lagSeconds: 3, errno: 1062, error: 'Duplicate entry' }, 'stopped: error 1062'],
  ] as const)('shows how replication stands, and never takes an unknown lag for none: %o', (found, words) => {
    const replication = { source: '192.168.33.101:3306', gtid: '0-1-7', received: '0-1-8', ...found }
    const text = statusAt(80, { replication, writable: false })
    expect(text).toContain(words)
    if (found.error !== '') expect(text).toContain(`error        ${found.errno}: ${found.error}`)
  })
})

describe('status without a database', () => {
  const balancer = {
    engine: 'none',
    posture: 'member of the pair, carries the VIP: serves',
    writable: null,
    commitsWithPeer: null,
    gtid: null,
    lead: null,
    units: A_STATUS.units.filter(({ kind }) => kind !== 'database'),
    peer: { ...A_PEER, reachable: null, writable: null, attached: null, mode: null, fit: null, replication: null },
  } as const

  it('has no line about one, and nothing that is called unknown', () => {
    expect(`\n${statusAt(80, balancer)}`).toBe(`
● host1 holds the VIP, in mode ap

  seen     this machine
  mode     ap
  role     active
  VRRP     master, the VIP is here
  fit      yes
  version  0.1.0

  must hold    member of the pair, carries the VIP: serves
  peer         host2 (192.168.33.102): is not heard as master
  last change  1 min ago: keepalived made this machine the master: it serves
               alone now (57 ms)

  unit                kind    state   file
  nginx.service       api     active  disabled
  keepalived.service  router  active  disabled
`)
  })

  it('is green on a holder, which takes no writes', () => {
    const marked: Paint = (style, text) => `<${style}>${text}`
    expect(showStatus({ ...A_STATUS, ...balancer }, { paint: marked, width: 80 }, NOW)).toMatch(/^<green>●/)
  })
})

describe('history and plan', () => {
  it('a decision is its time, its change, its sentence, and the steps that failed', () => {
    expect(showHistory([AN_ENTRY], page(80))).toBe(
      '2026-01-02 03:04:05.678 UTC  master (fifo)  ap standby backup → s standby master  57 ms\n' +
        '  keepalived made this machine the master: it serves alone now\n' +
        '  ████████████████████████  stop-unit 41 ms\n',
    )
    const failed = { ...A_STEP, ok: false, detail: 'it hangs' }
    expect(showHistory([{ ...AN_ENTRY, result: 'failed', steps: [failed] }], page(80))).toContain(
      '57 ms  failed\n  keepalived made this machine the master: it serves alone now\n  ████████████████████████  stop-unit 41 ms\n  ✗ stop keepalived.service (41 ms): it hangs\n',
    )
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
      width: 80,
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
