/**
 * The words of the supervisor as they come: server-sent events, begun again whenever they end, and asked for one by one
 * while there is no place. Invariant: what is on the page is either fresh or called old, and a page that nobody looks at
 * gives its place back.
 */
import type { Status } from '../ports/control.ts'

export interface Listener {
  status(status: Status): void
  /** The supervisor's clock, and whether what is shown is fresh. */
  fresh(): void
  stale(words: string): void
  /** By how much the supervisor's clock is before this one's. */
  clock(aheadMs: number): void
}

/** A beat comes every 5 s, and a stream that ended begins again after 1 s. */
const STALE_MS = 8_000
const AGAIN_MS = 5_000
const HIDDEN_MS = 60_000
const LOOK_MS = 1_000

export function listen(listener: Listener): void {
  let source: EventSource | null = null
  let heardAt = performance.now()
  let triedAt = performance.now()
  let hiddenSince: number | null = null

  const heard = () => {
    heardAt = performance.now()
    listener.fresh()
  }
  const close = () => {
    source?.close()
    source = null
  }
  const open = () => {
    close()
    triedAt = performance.now()
    const stream = new EventSource('events')
    source = stream
    stream.addEventListener('status', ({ data }: MessageEvent<string>) => {
      heard()
      listener.status(JSON.parse(data) as Status)
    })
    stream.addEventListener('beat', ({ data }: MessageEvent<string>) => {
      heard()
      listener.clock(Date.parse((JSON.parse(data) as { at: string }).at) - Date.now())
    })
    // Refused (all places taken, another answer): the browser does not try again by itself.
    stream.addEventListener('error', () => {
      if (stream.readyState !== EventSource.CLOSED || source !== stream) return
      void ask().finally(() => {
        if (source === stream) close()
      })
    })
  }
  const ask = async () => {
    try {
      const answer = await fetch('status', { signal: AbortSignal.timeout(AGAIN_MS) })
      if (!answer.ok) throw new Error(`the supervisor answers ${answer.status}`)
      listener.status((await answer.json()) as Status)
      listener.stale(`not live, asked every ${AGAIN_MS / 1000} s: there is no place for one more page`)
    } catch {
      listener.stale('the supervisor cannot be reached: what is shown is old')
    }
  }
  const look = () => {
    const now = performance.now()
    hiddenSince = document.hidden ? (hiddenSince ?? now) : null
    if (hiddenSince !== null && now - hiddenSince > HIDDEN_MS) {
      close()
      return listener.stale('paused: nobody was looking')
    }
    if (source === null) {
      if (now - triedAt > AGAIN_MS) open()
      return
    }
    if (now - heardAt <= STALE_MS) return
    // No number that changes every second: it is read out.
    listener.stale(`no word for more than ${STALE_MS / 1000} s: what is shown may be old`)
    if (now - triedAt > STALE_MS) open()
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && source === null) open()
    look()
  })
  open()
  setInterval(look, LOOK_MS)
}
