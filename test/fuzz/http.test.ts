/**
 * Requests on the control socket and on the read-only port: malformed, oversized, pipelined, half open, in any pieces. The
 * server answers HTTP or closes, answers the next one, and nothing is asked of the supervisor that nobody asked.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { type HealthServer, startHealthServer } from '../../src/adapters/control/health.ts'
import { BadRequest } from '../../src/adapters/control/http.ts'
import { listenOnControlSocket } from '../../src/adapters/control/listen.ts'
import * as requests from '../../src/adapters/control/requests.ts'
import { controlServer } from '../../src/adapters/control/server.ts'
import { FakeControl } from '../fakes/control.ts'
import { ask, type Where } from '../unit/adapters/control/ask.ts'
import { damaged, fuzz, fuzzAsync, hostile, jsonText } from './fuzz.ts'

const folder = mkdtempSync(join(tmpdir(), 'apmode-fuzz-http-'))
const socketPath = join(folder, 'apmode.sock')
const control = new FakeControl()
const readOnly = new FakeControl()
let server: Server
let health: HealthServer
let port = 0

beforeAll(async () => {
  server = controlServer(control, { requestTimeoutMs: 200 })
  await listenOnControlSocket(server, socketPath, {})
  const gate = { perWindow: 1_000_000, perAddress: 1000 }
  health = startHealthServer(readOnly, { host: '127.0.0.1', port: 0, onProblem: () => {}, gate })
  port = await vi.waitFor(() => health.port() ?? Promise.reject(new Error('not listening yet')), { timeout: 10_000 })
})
afterAll(() => {
  health.close()
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

const BODY = '{"mode":"m","now":true}'
const WHOLE = [
  'GET /status HTTP/1.1\r\nHost: a\r\n\r\n',
  'HEAD /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  `POST /set HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  `POST /notify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{"state":"master"}\r\n0\r\n\r\n`,
  'GET /history?n=5 HTTP/1.0\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /events HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 5\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET //x/status HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  'POST /stop HTTP/1.1\r\nHost: a\r\nExpect: nothing\r\nContent-Length: 2\r\n\r\n{}',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
]
const giant = fc
  .integer({ min: 1, max: 40_000 })
  .map((size) => `GET /status HTTP/1.1\r\nA: ${'x'.repeat(size)}\r\n\r\n`)
const request = fc.oneof({ weight: 4, arbitrary: damaged(WHOLE) }, fc.constantFrom(...WHOLE), giant, hostile)
const stream = fc.record({
  text: fc.array(request, { minLength: 1, maxLength: 4 }).map((all) => all.join('')),
  cut: fc.double({ min: 0, max: 1, noNaN: true }),
  end: fc.boolean(),
})

/** Sends it in two pieces; what came back when the server closed, or when nothing more came for a moment. */
function send(where: Where, { text, cut, end }: { text: string; cut: number; end: boolean }): Promise<string> {
  return new Promise((resolve) => {
    const client: Socket = 'socketPath' in where ? connect(where.socketPath) : connect(where.port, where.host)
    const at = Math.floor(cut * text.length)
    let said = ''
    client.on('error', () => {})
    client.on('data', (piece) => {
      said += piece.toString('latin1')
    })
    client.on('close', () => resolve(said))
    client.setTimeout(10, () => client.destroy())
    client.write(text.slice(0, at), () => {
      if (end) client.end(text.slice(at))
      else client.write(text.slice(at))
    })
  })
}

async function survives(where: Where, sent: { text: string; cut: number; end: boolean }): Promise<void> {
  const said = await send(where, sent)
  expect(said === '' || /^HTTP\/1\.1 [1-5]\d\d /.test(said), JSON.stringify(said.slice(0, 80))).toBe(true)
  expect((await ask(where, 'GET', '/status')).status).toBe(200)
}

fuzzAsync('the control socket answers HTTP or closes, and goes on', stream, async (sent) => {
  control.asked.length = 0
  await survives({ socketPath }, sent)
  for (const asked of control.asked) {
    if (typeof asked === 'object' && asked !== null && ('set' in asked || 'units' in asked)) {
      // A change was asked for by a POST that is there to the letter, somewhere in what was sent.
      expect(sent.text).toMatch(/POST \S*\/(set|start|stop|restart)/)
    }
  }
})

fuzzAsync('the read-only port answers HTTP or closes, and asks for nothing but states', stream, async (sent) => {
  readOnly.asked.length = 0
  await survives({ host: '127.0.0.1', port }, sent)
  for (const asked of readOnly.asked) expect(['known', { history: 50 }]).toContainEqual(asked)
})

const READERS = [requests.notifyRequest, requests.setRequest, requests.planRequest, requests.unitsRequest]
const body = fc.oneof(
  jsonText,
  damaged(['{"mode":"m","now":true,"force":false,"dryRun":true}', '{"command":"set","mode":"ap"}', '{"state":"stop"}']),
)
fuzz('a body is a request, or a fault that is told', body, (text) => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return
  }
  for (const read of READERS) told(() => read(value))
})

fuzz('a query is a request, or a fault that is told', hostile, (text) => {
  told(() => requests.checkRequest(new URLSearchParams(`what=${text}`)))
  told(() => {
    const count = requests.historyRequest(new URLSearchParams({ n: text }))
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThanOrEqual(10_000)
  })
})

function told(read: () => unknown): void {
  try {
    read()
  } catch (thrown) {
    if (!(thrown instanceof BadRequest)) throw thrown
    expect(thrown.message.length).toBeLessThan(400)
  }
}
