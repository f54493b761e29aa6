/**
 * The control socket: HTTP with JSON for `apmode` and for curl. It translates and nothing else: every decision is the
 * Control's. Commands answer as NDJSON lines while they work and end with one `result`; with `Accept: application/json`
 * only that one. A client that goes away stops nothing.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { ApmodeError, messageOf } from '../../core/errors.ts'
import {
  type CommandResult,
  type Control,
  type Progress,
  UNIT_COMMANDS,
  type UnitCommand,
} from '../../ports/control.ts'
import { BadRequest, boundedServer, readJson, sendJson } from './http.ts'
import {
  bootstrapRequest,
  checkRequest,
  eventsRequest,
  handoverRequest,
  historyRequest,
  notifyRequest,
  planRequest,
  recloneRequest,
  rejoinRequest,
  setRequest,
  unitsRequest,
} from './requests.ts'
import { watching } from './watching.ts'

const MAX_CONNECTIONS = 128
const REQUEST_TIMEOUT_MS = 5000

interface Asked {
  readonly request: IncomingMessage
  readonly query: URLSearchParams
  readonly response: ServerResponse
}

type Route = { readonly method: 'GET' | 'POST'; readonly run: (asked: Asked) => Promise<void> | void }

export interface ControlServerOptions {
  readonly requestTimeoutMs?: number
}

/** Not listening yet: see `listenOnControlSocket`. */
export function controlServer(control: Control, options: ControlServerOptions = {}): Server {
  const routes = routesOf(control)
  const limits = {
    maxConnections: MAX_CONNECTIONS,
    requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  }
  return boundedServer(limits, async (request, url, response) => {
    const route = routes.get(url.pathname)
    if (!route) throw new BadRequest(404, `no such path ${url.pathname}, expected ${[...routes.keys()].join(', ')}`)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (method !== route.method) {
      const allow = route.method === 'GET' ? 'GET, HEAD' : route.method
      throw new BadRequest(405, `${url.pathname} takes ${allow}, not ${request.method}`, { allow })
    }
    await route.run({ request, query: url.searchParams, response })
  })
}

function routesOf(control: Control): Map<string, Route> {
  const get = (run: Route['run']): Route => ({ method: 'GET', run })
  const post = (run: Route['run']): Route => ({ method: 'POST', run })
  const watch = watching(control)
  const units = (command: UnitCommand): Route =>
    post(async ({ request, response }) => {
      unitsRequest(await readJson(request))
      await runCommand(request, response, (onProgress) => control.units(command, onProgress))
    })
  return new Map([
    [
      '/notify',
      post(async ({ request, response }) => {
        const outcome = control.notify(notifyRequest(await readJson(request)))
        sendJson(response, outcome.accepted ? 202 : 200, outcome)
      }),
    ],
    ['/mode', get(({ response }) => sendJson(response, 200, control.mode()))],
    ['/events', get(({ request, query, response }) => watch(request, response, eventsRequest(query)))],
    ['/status', get(async ({ response }) => sendJson(response, 200, await control.status()))],
    ['/history', get(({ query, response }) => sendJson(response, 200, control.history(historyRequest(query))))],
    [
      '/check',
      get(async ({ query, response }) => {
        const result = await control.check(checkRequest(query))
        sendJson(response, result.ok ? 200 : 503, result)
      }),
    ],
    [
      '/set',
      post(async ({ request, response }) => {
        const { dryRun, ...wanted } = setRequest(await readJson(request))
        if (dryRun) sendJson(response, 200, await control.plan({ command: 'set', ...wanted }))
        else await runCommand(request, response, (onProgress) => control.set(wanted, onProgress))
      }),
    ],
    [
      '/handover',
      post(async ({ request, response }) => {
        const { dryRun, ...wanted } = handoverRequest(await readJson(request))
        if (dryRun) sendJson(response, 200, await control.plan({ command: 'handover', kill: wanted.kill }))
        else await runCommand(request, response, (onProgress) => control.handover(wanted, onProgress))
      }),
    ],
    [
      '/rejoin',
      post(async ({ request, response }) => {
        const { dryRun, ...wanted } = rejoinRequest(await readJson(request))
        if (dryRun) sendJson(response, 200, await control.plan({ command: 'rejoin', force: wanted.force }))
        else await runCommand(request, response, (onProgress) => control.rejoin(wanted, onProgress))
      }),
    ],
    [
      '/reclone',
      post(async ({ request, response }) => {
        const { dryRun, ...wanted } = recloneRequest(await readJson(request))
        if (dryRun) sendJson(response, 200, await control.plan({ command: 'reclone', ...wanted }))
        else await runCommand(request, response, (onProgress) => control.reclone(wanted, onProgress))
      }),
    ],
    [
      '/bootstrap',
      post(async ({ request, response }) => {
        const { dryRun, ...wanted } = bootstrapRequest(await readJson(request))
        if (dryRun) sendJson(response, 200, await control.plan({ command: 'bootstrap', ...wanted }))
        else await runCommand(request, response, (onProgress) => control.bootstrap(wanted, onProgress))
      }),
    ],
    ...UNIT_COMMANDS.map((command): [string, Route] => [`/${command}`, units(command)]),
    [
      '/plan',
      post(async ({ request, response }) => {
        sendJson(response, 200, await control.plan(planRequest(await readJson(request))))
      }),
    ],
  ])
}

/** HTTP's word for a client's exit code, for those that read only the final answer. */
const STATUS_OF_EXIT: Readonly<Record<CommandResult['exit'], number>> = { 0: 200, 1: 500, 2: 400, 3: 409, 5: 504 }

async function runCommand(
  request: IncomingMessage,
  response: ServerResponse,
  run: (onProgress: (progress: Progress) => void) => Promise<CommandResult>,
): Promise<void> {
  const whole = (request.headers.accept ?? '').includes('application/json')
  if (!whole) {
    response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8', 'cache-control': 'no-store' })
    // At once, so that the client knows that the command was taken before its first step ends.
    response.flushHeaders()
  }
  const line = (value: unknown) => response.write(`${JSON.stringify(value)}\n`)
  const result = await run((progress) => {
    if (!whole) line(progress)
  }).catch(failedResult)
  if (whole) {
    sendJson(response, STATUS_OF_EXIT[result.exit], result)
    return
  }
  line({ type: 'result', ...result })
  response.end()
}

/** A command that never began: the reason, with the exit code of what is wrong. */
function failedResult(error: unknown): CommandResult {
  const exit = error instanceof ApmodeError && (error.code === 'config' || error.code === 'usage') ? 2 : 1
  return { exit, sentence: messageOf(error), done: [], notDone: [] }
}
