/**
 * What the supervisor knows and what it decides, as JSON lines for those that watch: the newest decisions, a beat that ends
 * them, the status at once and whenever it has changed, each new decision, and a beat each second. Invariant: no decision is
 * told twice or left out; at most ten statuses a second are sent; whoever does not read is let go, and there are so many
 * places and no more, so that nobody who watches keeps out one who has something to say.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Control, Watched } from '../../ports/control.ts'
import type { HistoryEntry } from '../../ports/storage.ts'
import { sendJson } from './http.ts'

/** More decisions than there can be between two looks. */
const NEWS = 100
/** Beyond the decisions that were asked for. */
const LONGEST_BACKLOG_BYTES = 1024 * 1024

export interface WatchLimits {
  /** Of the connections of the socket: the others are for keepalived and for commands. */
  readonly places: number
  readonly betweenMs: number
  readonly beatMs: number
}

const LIMITS: WatchLimits = { places: 32, betweenMs: 100, beatMs: 1_000 }

type Watchable = Pick<Control, 'known' | 'onChange' | 'history'>
type Watch = (request: IncomingMessage, response: ServerResponse, history: number) => void

/** `history`: so many of the newest decisions first. Tells until the client goes away. */
export function watching(control: Watchable, limits: Partial<WatchLimits> = {}): Watch {
  const { places, betweenMs, beatMs } = { ...LIMITS, ...limits }
  let taken = 0
  return (request, response, history) => {
    if (taken >= places) {
      const error = `${places} watch already, and there is no place for more: apmode status tells the same once`
      return sendJson(response, 503, { error })
    }
    const newest = control.history(Math.max(history, 1))
    response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8', 'cache-control': 'no-store' })
    if (request.method === 'HEAD') return void response.end()
    taken += 1
    const end = tellTo(response, control, { history, newest, betweenMs, beatMs })
    response.on('close', () => {
      taken -= 1
      end()
    })
  }
}

interface Telling extends Omit<WatchLimits, 'places'> {
  readonly history: number
  readonly newest: readonly HistoryEntry[]
}

function tellTo(
  response: ServerResponse,
  control: Watchable,
  { history, newest, betweenMs, beatMs }: Telling,
): () => void {
  let said = ''
  let saidAt = Number.NEGATIVE_INFINITY
  let soon: NodeJS.Timeout | null = null
  let last = newest.at(-1) ?? null
  const write = (line: Watched) => response.write(`${JSON.stringify(line)}\n`)
  for (const entry of history === 0 ? [] : newest) write({ type: 'entry', entry })
  write({ type: 'beat' })
  const longest = response.writableLength + LONGEST_BACKLOG_BYTES
  const say = (line: Watched) => {
    write(line)
    if (response.writableLength > longest) response.destroy()
  }
  const tell = () => {
    soon = null
    saidAt = performance.now()
    try {
      const status = control.known()
      for (const entry of entriesAfter(control, last, status.lastChange)) say({ type: 'entry', entry })
      last = status.lastChange
      const text = JSON.stringify(status)
      if (text === said) return
      said = text
      say({ type: 'status', status })
    } catch {
      // It can say nothing at the moment; the next change tells.
    }
  }
  tell()
  const deaf = control.onChange(() => {
    soon ??= setTimeout(tell, Math.max(0, saidAt + betweenMs - performance.now())).unref()
  })
  const beat = setInterval(() => say({ type: 'beat' }), beatMs).unref()
  return () => {
    deaf()
    clearInterval(beat)
    if (soon !== null) clearTimeout(soon)
  }
}

/** A decision that a full disk does not keep is told too; where the last one is not to be found, the newest alone is new. */
function entriesAfter(
  control: Watchable,
  last: HistoryEntry | null,
  newest: HistoryEntry | null,
): readonly HistoryEntry[] {
  if (newest === null || same(newest, last)) return []
  const entries = control.history(NEWS)
  const known = last === null ? -1 : entries.findLastIndex((entry) => same(entry, last))
  const after = known < 0 && last !== null ? [] : entries.slice(known + 1)
  return after.some((entry) => same(entry, newest)) ? after : [...after, newest]
}

/** The whole of it: two decisions may fall into one millisecond, and a clock may step back. */
function same(one: HistoryEntry, other: HistoryEntry | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
