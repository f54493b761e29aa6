/**
 * One HTTP request over the Unix socket, by hand: keepalived waits for `apmode notify`, and node:http alone would cost more
 * than all of this. Invariant: within the time limit there is an answer or a reason. A supervisor that dies on the way is
 * asked again, as systemd brings it back and the requests that come this way may be repeated.
 */
import { connect } from 'node:net'
import { EXIT, type Exit, Failure } from './exit.ts'

const RETRY_AFTER_MS = 20

export interface Ask {
  readonly socketPath: string
  readonly method: 'GET' | 'POST'
  readonly target: string
  readonly body?: string
  readonly timeoutMs: number
}

export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'unreachable'; readonly code: string | undefined; readonly message: string }
  /** It was sent and no answer came in time. */
  | { readonly kind: 'late' }

type Attempt = Outcome | { readonly kind: 'lost' }

export async function askOnce(ask: Ask): Promise<Outcome> {
  const deadline = Date.now() + ask.timeoutMs
  for (;;) {
    const attempt = await attemptOnce(ask, Math.max(1, deadline - Date.now()))
    if (attempt.kind !== 'lost') return attempt
    if (Date.now() + RETRY_AFTER_MS >= deadline) return { kind: 'late' }
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS))
  }
}

function attemptOnce(ask: Ask, timeoutMs: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let connected = false
    const socket = connect(ask.socketPath, () => {
      connected = true
      socket.write(textOf(ask))
    })
    const timer = setTimeout(() => end({ kind: 'late' }), timeoutMs)
    const end = (attempt: Attempt) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(attempt)
    }
    socket.on('data', (piece) => {
      pieces.push(piece)
      const answer = parseAnswer(Buffer.concat(pieces))
      if (answer) end(answer)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // EAGAIN: the listen queue is full for the moment (connect(2)).
      const lost = connected || error.code === 'EAGAIN' || error.code === 'ECONNRESET'
      end(lost ? { kind: 'lost' } : { kind: 'unreachable', code: error.code, message: error.message })
    })
    socket.on('close', () => end({ kind: 'lost' }))
  })
}

function textOf({ method, target, body = '' }: Ask): string {
  return `${method} ${target} HTTP/1.1\r\nHost: apmode\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** null: not all of it has arrived. Our server sends a Content-Length with everything that is asked this way. */
export function parseAnswer(bytes: Buffer): Outcome | null {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const head = bytes.toString('latin1', 0, headEnd)
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? 0)
  const length = Number(/^content-length: *(\d+)\r?$/im.exec(head)?.[1] ?? 0)
  const body = bytes.subarray(headEnd + 4)
  return body.length < length ? null : { kind: 'answered', status, body: body.toString('utf8', 0, length) }
}

const EXIT_OF_CODE: Readonly<Record<string, Exit>> = {
  usage: EXIT.usage,
  config: EXIT.usage,
  refused: EXIT.refused,
  unreachable: EXIT.unreachable,
  timeout: EXIT.stillGoingOn,
}

/** What the supervisor said is wrong (`{error, code}`), as a Failure with the exit code that fits. */
export function failureIn(status: number | undefined, body: string): Failure {
  const { error, code } = fieldsOf(body)
  const exit = typeof code === 'string' ? (EXIT_OF_CODE[code] ?? EXIT.failed) : EXIT.failed
  return new Failure(exit, `the supervisor answered: ${typeof error === 'string' ? error : `HTTP ${status}`}`)
}

/** The fields of a JSON object; none when it is something else. */
export function fieldsOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(body)
    return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
