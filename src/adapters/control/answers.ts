/**
 * What the read-only port answers, path by path: states for load balancers, the status, the metrics. Invariant: every answer
 * is made from memory, at once; no request looks at the database, at systemd or at the peer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { renderMetrics } from '../../core/render/metrics.ts'
import { LAG_PATHS, SERVING_PATHS, type ServingFacts, type ServingPath, servingOf } from '../../core/serving.ts'
import type { MemberView } from '../../ports/cluster.ts'
import type { Control } from '../../ports/control.ts'
import type { Meters } from '../../ports/meters.ts'
import { BadRequest, sendJson } from './http.ts'

export const METHODS = 'GET, HEAD, OPTIONS'
const LONGEST_LAG_SECONDS = 86_400

export interface Asked {
  readonly request: IncomingMessage
  readonly query: URLSearchParams
}

export type Answer = (response: ServerResponse, asked: Asked) => Promise<void> | void

export interface Sources {
  readonly control: Pick<Control, 'known' | 'alive' | 'cluster'>
  readonly hasDatabase: boolean
  /** What the supervisor has counted; null: nothing is counted. */
  readonly meters: () => Meters | null
}

export function answersOf(sources: Sources): Map<string, Answer> {
  const { control, meters } = sources
  const serving = SERVING_PATHS.map((path): [string, Answer] => [path, servingAnswer(path, sources)])
  return new Map<string, Answer>([
    ...serving,
    ['/status', (response, asked) => send(response, asked, 200, control.known())],
    ['/cluster', (response, asked) => sendCluster(response, asked, control.cluster())],
    [
      '/metrics',
      (response, asked) => {
        if (asked.request.method === 'OPTIONS') return send(response, asked, 200, null)
        const body = renderMetrics(control.known(), meters())
        response.writeHead(200, {
          'content-type': 'text/plain; version=0.0.4; charset=utf-8',
          'content-length': Buffer.byteLength(body),
        })
        response.end(body)
      },
    ],
  ])
}

function sendCluster(response: ServerResponse, asked: Asked, view: MemberView | null): void {
  if (view === null) throw new BadRequest(404, 'this machine is in no Galera cluster (/cluster is for engine "galera")')
  send(response, asked, 200, view)
}

export function factsOf({
  control,
  hasDatabase,
}: {
  readonly control: Pick<Control, 'known' | 'alive'>
  readonly hasDatabase: boolean
}): ServingFacts {
  return { status: control.known(), alive: control.alive(), hasDatabase }
}

function servingAnswer(path: ServingPath, sources: Sources): Answer {
  return (response, asked) => {
    const maxLagSeconds = lagOf(path, asked.query)
    const facts = factsOf(sources)
    const { ok, sentence, leaving } = servingOf(path, facts, maxLagSeconds)
    const { node, mode, being, role, vrrp, holder, writable, fit, reasons, replication } = facts.status
    const lagSeconds = replication?.lagSeconds ?? null
    const body = { ok, sentence, node, mode, being, role, vrrp, holder, writable, fit, reasons, lagSeconds }
    // HAProxy's `http-check disable-on-404`: no new sessions, those that are there go on.
    send(response, asked, ok ? 200 : leaving === true ? 404 : 503, body)
  }
}

/** A name that is not understood is told: `?lagg=5` would otherwise let in a replica that is hours behind. */
function lagOf(path: ServingPath, query: URLSearchParams): number | null {
  const takes = LAG_PATHS.includes(path)
  const expected = takes ? `expected nothing or lag=SECONDS, as ${path}?lag=5` : 'expected none'
  const stranger = [...query.keys()].find((name) => !takes || name !== 'lag')
  if (stranger !== undefined) {
    throw new BadRequest(400, `found the parameter ${JSON.stringify(stranger.slice(0, 40))} for ${path}, ${expected}`)
  }
  const given = query.getAll('lag')
  const [text] = given
  if (text === undefined) return null
  if (given.length > 1) throw new BadRequest(400, `found lag ${given.length} times, expected it once`)
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (seconds <= LONGEST_LAG_SECONDS) return seconds
  const range = `a number of seconds from 0 to ${LONGEST_LAG_SECONDS}`
  throw new BadRequest(400, `found lag ${JSON.stringify(text.slice(0, 40))}, expected ${range}, as ${path}?lag=5`)
}

/** OPTIONS gets the status line alone, as from Patroni. */
export function send(response: ServerResponse, { request }: Asked, status: number, value: unknown): void {
  if (request.method !== 'OPTIONS') return void sendJson(response, status, value)
  response.writeHead(status, { allow: METHODS, 'content-length': 0, 'cache-control': 'no-store' })
  response.end()
}
