/**
 * What the supervisor knows, as server-sent events: the whole status at the beginning and at each change, and a beat that
 * tells that the line still works. Invariant: however many look on, one status is made for all, at most five a second; so
 * many streams and no more; who does not read is let go; nothing is asked of the supervisor while nobody looks on.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Control } from '../../ports/control.ts'
import { sendJson } from './http.ts'

const AGAIN_MS = 1_000
const RETRY_AFTER_S = 5
/** Some dozens of statuses that a client has not taken. */
const LONGEST_BACKLOG_BYTES = 256 * 1024

export interface EventLimits {
  /** Of the 64 connections of the port: the others are for load balancers and monitoring. */
  readonly places: number
  readonly betweenMs: number
  readonly beatMs: number
  /** A client that went away without a word keeps its place no longer than this; the others come again. */
  readonly lifetimeMs: number
}

const LIMITS: EventLimits = { places: 8, betweenMs: 200, beatMs: 5_000, lifetimeMs: 60_000 }

export interface EventStreams {
  /** `prolong` gives the connection so much longer a life than that of one answer. */
  answer(request: IncomingMessage, response: ServerResponse, prolong: (ms: number) => void): void
  close(): void
}

export function eventStreams(
  control: Pick<Control, 'known' | 'onChange'>,
  limits: Partial<EventLimits> = {},
): EventStreams {
  const { places, betweenMs, beatMs, lifetimeMs } = { ...LIMITS, ...limits }
  const streams = new Set<ServerResponse>()
  let said = ''
  let saidAt = Number.NEGATIVE_INFINITY
  let soon: NodeJS.Timeout | null = null
  let stop: (() => void) | null = null

  const tell = (text: string) => {
    for (const stream of streams) {
      stream.write(text)
      if (stream.writableLength > LONGEST_BACKLOG_BYTES) stream.destroy()
    }
  }
  const sayNews = () => {
    soon = null
    let news: string
    try {
      news = event('status', control.known())
    } catch {
      return // It cannot say anything at the moment: the next change, or the next stream, tells.
    }
    if (news === said) return
    said = news
    saidAt = performance.now()
    tell(news)
  }
  const changed = () => {
    soon ??= setTimeout(sayNews, Math.max(0, saidAt + betweenMs - performance.now())).unref()
  }
  const begin = () => {
    const deaf = control.onChange(changed)
    const beat = setInterval(() => tell(beatNow()), beatMs).unref()
    return () => {
      deaf()
      clearInterval(beat)
      if (soon !== null) clearTimeout(soon)
      soon = null
    }
  }
  const leave = (response: ServerResponse) => {
    streams.delete(response)
    if (streams.size > 0) return
    stop?.()
    stop = null
  }

  return {
    answer(request, response, prolong) {
      if (streams.size >= places) {
        const error = `${places} pages are open already, and there is no place for more: /status tells the same once`
        return sendJson(response, 503, { error }, { 'retry-after': String(RETRY_AFTER_S) })
      }
      // Before anything is sent: a supervisor that cannot answer yet says why.
      const news = event('status', control.known())
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      if (request.method === 'HEAD') return void response.end()
      response.once('close', () => leave(response))
      streams.add(response)
      stop ??= begin()
      prolong(lifetimeMs)
      response.write(`retry: ${AGAIN_MS}\n\n${beatNow()}${news}`)
      if (streams.size === 1) said = news
      // What those before it have not heard yet comes to all of them in its turn.
      else if (news !== said) changed()
    },
    close() {
      for (const stream of [...streams]) stream.end()
    },
  }
}

const beatNow = () => event('beat', { at: new Date().toISOString() })

/** JSON has no newline, which would end the line. */
const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
