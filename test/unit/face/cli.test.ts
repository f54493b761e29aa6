import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ApmodeError } from '../../../src/core/errors.ts'
import { A_PLAN, A_STATUS, AN_ENTRY, DONE } from '../../fakes/control.ts'
import { Console } from './console.ts'

let console: Console
beforeEach(() => {
  console = new Console()
})
afterEach(() => console.close())

const COMMANDS = [
  'set',
  'handover',
  'rejoin',
  'reclone',
  'bootstrap',
  'start',
  'stop',
  'restart',
  'status',
  'mode',
  'history',
  'plan',
  'notify',
  'check',
]
const MORE = ['init', 'render', 'table', 'config check', 'completion', 'supervise']
const LATER: readonly string[] = []

describe('the help', () => {
  it.each([...COMMANDS, ...MORE])('of %s teaches with an example', async (command) => {
    const ran = await console.apmode([...command.split(' '), '--help'])
    expect(ran.exit).toBe(0)
    expect(ran.out).toMatch(new RegExp(`Usage: apmode ${command}`))
    expect(ran.out).toContain('Example:')
  })

  it('names every command and every exit code, and none that is not there', async () => {
    const { out } = await console.apmode(['--help'])
    for (const command of [...COMMANDS, 'init', 'render', 'table', 'config'])
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'))
    for (const code of [0, 1, 2, 3, 4, 5]) expect(out).toMatch(new RegExp(`^  ${code}  `, 'm'))
    for (const command of LATER) expect(out).not.toContain(command)
  })

  it('without a command goes to stderr, with exit 2', async () => {
    const ran = await console.apmode([])
    expect([ran.exit, ran.out]).toEqual([2, ''])
    expect(ran.err).toContain('Usage: apmode')
  })
})

describe('bad usage', () => {
  it.each([
    ['frobnicate'],
    ['set'],
    ['set', 'x'],
    ['set', 'm', 's'],
    ['set', 'm', '--frob'],
    ['set', 'm', '--timeout', 'soon'],
    ['status', '--watch', 'x'],
    ['status', 'now'],
    ['history', '-n', '0'],
    ['history', '-n', 'all'],
    ['plan'],
    ['plan', 'set'],
    ['plan', 'stop', '--now'],
    ['plan', 'notify', 'init'],
    ['check', 'disk'],
    ['render', 'nginx'],
    ['config', 'edit'],
    ...LATER.map((command) => [command, '--deep', 'x']),
  ])('%s %s %s %s exits 2, with words on stderr only', async (...argv) => {
    await console.listen()
    const ran = await console.apmode(argv.filter((word) => word !== undefined))
    expect([ran.exit, ran.out]).toEqual([2, ''])
    expect(ran.err).not.toBe('')
    expect(console.control.asked).toEqual([])
  })

  it.each(LATER)('%s says that it is not in this version', async (command) => {
    expect((await console.apmode([command])).err).toContain('not in this version')
  })
})

describe('without a supervisor', () => {
  it.each([['status'], ['set', 'm'], ['start'], ['history'], ['plan', 'start'], ['check', 'api'], ['notify', 'stop']])(
    '%s exits 4, and says how to see why',
    async (...argv) => {
      const ran = await console.apmode(argv)
      expect([ran.exit, ran.out]).toEqual([4, ''])
      expect(ran.err).toContain('cannot reach the supervisor')
      expect(ran.err).toContain('journalctl -u apmode')
    },
  )

  it('--json still prints one JSON value', async () => {
    const ran = await console.apmode(['status', '--json'])
    expect(ran.exit).toBe(4)
    expect(JSON.parse(ran.out)).toMatchObject({ exit: 4, sentence: expect.stringContaining('cannot reach') })
  })

  it('mode reads the mode file itself, and says so', async () => {
    const config = join(console.folder, 'no-such.toml')
    const ran = await console.apmode(['mode'], { env: { APMODE_CONFIG: config } })
    expect(ran.err).toContain('this is what the mode file')
    expect(ran.out).toMatch(/^(unset|ap|m|s|unreadable)\n$/)
  })
})

describe('mode', () => {
  it.each([
    [{ mode: 'ap', being: null, problem: null }, 'ap\n', 0],
    [{ mode: 'm', being: 'm', problem: null }, 'being m\n', 0],
    [{ mode: 'unset', being: null, problem: null }, 'unset\n', 0],
    [{ mode: 'unreadable', being: null, problem: 'it is empty' }, 'unreadable\n', 1],
  ] as const)('of %j is %j', async (view, text, exit) => {
    await console.listen()
    console.control.modeView = view
    const ran = await console.apmode(['mode'])
    expect([ran.out, ran.exit]).toEqual([text, exit])
    expect(ran.err).toBe(view.problem === null ? '' : `apmode: ${view.problem}\n`)
  })
})

describe('--json', () => {
  it.each([
    [['status', '--json'], A_STATUS],
    [['history', '--json'], [AN_ENTRY]],
    [['plan', 'set', 'm', '--json'], A_PLAN],
    [['set', 'm', '--dry-run', '--json'], A_PLAN],
    [['set', 'm', '--json'], DONE],
    [['stop', '--json'], DONE],
    [['mode', '--json'], { mode: 'ap', being: null, problem: null }],
  ])('of %s is one value on stdout, in plain, also on a terminal', async (argv, value) => {
    await console.listen()
    const ran = await console.apmode(argv, { terminal: true })
    expect(JSON.parse(ran.out)).toEqual(value)
    expect([ran.exit, ran.err]).toEqual([0, ''])
  })
})

