import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Console, type Ran } from './console.ts'

const MAIN = join(import.meta.dirname, '../../../src/face/main.ts')

let console: Console
let raw: Server | null
beforeEach(() => {
  console = new Console()
  raw = null
})
afterEach(() => {
  raw?.close()
  console.close()
})

/** `apmode` as a process. */
function apmode(...argv: string[]): Promise<Ran> {
  const environment = { ...process.env, APMODE_SOCKET: console.socketPath, NODE_DEBUG: '' }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...argv], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.on('data', (piece) => {
      out += piece
    })
    child.stderr.on('data', (piece) => {
      err += piece
    })
    child.on('close', (code) => resolve({ exit: code ?? -1, out, err }))
  })
}

/** A supervisor that behaves as a test wants, connection by connection. */
function behaving(...connections: ((answer: (text: string) => void, hangUp: () => void) => void)[]): Promise<void> {
  let count = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    const behave = connections[Math.min(count++, connections.length - 1)]
    socket.once('data', () =>
      behave?.(
        (text) => socket.end(text),
        () => socket.destroy(),
      ),
    )
  })
  raw = server
  return new Promise((resolve) => server.listen(console.socketPath, resolve))
}

const ACCEPTED = 'HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}'

// Processes start slowly on a busy machine.
describe('apmode as a process', { timeout: 60_000 }, () => {
  it('what a slow reader has not taken yet is not cut off', async () => {
    await console.listen()
    const [entry] = console.control.entries
    if (entry === undefined) throw new Error('no entry')
    console.control.entries = Array.from({ length: 1000 }, () => ({ ...entry, sentence: 'x'.repeat(500) }))
    const environment = { ...process.env, APMODE_SOCKET: console.socketPath }
    const child = spawn(
      'sh',
      ['-c', '"$0" "$1" history -n 1000 --json | { sleep 0.5; cat; }', process.execPath, MAIN],
      {
        env: environment,
      },
    )
    let out = ''
    child.stdout.on('data', (piece) => {
      out += piece
    })
    await new Promise((resolve) => child.on('close', resolve))
    expect(JSON.parse(out)).toHaveLength(1000)
  })

  it('notify hands over both forms, says nothing and exits 0', async () => {
    await console.listen()
    expect(await apmode('notify', 'master')).toEqual({ exit: 0, out: '', err: '' })
    expect(await apmode('notify', 'INSTANCE', 'VI_1', 'FAULT', '0')).toEqual({ exit: 0, out: '', err: '' })
    expect(console.control.asked).toEqual([
      { notify: { state: 'master', instance: null, source: 'notify' } },
      { notify: { state: 'fault', instance: 'VI_1', source: 'notify' } },
    ])
  })

  it('notify of what is no change of state does nothing and exits 0', async () => {
    const ran = await apmode('notify', 'GROUP', 'VG_1', 'MASTER', '0')
    expect([ran.exit, ran.out]).toEqual([0, ''])
    expect(ran.err).toContain('only instances count')
  })

  it.each([[['mastr']], [['--soon', 'master']], [['master', '--timeout', 'x']], [[]]])(
    'notify %j exits 2 with what was found',
    async (words) => {
      const ran = await apmode('notify', ...words)
      expect([ran.exit, ran.out]).toEqual([2, ''])
      expect(ran.err).toMatch(/^apmode: .+\n$/)
    },
  )

  it('notify exits 4 when nobody listens, 5 when nobody answers in time', async () => {
    expect((await apmode('notify', 'stop')).exit).toBe(4)
    await behaving(() => {})
    expect((await apmode('notify', 'stop', '--timeout', '0.3')).exit).toBe(5)
  })

  it('notify is not lost when the supervisor dies before it answers', async () => {
    await behaving(
      (_answer, hangUp) => hangUp(),
      (answer) => answer('HTTP/1.1 202 Acc'),
      (answer) => answer(ACCEPTED),
    )
    expect(await apmode('notify', 'master')).toEqual({ exit: 0, out: '', err: '' })
  })

  it('notify exits 1 when the supervisor says that it cannot', async () => {
    await behaving((answer) => answer('HTTP/1.1 500 No\r\ncontent-length: 14\r\n\r\n{"error":"no"}'))
    const ran = await apmode('notify', 'master')
    expect(ran).toEqual({ exit: 1, out: '', err: 'apmode: the supervisor answered: no\n' })
  })

  it('check exits with what it found, and prints JSON when wanted', async () => {
    await console.listen()
    console.control.failing = ['database']
    const ran = await apmode('check', 'database', '--json')
    expect(ran.exit).toBe(1)
    expect(JSON.parse(ran.out)).toMatchObject({ ok: false, items: [{ what: 'database', ok: false }] })
  })

  it('loads neither the command line nor node:http for notify', async () => {
    await console.listen()
    const loaded = await new Promise<string>((resolve) => {
      const program = `process.argv = ['', '', 'notify', 'master']; process.on('exit', () => process.stdout.write(JSON.stringify(process.moduleLoadList))); await import(${JSON.stringify(MAIN)})`
      const env = { ...process.env, APMODE_SOCKET: console.socketPath }
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let out = ''
      child.stdout.on('data', (piece) => {
        out += piece
      })
      child.on('close', () => resolve(out))
    })
    expect(loaded).toContain('NativeModule net')
    expect(loaded).not.toContain('NativeModule http')
    expect(console.control.asked).toHaveLength(1)
  })

  it('everything else goes to the command line', async () => {
    expect((await apmode('notify', '--help')).out).toContain('Usage: apmode notify')
    expect((await apmode('--version')).exit).toBe(0)
    expect((await apmode('frob')).exit).toBe(2)
  })
})
