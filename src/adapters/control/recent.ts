/**
 * The newest decisions for those who only look on: a few, and read from the disk once for all that ask within a moment. It
 * is what `apmode history` tells; the supervisor puts no secret there.
 */

import { shown } from '../../core/shown.ts'
import type { Control } from '../../ports/control.ts'
import { BadRequest } from './http.ts'

const DEFAULT_COUNT = 20
/** Whoever wants more asks `apmode history`: a flood must not read the whole file for each connection. */
const MOST = 50
const SAME_LOOK_MS = 100

/** The JSON of the newest `n`, oldest first, without a newline at the end. */
export function recentDecisions(control: Pick<Control, 'history' | 'known'>): (query: URLSearchParams) => string {
  let entries: readonly string[] = []
  let lookedAt = Number.NEGATIVE_INFINITY
  let newest: string | null = null
  return (query) => {
    const count = countOf(query)
    const { lastChange } = control.known()
    // Whoever has heard of a decision finds it here.
    const isNew = (lastChange?.at ?? null) !== newest
    if (isNew || performance.now() - lookedAt > SAME_LOOK_MS) {
      newest = lastChange?.at ?? null
      entries = control.history(MOST).map((entry) => JSON.stringify(entry))
      lookedAt = performance.now()
    }
    return `[${entries.slice(-count).join(',')}]`
  }
}

function countOf(query: URLSearchParams): number {
  const text = query.get('n') ?? String(DEFAULT_COUNT)
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > MOST) throw new BadRequest(400, `n is ${shown(text)}, expected a number from 1 to ${MOST}`)
  return count
}
