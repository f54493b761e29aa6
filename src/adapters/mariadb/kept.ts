/**
 * Keeps connections open, so that none has to be opened in the moment in which it counts ("too many connections" comes
 * exactly then). Each lane is one connection with one purpose, so that a slow statement in one never delays another.
 * Invariant: a lost connection is opened again in the background until `close`; it never throws by itself.
 */
import { DatabaseFailure, failureOf } from './failure.ts'
import { type Link, openLink, type Target, whereOf } from './link.ts'

export type Log = (level: 'debug' | 'info' | 'warn' | 'error', sentence: string) => void

export interface Lane {
  /** The kept connection, or a new one within the limit. Throws DatabaseFailure. */
  link(limitMs: number): Promise<Link>
  /** The kept connection if there is one now. */
  readonly current: Link | null
  readonly failure: DatabaseFailure | null
  open(): void
  close(): void
}

const FIRST_RETRY_MS = 50
const LONGEST_RETRY_MS = 1000
const OPEN_TIMEOUT_MS = 2000

/** `onLink` runs with each new connection before anybody uses it; what it throws makes the connection a failed one. */
export function keepLane(
  name: string,
  target: Target,
  log: Log,
  onLink: (link: Link, limitMs: number) => Promise<void> = async () => {},
): Lane {
  const where = whereOf(target)
  let kept: Link | null = null
  let opening: Promise<Link> | null = null
  let failure: DatabaseFailure | null = null
  let wanted = false
  let closed = false
  let retryMs = FIRST_RETRY_MS
  let timer: NodeJS.Timeout | null = null

  const connect = (limitMs: number): Promise<Link> => {
    if (opening !== null) return opening
    opening = openNow(limitMs).finally(() => {
      opening = null
    })
    return opening
  }

  const openNow = async (limitMs: number): Promise<Link> => {
    try {
      const link = await openLink(target, limitMs)
      try {
        await onLink(link, limitMs)
      } catch (error) {
        link.close()
        throw error
      }
      link.onLost(() => {
        if (kept === link) kept = null
        if (wanted) {
          log('debug', `the ${name} connection to ${where} was lost`)
          later()
        }
      })
      if (closed) link.close()
      if (link.lost) throw new DatabaseFailure('error', `${where} closed the connection`, 0, true)
      kept = link
      failure = null
      retryMs = FIRST_RETRY_MS
      return link
    } catch (error) {
      const next = failureOf(error, where)
      if (wanted && failure?.reason !== next.reason) log('debug', `no ${name} connection: ${next.message}`)
      failure = next
      later()
      throw next
    }
  }

  const later = () => {
    if (!wanted || timer !== null || kept !== null) return
    timer = setTimeout(() => {
      timer = null
      if (wanted && kept === null) connect(OPEN_TIMEOUT_MS).catch(() => {})
    }, retryMs)
    timer.unref()
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
  }

  return {
    get current() {
      return kept
    },
    get failure() {
      return failure
    },
    async link(limitMs) {
      if (kept !== null) return kept
      // An attempt that is under way may have been begun with a longer limit than ours.
      const attempt = connect(limitMs)
      let limit: NodeJS.Timeout | null = null
      const expired = new Promise<never>((_, reject) => {
        limit = setTimeout(() => reject(hung(where, limitMs)), limitMs)
      })
      attempt.catch(() => {})
      try {
        return await Promise.race([attempt, expired])
      } finally {
        if (limit !== null) clearTimeout(limit)
      }
    },
    open() {
      wanted = true
      closed = false
      if (kept === null) connect(OPEN_TIMEOUT_MS).catch(() => {})
    },
    close() {
      wanted = false
      closed = true
      if (timer !== null) clearTimeout(timer)
      timer = null
      kept?.close()
      kept = null
    },
  }
}

function hung(where: string, limitMs: number): DatabaseFailure {
  return new DatabaseFailure('hung', `${where} does not answer within ${Math.round(limitMs)} ms`, 0, true)
}
