/**
 * The read-only HTTP for load balancers and monitoring (`[health] listen`). It can change nothing, tells no secret, and
 * a port that cannot be had is a sentence in the log and another try, never a reason to stop. Whoever floods it takes
 * a bounded part of the supervisor's time (`gate.ts`): one answer for each connection, and many that ask share one look.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { renderMetrics } from '../../core/render/metrics.ts'
import type { Control, Status } from '../../ports/control.ts'
import { type GateLimits, guardGate } from './gate.ts'
import { BadRequest, boundedServer, sendJson } from './http.ts'

const MAX_CONNECTIONS = 64
/** Connections that may wait in the kernel: they are accepted in one go, and nothing else is done meanwhile. */
const BACKLOG = 32
const GATE: GateLimits = { perAddress: 16, perWindow: 50, windowMs: 250, lifetimeMs: 8000 }
/** A look is at the database, at systemd and at the peer: a flood must not look all the time. */
const SAME_LOOK_MS = 100
const REQUEST_TIMEOUT_MS = 3000
const STATUS_TIMEOUT_MS = 5000
const RETRY_MS = 5000

export interface HealthOptions {
  readonly host: string
  readonly port: number
  readonly onProblem: (sentence: string) => void
  readonly statusTimeoutMs?: number
  readonly retryMs?: number
  readonly gate?: Partial<GateLimits>
}

export interface HealthServer {
  /** The port that it listens on; null while it cannot. */
  port(): number | null
  close(): void
}

export function startHealthServer(control: Control, options: HealthOptions): HealthServer {
  const answers = answersOf(control, options.statusTimeoutMs ?? STATUS_TIMEOUT_MS)
  const server = boundedServer(
    { maxConnections: MAX_CONNECTIONS, requestTimeoutMs: REQUEST_TIMEOUT_MS },
    async (request, url, response) => {
      // One answer for each connection: those that stay could fill every place.
      response.setHeader('connection', 'close')
      const answer = answers.get(url.pathname)
      if (!answer) throw new BadRequest(404, `no such path ${url.pathname}, expected /health, /status or /metrics`)
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        const allow = 'GET, HEAD'
        throw new BadRequest(405, `${url.pathname} takes ${allow}, not ${request.method}`, {
          allow,
          connection: 'close',
        })
      }
      refuseBody(request)
      await answer(response)
    },
  )
  return keptListening(server, options)
}

/** What asks for a state has nothing to tell. */
function refuseBody({ headers }: IncomingMessage): void {
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) {
    throw new BadRequest(413, 'a body is not read here')
  }
}

type Answer = (response: ServerResponse) => Promise<void> | void

function answersOf(control: Control, statusTimeoutMs: number): Map<string, Answer> {
  const status = shared(control, statusTimeoutMs)
  return new Map<string, Answer>([
    [
      '/health',
      (response) => {
        const alive = control.alive()
        sendJson(response, alive.ok ? 200 : 503, alive)
      },
    ],
    [
      '/status',
      async (response) => {
        const found = await status()
        if (found) sendJson(response, 200, found)
        else sendJson(response, 503, { error: 'the supervisor did not find out its status in time' })
      },
    ],
    [
      '/metrics',
      async (response) => {
        const found = await status()
        if (found === null)
          return sendJson(response, 503, { error: 'the supervisor did not find out its status in time' })
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
        response.end(renderMetrics(found))
      },
    ],
  ])
}

/** One look for all that ask while it goes on, and for a moment afterwards; null: it took too long. */
function shared(control: Control, timeoutMs: number): () => Promise<Status | null> {
  let current: Promise<Status> | null = null
  return async () => {
    current ??= control.status().finally(() => {
      setTimeout(() => {
        current = null
      }, SAME_LOOK_MS).unref()
    })
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, null)
    })
    try {
      return await Promise.race([current, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

function keptListening(server: Server, options: HealthOptions): HealthServer {
  let retry: NodeJS.Timeout | null = null
  let closed = false
  let said = ''
  let port = options.port
  const listen = () => {
    if (!closed && !server.listening) server.listen({ host: options.host, port, backlog: BACKLOG })
  }
  const gate = guardGate(server, { ...GATE, ...options.gate }, () => {
    // The port that the kernel chose, where any would do.
    port = (server.address() as AddressInfo | null)?.port ?? port
    return listen
  })
  server.on('listening', () => {
    said = ''
  })
  server.on('error', (error: Error) => {
    const sentence = `cannot listen on ${options.host}:${options.port} for health checks: ${error.message}`
    if (sentence !== said) options.onProblem(sentence)
    said = sentence
    retry = setTimeout(listen, options.retryMs ?? RETRY_MS)
    retry.unref()
  })
  listen()
  return {
    port: () => (server.address() as AddressInfo | null)?.port ?? null,
    close: () => {
      closed = true
      if (retry) clearTimeout(retry)
      gate.close()
      server.close()
      server.closeAllConnections()
    },
  }
}