describe('a command', () => {
  it('asks for what was typed', async () => {
    await console.listen()
    await console.apmode(['set', 's', '--now', '--force'])
    await console.apmode(['restart'])
    await console.apmode(['plan', 'notify', 'FAULT'])
    await console.apmode(['set', 'ap', '--dry-run'])
    expect(console.control.asked).toEqual([
      { set: { mode: 's', now: true, force: true } },
      { units: 'restart' },
      { plan: { command: 'notify', state: 'fault' } },
      { plan: { command: 'set', mode: 'ap', now: false, force: false } },
    ])
  })

  it('prints its steps with their times and then its sentence', async () => {
    await console.listen()
    const ran = await console.apmode(['set', 'm'])
    expect(ran).toEqual({ exit: 0, out: '✓ stop keepalived.service  41 ms\nthe mode is m\n', err: '' })
  })

  it('shows the steps on stderr as they come when it is a terminal, and the sentence on stdout', async () => {
    await console.listen()
    const ran = await console.apmode(['set', 'm'], { terminal: true, env: { NO_COLOR: '1' } })
    expect(ran).toEqual({ exit: 0, out: 'the mode is m\n', err: '✓ stop keepalived.service  41 ms\n' })
  })

  it('that fails says on stderr what was done and what was not', async () => {
    await console.listen()
    const failed = { step: 'start', sentence: 'start nginx.service', ms: 2100, ok: false, detail: 'result failed' }
    console.control.result = {
      exit: 1,
      sentence: 'nginx.service did not start',
      done: [failed],
      notDone: ['start keepalived.service'],
    }
    const ran = await console.apmode(['start'])
    expect([ran.exit, ran.out]).toEqual([1, ''])
    expect(ran.err).toBe(
      '✗ start nginx.service  2.1 s: result failed\n– not done: start keepalived.service\nnginx.service did not start\n',
    )
  })

  it('that a guard refuses exits 3 and names the guard', async () => {
    await console.listen()
    console.control.result = {
      exit: 3,
      sentence: 'the peer has newer writes',
      done: [],
      notDone: [],
      refusedBy: 'G2 no stale lead',
    }
    const ran = await console.apmode(['set', 's'])
    expect(ran.exit).toBe(3)
    expect(ran.err).toContain('refused by G2 no stale lead')
    console.control.planView = { ...A_PLAN, refusedBy: 'G2 no stale lead' }
    expect((await console.apmode(['plan', 'set', 's'])).exit).toBe(3)
  })

  it('that takes too long exits 5 and goes on', async () => {
    await console.listen()
    console.control.gate = new Promise(() => {})
    const ran = await console.apmode(['stop', '--timeout', '0.1'])
    expect([ran.exit, ran.out]).toEqual([5, ''])
    expect(ran.err).toContain('still going on')
    expect(ran.err).toContain('✓ stop keepalived.service')
  })

  it('exits 2 when the configuration is what is wrong', async () => {
    await console.listen()
    console.control.error = new ApmodeError('config', 'cannot supervise: 2 faults')
    const ran = await console.apmode(['status'])
    expect([ran.exit, ran.err]).toEqual([2, 'apmode: the supervisor answered: cannot supervise: 2 faults\n'])
  })
})

describe('check', () => {
  it('exits 0 when everything named is well, 1 otherwise', async () => {
    await console.listen()
    console.control.failing = ['api']
    expect(await console.apmode(['check', 'router', 'nic'])).toMatchObject({ exit: 0 })
    const ran = await console.apmode(['check', 'router', 'api'])
    expect(ran).toMatchObject({ exit: 1, err: '' })
    expect(ran.out).toBe('router      ok   the router is well\napi         BAD  the api is not well\n')
  })

  it('without a name is about the supervisor, whatever else is not well', async () => {
    await console.listen()
    console.control.failing = ['api', 'database']
    expect(await console.apmode(['check'])).toMatchObject({ exit: 0, out: 'supervisor  ok   it answers\n' })
    console.control.broken = true
    const env = { APMODE_CONFIG: join(console.folder, 'apmode.toml') }
    expect((await console.apmode(['check'], { env })).exit).toBe(1)
  })

  it('without a supervisor exits 4, but 0 on the machine that holds the VIP', async () => {
    const config = join(console.folder, 'apmode.toml')
    const env = { APMODE_CONFIG: config }
    writeFileSync(config, '[vrrp]\nvip = "192.0.2.77/24"\n')
    expect((await console.apmode(['check'], { env })).exit).toBe(4)
    // A fault elsewhere in the configuration does not matter.
    writeFileSync(config, '[[node]\nname = ???\n[vrrp]\n  vip="127.0.0.1/8"\n')
    const ran = await console.apmode(['check'], { env })
    expect(ran.exit).toBe(0)
    expect(ran.out).toContain('holds the VIP and keeps it')
  })
})

describe('offline', () => {
  it('config check says every fault and exits 2', async () => {
    const config = join(console.folder, 'apmode.toml')
    writeFileSync(config, 'codenam = "ap"\n[[node]]\nname = 5\n')
    const ran = await console.apmode(['config', 'check', config])
    expect([ran.exit, ran.out]).toEqual([2, ''])
    expect(ran.err).toContain('line 1')
    expect(ran.err).toContain('line 3')
    const json = await console.apmode(['config', 'check', '--json', config])
    expect(json).toMatchObject({ exit: 2, err: '' })
    expect(JSON.parse(json.out)).toMatchObject({ ok: false })
  })

  it('table prints the decision table', async () => {
    expect((await console.apmode(['table'])).out).toMatch(/^\| mode/)
  })
})
