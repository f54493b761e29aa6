/** The streams of the read-only port: who looks on, how often, for how long, and what it costs the supervisor. */
import { type ClientRequest, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EventLimits } from '../../../../src/adapters/control/events.ts'
import type { GateLimits } from '../../../../src/adapters/control/gate.ts'
import { type HealthServer, startHealthServer } from '../../../../src/adapters/control/health.ts'
import { A_STATUS, FakeControl } from '../../../fakes/control.ts'
import { ask } from './ask.ts'

const eventually = <T>(claim: () => T | Promise<T>) => vi.waitFor(claim, { timeout: 10_000, interval: 10 })
const host = '127.0.0.1'
let control: FakeControl
let health: HealthServer | null
let clients: (ClientRequest | Socket)[]
beforeEach(() => {
  control = new FakeControl()
  health = null
  clients = []
})
afterEach(() => {
  for (const client of clients) client.destroy()
  health?.close()
})

async function started(events: Partial<EventLimits> = {}, gate: Partial<GateLimits> = {}): Promise<number> {
  const server = startHealthServer(control, { host, port: 0, onProblem: () => {}, events, gate })
  health = server
  return eventually(() => server.port() ?? Promise.reject(new Error('not listening yet')))
}

interface Stream {
  readonly client: ClientRequest
  readonly status: number
  readonly type: string
  /** Data of the events of this name so far, parsed. */
  of(name: string): unknown[]
  readonly ended: boolean
  readonly at: readonly number[]
}

function stream(port: number): Promise<Stream> {
  return new Promise((resolve, reject) => {
    let text = ''
    let ended = false
    const at: number[] = []
    const client = request({ host, port, path: '/events', agent: false }, (response) => {
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
        at.push(performance.now())
      })
      response.on('error', () => {})
      response.on('close', () => {
        ended = true
      })
      resolve({
        client,
        at,
        status: response.statusCode ?? 0,
        type: response.headers['content-type'] ?? '',
        of: (name) =>
          text
            .split('\n\n')
            .filter((event) => event.startsWith(`event: ${name}\n`))
            .map((event) => JSON.parse(event.slice(event.indexOf('\ndata: ') + 7))),
        get ended() {
          return ended
        },
      })
    })
    client.on('error', reject)
    clients.push(client)
    client.end()
  })
}

const nodes = (found: Stream) => found.of('status').map((status) => (status as { node: string }).node)

describe('the event stream', () => {
  it('tells the known status and the time at once, without a look', async () => {
    const found = await stream(await started())
    expect([found.status, found.type]).toEqual([200, 'text/event-stream; charset=utf-8'])
    await eventually(() => expect(found.of('status')).toEqual([A_STATUS]))
    expect(found.of('beat')).toEqual([{ at: expect.stringMatching(/^\d{4}-.*Z$/) }])
    expect(control.asked).not.toContain('status')
  })

  it('tells each change to all who look on, once', async () => {
    const port = await started({ betweenMs: 20 })
    const all = await Promise.all([stream(port), stream(port)])
    control.becomes({ node: 'other' })
    for (const one of all) await eventually(() => expect(nodes(one)).toEqual(['host1', 'other']))
  })

  it('says nothing when nothing is different', async () => {
    const port = await started({ betweenMs: 10, beatMs: 50 })
    const found = await stream(port)
    for (let round = 0; round < 5; round++) control.becomes({})
    await eventually(() => expect(found.of('beat').length).toBeGreaterThan(3))
    expect(found.of('status')).toHaveLength(1)
  })

  it('tells at most five changes a second however many there are, and always the last one', async () => {
    const found = await stream(await started())
    const began = performance.now()
    for (let change = 0; change < 100; change++) {
      control.becomes({ node: `host${change}` })
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await eventually(() => expect(nodes(found).at(-1)).toBe('host99'))
    expect(nodes(found).length).toBeLessThanOrEqual((performance.now() - began) / 200 + 2)
  })

  it('beats, so that a dead line is noticed', async () => {
    const found = await stream(await started({ beatMs: 20 }))
    await eventually(() => expect(found.of('beat').length).toBeGreaterThan(2))
  })

  it('has so many places, answers 503 beyond, and gives a place that has become free to the next', async () => {
    const port = await started({ places: 2 })
    const [first] = await Promise.all([stream(port), stream(port)])
    const refused = await ask({ host, port }, 'GET', '/events')
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5'])
    expect(JSON.parse(refused.text).error).toContain('2 pages are open already')
    expect((await ask({ host, port }, 'GET', '/health')).status).toBe(200)
    first?.client.destroy()
    await eventually(async () => expect((await stream(port)).status).toBe(200))
  })

  it('asks nothing of the supervisor while nobody looks on', async () => {
    const port = await started({ betweenMs: 10 })
    expect(control.listeners.size).toBe(0)
    const found = await stream(port)
    expect(control.listeners.size).toBe(1)
    found.client.destroy()
    await eventually(() => expect(control.listeners.size).toBe(0))
    control.asked.length = 0
    control.becomes({ node: 'other' })
    // Time for what would be sent, and a question that needs nothing of the supervisor.
    for (let n = 0; n < 5; n++) expect((await ask({ host, port }, 'GET', '/nothing')).status).toBe(404)
    expect(control.asked).toEqual([])
  })

  it('outlives the answer of an ordinary connection, and the gate still ends it', async () => {
    const port = await started({ beatMs: 20 }, { lifetimeMs: 150 })
    const found = await stream(port)
    await eventually(() => expect((found.at.at(-1) ?? 0) - (found.at[0] ?? 0)).toBeGreaterThan(500))
    expect(found.ended).toBe(false)
  })

  it('ends after its own lifetime, so that a client that is gone without a word keeps no place', async () => {
    const found = await stream(await started({ lifetimeMs: 100 }))
    await eventually(() => expect(found.ended).toBe(true))
    expect(control.listeners.size).toBe(0)
  })

  it('lets go a client that does not read', async () => {
    const port = await started({ betweenMs: 1 })
    const lazy = connect(port, host)
    clients.push(lazy)
    lazy.on('error', () => {})
    lazy.pause()
    lazy.write('GET /events HTTP/1.1\r\nHost: a\r\n\r\n')
    await eventually(() => expect(control.listeners.size).toBe(1))
    const long = 'x'.repeat(200_000)
    let count = 0
    await eventually(() => {
      control.becomes({ posture: `${long}${count++}` })
      expect(control.listeners.size).toBe(0)
    })
  })

  it('answers HEAD without a stream, and tells why when the supervisor cannot say anything', async () => {
    const port = await started()
    expect(await ask({ host, port }, 'HEAD', '/events')).toMatchObject({ status: 200, text: '' })
    control.broken = true
    const answer = await ask({ host, port }, 'GET', '/events')
    expect([answer.status, JSON.parse(answer.text).error]).toEqual([500, 'cannot answer: made to fail'])
    expect(control.listeners.size).toBe(0)
  })

  it('keeps its streams when the supervisor cannot say anything for a while', async () => {
    const found = await stream(await started({ betweenMs: 10, beatMs: 20 }))
    control.broken = true
    control.becomes({ node: 'other' })
    const before = found.of('beat').length
    await eventually(() => expect(found.of('beat').length).toBeGreaterThan(before + 2))
    control.broken = false
    control.becomes({})
    await eventually(() => expect(nodes(found)).toEqual(['host1', 'other']))
  })

  it('ends with the server', async () => {
    const found = await stream(await started())
    health?.close()
    await eventually(() => expect(found.ended).toBe(true))
    expect(control.listeners.size).toBe(0)
  })
})
