/**
 * The read-only HTTP for load balancers and monitoring (`[health] listen`). It can change nothing, tells no secret, and
 * never looks: what it answers is known. Whoever floods it takes a bounded part of the supervisor's time (`gate.ts`): one
 * answer for each connection.
 */
import type { IncomingMessage } from 'node:http'
import type { Control } from '../../ports/control.ts'
import type { Meters } from '../../ports/meters.ts'
import { type Answer, answersOf, METHODS, send } from './answers.ts'
import { type EventLimits, eventStreams } from './events.ts'
import { BadRequest, boundedServer, sendJsonText } from './http.ts'
import { keptListening, type Listening, type ListeningOptions } from './listening.ts'
import { pageAnswer } from './page.ts'
import { recentDecisions } from './recent.ts'

const MAX_CONNECTIONS = 64
const REQUEST_TIMEOUT_MS = 3000

export interface HealthOptions extends ListeningOptions {
  /** False: engine "none". */
  readonly hasDatabase?: boolean
  /** What the supervisor has counted, for `/metrics`. */
  readonly meters?: () => Meters
  /** The page at `/`, as HTML; null or not given: there is none. */
  readonly page?: string | null
  readonly events?: Partial<EventLimits>
}

export type HealthServer = Listening

export function startHealthServer(control: Control, options: HealthOptions): HealthServer {
  const { hasDatabase = true, meters = () => null } = options
  const streams = eventStreams(control, options.events)
  const page = pageAnswer(options.page ?? null)
  const recent = recentDecisions(control)
  const answers = answersOf({ control, hasDatabase, meters })
    .set('/', withOptions(page))
    .set(
      '/history',
      withOptions((response, { query }) => sendJsonText(response, 200, recent(query))),
    )
    .set(
      '/events',
      withOptions((response, { request }) =>
        streams.answer(request, response, (ms) => listening.gate.prolong(request.socket, ms)),
      ),
    )
  const server = boundedServer(
    { maxConnections: MAX_CONNECTIONS, requestTimeoutMs: REQUEST_TIMEOUT_MS },
    async (request, url, response) => {
      // One answer for each connection: those that stay could fill every place.
      response.setHeader('connection', 'close')
      const answer = answers.get(url.pathname)
      if (!answer) throw new BadRequest(404, `no such path ${url.pathname}, expected ${[...answers.keys()].join(', ')}`)
      if (!METHODS.split(', ').includes(request.method ?? '')) {
        throw new BadRequest(405, `${url.pathname} takes ${METHODS}, not ${request.method}`, {
          allow: METHODS,
          connection: 'close',
        })
      }
      refuseBody(request)
      await answer(response, { request, query: url.searchParams })
    },
  )
  const listening = keptListening(server, options, {
    purpose: 'health checks',
    endClients: () => {
      streams.close()
      server.closeAllConnections()
    },
  })
  return listening
}

/** OPTIONS gets the status line alone. */
function withOptions(answer: Answer): Answer {
  return (response, asked) =>
    asked.request.method === 'OPTIONS' ? send(response, asked, 200, null) : answer(response, asked)
}

/** What asks for a state has nothing to tell. */
function refuseBody({ headers }: IncomingMessage): void {
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) {
    throw new BadRequest(413, 'a body is not read here')
  }
}
