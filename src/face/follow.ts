/**
 * What the supervisor tells one that watches, for as long as the person wants: a supervisor that goes away is asked again each
 * second, and that is told too. Invariant: no decision is told twice, and none is left out while it was away.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Status, Watched } from '../ports/control.ts'
import type { HistoryEntry } from '../ports/storage.ts'
import type { Client } from './client.ts'
import { EXIT, Failure } from './exit.ts'

export type Followed =
  | { readonly type: 'status'; readonly status: Status }
  /** In the order in which they were decided. The first one holds those that were asked for, if only none. */
  | { readonly type: 'entries'; readonly entries: readonly HistoryEntry[] }
  | { readonly type: 'lost'; readonly failure: Failure }

/** It beats every second. */
const SILENCE_MS = 5_000
const AGAIN_MS = 1_000
/** So many decisions are looked through for those that were missed. */
const MISSED = 200

export interface FollowOptions {
  /** So many of the newest decisions first. */
  readonly history: number
  readonly ended: AbortSignal
  readonly silenceMs?: number
  readonly againMs?: number
}

/** Ends when `ended` is aborted. Throws the Failure when there is no supervisor to begin with. */
export async function* follow(client: Client, options: FollowOptions): AsyncGenerator<Followed> {
  const { history, ended, silenceMs = SILENCE_MS, againMs = AGAIN_MS } = options
  const told = new Told()
  let begun = false
  for (;;) {
    let failure = new Failure(EXIT.unreachable, 'the supervisor has ended the connection')
    try {
      let backlog: HistoryEntry[] | null = []
      const path = `/events?history=${begun ? MISSED : Math.max(history, MISSED)}`
      for await (const line of client.lines<Watched>(path, silenceMs, ended)) {
        if (line.type === 'status') yield line
        else if (line.type === 'entry' && backlog !== null) backlog.push(line.entry)
        else if (line.type === 'entry') yield { type: 'entries', entries: told.news([line.entry]) }
        else if (backlog !== null) {
          // The beat that ends what was decided before.
          const news = told.news(backlog)
          const entries = begun ? news : history === 0 ? [] : news.slice(-history)
          if (!begun || entries.length > 0) yield { type: 'entries', entries }
          begun = true
          backlog = null
        }
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failure = error
    }
    if (ended.aborted) return
    if (!begun) throw failure
    yield { type: 'lost', failure }
    await pause(againMs, undefined, { signal: ended }).catch(() => {})
    if (ended.aborted) return
  }
}

/** What was told, word for word: times do not tell two decisions apart, and a clock may step back. */
class Told {
  readonly #lines = new Set<string>()

  /** Those of the entries that are new; they are known from now on. */
  news(entries: readonly HistoryEntry[]): HistoryEntry[] {
    const news = entries.filter((entry) => {
      const line = JSON.stringify(entry)
      const known = this.#lines.has(line)
      if (!known) this.#lines.add(line)
      return !known
    })
    // As many as can come again: the oldest are forgotten.
    for (const line of this.#lines) {
      if (this.#lines.size <= 2 * MISSED) break
      this.#lines.delete(line)
    }
    return news
  }
}
