/**
 * What both HTTP servers share: limits, answers as JSON, and bodies read with a limit. Invariant: whatever arrives, the
 * answer is a JSON object with a sentence, and no client can hold the supervisor: headers, bodies, time and connections
 * are all bounded. Knows nothing of what is asked.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ApmodeError, type ErrorCode, messageOf } from '../../core/errors.ts'

const LONGEST_HEADER_BYTES = 8 * 1024
export const LONGEST_BODY_BYTES = 64 * 1024

/** A request that is answered with a status of 4xx; the message says what was found and what is expected. */
export class BadRequest extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

export interface Limits {
  readonly maxConnections: number
  /** From the connection to the last byte of the request. */
  readonly requestTimeoutMs: number
}

export type Handler = (request: IncomingMessage, url: URL, response: ServerResponse) => Promise<void>

export function boundedServer(limits: Limits, handle: Handler): Server {
  const listener: RequestListener = (request, response) => {
    void answer(request, response, handle)
  }
  const server = createServer(
    {
      maxHeaderSize: LONGEST_HEADER_BYTES,
      headersTimeout: limits.requestTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      // Node looks for late clients only this often (30 s by default).
      connectionsCheckingInterval: Math.min(1000, limits.requestTimeoutMs),
      keepAliveTimeout: 2000,
    },
    listener,
  )
  server.maxConnections = limits.maxConnections
  server.maxHeadersCount = 50
  server.on('clientError', refuse)
  // Node would answer an `Expect:` that it does not know with an empty body.
  server.on('checkExpectation', (_request, response) => {
    sendError(response, new BadRequest(417, 'nothing but 100-continue can be expected here'))
  })
  return server
}

/** What never became a request: node answers it with an empty body unless somebody listens. */
const UNREADABLE: Readonly<Record<string, readonly [status: string, sentence: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    `the request's head is longer than ${LONGEST_HEADER_BYTES} bytes`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not end in time'],
}

function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Gone already, or an answer has begun and would be spoiled.
  const begun = socket instanceof Socket && socket.bytesWritten > 0
  if (error.code === 'ECONNRESET' || !socket.writable || begun) return void socket.destroy()
  const [status, sentence] = UNREADABLE[error.code ?? ''] ?? ['400 Bad Request', 'this is no HTTP request']
  const body = `${JSON.stringify({ error: sentence })}\n`
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

async function answer(request: IncomingMessage, response: ServerResponse, handle: Handler): Promise<void> {
  response.on('error', () => {}) // The client went away; what it asked for goes on.
  try {
    await handle(request, urlOf(request), response)
  } catch (error) {
    sendError(response, error)
  }
}

function urlOf(request: IncomingMessage): URL {
  try {
    return new URL(request.url ?? '/', 'http://apmode')
  } catch {
    throw new BadRequest(400, `the address ${JSON.stringify(request.url)} is no path`)
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendJsonText(response, status, JSON.stringify(value), headers)
}

/** `json`: made already, for all who ask the same. */
export function sendJsonText(
  response: ServerResponse,
  status: number,
  json: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = `${json}\n`
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...headers,
  })
  // Node leaves the body out of the answer to a HEAD.
  response.end(body)
}

const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  usage: 400,
  config: 400,
  refused: 409,
  unreachable: 503,
  timeout: 504,
  denied: 502,
  unsupported: 502,
  storage: 507,
  failed: 500,
}

export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.end()
    return
  }
  if (error instanceof BadRequest) {
    // Closing: the rest of a body that nobody wanted must not be waited for.
    sendJson(response, error.status, { error: error.message }, { ...error.headers, connection: 'close' })
  } else if (error instanceof ApmodeError) {
    sendJson(response, STATUS_OF[error.code], { error: error.message, code: error.code })
  } else {
    sendJson(response, 500, { error: messageOf(error) })
  }
}

/** The body as JSON; an empty one is an empty object. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  let length = 0
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > LONGEST_BODY_BYTES) throw tooLong()
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > LONGEST_BODY_BYTES) throw tooLong()
    pieces.push(piece)
  }
  const text = Buffer.concat(pieces).toString('utf8')
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BadRequest(400, `the body is not JSON: ${messageOf(error)}`)
  }
}

function tooLong(): BadRequest {
  return new BadRequest(413, `the body is longer than ${LONGEST_BODY_BYTES} bytes`)
}
