/**
 * The pair as a person sees it in a terminal: a failover followed live in tmux, in two widths, and a terminal that is left as it
 * was; and as a program reads it, by the published schemas.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensurePrograms } from '../../scripts/testing/debian.ts'
import { faultsOf } from '../schemas.ts'
import { type ApmodePair, startApmodePair } from './apmode-pair.ts'
import { whyNoLab } from './lab/requirements.ts'
import { type LabTerminal, openTerminal } from './lab/terminal.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()
const AS_IT_WAS = { otherPage: false, cursor: true, wraps: true }

describe.skipIf(obstacle !== null)('a pair on a terminal', () => {
  let pair: ApmodePair
  let watch: LabTerminal
  let follow: LabTerminal

  beforeAll(async () => {
    const say = (sentence: string) => process.stderr.write(`${sentence}\n`)
    const missing = ensurePrograms({ tmux: 'tmux' }, say)
    if (missing !== null) throw new Error(missing)
    pair = await startApmodePair({ progress: say })
    watch = await openTerminal(pair.names, pair.host2, { width: 80, height: 40 })
    follow = await openTerminal(pair.names, pair.host2, { width: 120, height: 30 })
  })
  afterAll(async () => {
    await watch?.close()
    await follow?.close()
    await pair?.stop()
  })

  /** Waits until the screen shows it; gives the screen. */
  async function shows(terminal: LabTerminal, what: RegExp, patienceMs = 15_000): Promise<string> {
    let last = ''
    try {
      return await waitFor(
        async () => {
          last = (await terminal.screen()).join('\n')
          return what.test(last) && last
        },
        { patienceMs, reason: `${what} on the screen`, everyMs: 50 },
      )
    } catch (cause) {
      throw new Error(`${cause}\n${last}`, { cause })
    }
  }

  const look = (title: string, screen: string) => process.stderr.write(`── ${title}\n${screen}\n`)

  test('status and history of both machines are as the schemas say', async () => {
    for (const machine of pair.nodes) {
      expect(faultsOf('status', await machine.status())).toEqual([])
      expect(faultsOf('history', await machine.history())).toEqual([])
    }
  })

  test('a failover is followed live, in place, in 80 and in 120 columns', async () => {
    await watch.type('echo what was there before')
    await watch.type('apmode status --watch')
    await follow.type('apmode history --follow -n 2')
    look('80 columns', await shows(watch, /● host2 does not hold the VIP, in mode ap[\s\S]*history\n[\s\S]*Ctrl-C/))
    expect(await watch.state()).toEqual({ otherPage: true, cursor: false, wraps: false })
    await shows(follow, /UTC/)
    const killed = performance.now()
    await pair.host1.must(['systemctl', 'kill', '-s', 'KILL', 'mariadb'])
    await shows(watch, /● host2 holds the VIP and takes writes, in mode s/)
    process.stderr.write(`seen ${Math.round(performance.now() - killed)} ms after the database was killed\n`)
    const narrow = await shows(watch, /master +\d+ ms {2}ap standby backup → s standby master/)
    look('80 columns, after the failover', narrow)
    expect(narrow.split('\n').filter((line) => line.length > 80)).toEqual([])
    look('history --follow', await shows(follow, /master \(\w+\) {2}ap standby backup → s standby master[\s\S]*█/))
    await watch.resize({ width: 120, height: 40 })
    const wide = await shows(watch, /on host1: apmode rejoin +once it is mended: it follows this machine again/)
    look('120 columns', wide)
    expect(wide.match(/●/g)).toHaveLength(1)
    expect(wide.split('\n').filter((line) => line.length > 120)).toEqual([])
  })

  test('a supervisor that is away is said in place, and what it decides afterwards is told again', async () => {
    const { host2 } = pair
    await host2.must(['systemctl', 'stop', 'apmode.socket', 'apmode.service'])
    await shows(watch, /✗ no supervisor since/)
    await shows(follow, /trying again/)
    await host2.must(['systemctl', 'start', 'apmode.socket', 'apmode.service'])
    await waitFor(async () => !/no supervisor/.test((await watch.screen()).join('\n')), {
      patienceMs: 15_000,
      reason: 'a supervisor on the screen again',
    })
    await shows(follow, /master \(supervisor\)/)
  })

  test('a supervisor that hangs is said too', async () => {
    const { host2 } = pair
    await host2.must(['systemctl', 'kill', '-s', 'STOP', 'apmode.service'])
    try {
      await shows(watch, /✗ no supervisor since[\s\S]*has said nothing for 5 s/, 20_000)
    } finally {
      await host2.must(['systemctl', 'kill', '-s', 'CONT', 'apmode.service'])
    }
    await shows(watch, /^● host2 holds/)
  })

  test('Ctrl-Z gives the terminal back and fg takes it again; Ctrl-C leaves it as it was, and is no failure', async () => {
    await watch.keys('C-z')
    await shows(watch, /what was there before[\s\S]*Stopped +apmode status --watch/)
    expect(await watch.state()).toEqual(AS_IT_WAS)
    await watch.type('fg')
    await shows(watch, /^● host2 holds the VIP/)
    expect(await watch.state()).toMatchObject({ otherPage: true })
    await watch.keys('C-c')
    await watch.type('echo exit $?')
    const left = await shows(watch, /^exit 0$/m)
    look('afterwards', left)
    expect(left).toContain('what was there before')
    expect(left).not.toContain('●')
    expect(await watch.state()).toEqual(AS_IT_WAS)
    await follow.keys('C-c')
    await follow.type('echo exit $?')
    await shows(follow, /^exit 0$/m)
  })

  test('a terminal that goes away leaves nobody behind', async () => {
    await watch.type('apmode status --watch')
    await shows(watch, /^● host2/)
    // What gives the shell its terminal, as sshd does, is gone.
    await pair.host2.must(['pkill', '-KILL', '-x', 'script'])
    await waitFor(async () => (await pair.host2.exec(['pgrep', '-f', '[s]tatus --watch'])).stdout === '', {
      patienceMs: 10_000,
      reason: 'the end of apmode status --watch',
    })
  })
})
