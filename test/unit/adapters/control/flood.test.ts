/** The read-only port against those who mean harm: slow, many, endless. */
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { GateLimits } from '../../../../src/adapters/control/gate.ts'
import { type HealthServer, startHealthServer } from '../../../../src/adapters/control/health.ts'
import { FakeControl } from '../../../fakes/control.ts'
import { ask } from './ask.ts'

const eventually = <T>(claim: () => T | Promise<T>) => vi.waitFor(claim, { timeout: 10_000, interval: 10 })
const host = '127.0.0.1'
let control: FakeControl
let health: HealthServer | null
let clients: Socket[]
beforeEach(() => {
  control = new FakeControl()
  health = null
  clients = []
})
afterEach(() => {
  for (const client of clients) client.destroy()
  health?.close()
})

async function started(gate: Partial<GateLimits>): Promise<number> {
  const server = startHealthServer(control, { host, port: 0, onProblem: () => {}, gate })
  health = server
  return eventually(() => server.port() ?? Promise.reject(new Error('not listening yet')))
}

/** A client that sends this and then stays; resolves with what was answered once the server has closed. */
function stay(port: number, text: string): { readonly said: Promise<string>; readonly socket: Socket } {
  const socket = connect(port, host)
  clients.push(socket)
  let all = ''
  socket.on('error', () => {})
  socket.on('data', (piece) => {
    all += piece
  })
  socket.on('connect', () => socket.write(text))
  return { said: new Promise((resolve) => socket.on('close', () => resolve(all))), socket }
}

describe('the read-only port', () => {
  it('gives one answer for each connection', async () => {
    const port = await started({})
    const get = 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n'
    const said = await stay(port, get + get + get).said
    expect(said.match(/HTTP\/1\.1 200/g)).toHaveLength(1)
    expect(said).toMatch(/connection: close/i)
  })

  it('ends a connection after its lifetime, whatever it sends', async () => {
    const port = await started({ lifetimeMs: 100 })
    const { said, socket } = stay(port, 'GET /health HTTP/1.1\r\n')
    const drip = setInterval(() => socket.write('A: b\r\n'), 10)
    await said
    clearInterval(drip)
  })

  it('lets one address have so many connections at once, and the next when one has gone', async () => {
    const port = await started({ perAddress: 3 })
    const slow = [1, 2, 3].map(() => stay(port, 'GET /hea'))
    await expect(eventually(() => stay(port, 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n').said)).resolves.toBe('')
    slow[0]?.socket.destroy()
    await eventually(async () => expect((await ask({ host, port }, 'GET', '/health')).status).toBe(200))
  })

  it('shuts for the rest of the window when there were too many, and opens again on the same port', async () => {
    const port = await started({ perWindow: 5, windowMs: 300 })
    const answers = await Promise.allSettled(
      Array.from({ length: 30 }, () => ask({ host, port }, 'GET', '/health').then(({ status }) => status)),
    )
    const answered = answers.filter((answer) => answer.status === 'fulfilled')
    expect(answered.length).toBeLessThan(30)
    await eventually(async () => expect((await ask({ host, port }, 'GET', '/health')).status).toBe(200))
    expect(health?.port()).toBe(port)
  })

  it('looks at nothing, however many ask', async () => {
    const port = await started({ perWindow: 1000, perAddress: 1000 })
    await Promise.all(Array.from({ length: 50 }, () => ask({ host, port }, 'GET', '/status')))
    expect(new Set(control.asked)).toEqual(new Set(['known']))
  })

  it('reads no body and no giant head', async () => {
    const port = await started({})
    const body = 'POST /status HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n'
    expect(await stay(port, body).said).toMatch(/^HTTP\/1\.1 4(05|13) /)
    expect(await stay(port, `GET /status HTTP/1.1\r\nA: ${'x'.repeat(20_000)}`).said).toMatch(/^(HTTP\/1\.1 431 |$)/)
    expect(control.asked).toEqual([])
  })
})
