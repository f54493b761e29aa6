/**
 * The pair on one screen, redrawn in place whenever something is told, and each second for what ages. Invariant: the screen is
 * given back however it ends; a supervisor that goes away is said on it, and it stays.
 */
import type { Status } from '../ports/control.ts'
import type { Context } from './context.ts'
import { type Followed, follow } from './follow.ts'
import { type Around, realAround, Screen } from './screen.ts'
import { type Watch, watchLines } from './show/watch.ts'

/** More than fit on a terminal. */
const DECISIONS = 200
/** For `spoke 3 s ago`. */
const REDRAW_MS = 1_000

interface Seen extends Omit<Watch, 'status'> {
  readonly status: Status | null
}

export async function showLive(
  { client, terminal, paint }: Context,
  ended: AbortSignal,
  around: Around = realAround(),
): Promise<void> {
  let seen: Seen = { status: null, entries: [], lost: null }
  const lines = () => {
    const { status } = seen
    const page = { paint, width: terminal.width, height: around.height }
    return status === null ? [] : watchLines({ ...seen, status }, page, Date.now())
  }
  let screen: Screen | null = null
  let redraw: NodeJS.Timeout | undefined
  try {
    for await (const told of follow(client, { history: DECISIONS, ended })) {
      seen = after(seen, told)
      if (seen.status === null) continue
      if (screen === null) screen = new Screen(terminal, lines, around)
      else screen.draw()
      redraw ??= setInterval(screen.draw, REDRAW_MS)
    }
  } finally {
    clearInterval(redraw)
    screen?.close()
  }
}

function after(seen: Seen, told: Followed): Seen {
  switch (told.type) {
    case 'status':
      return { ...seen, status: told.status, lost: null }
    case 'entries':
      return { ...seen, entries: [...seen.entries, ...told.entries].slice(-DECISIONS) }
    case 'lost':
      return { ...seen, lost: { sentence: told.failure.message, at: seen.lost?.at ?? new Date().toISOString() } }
  }
}
