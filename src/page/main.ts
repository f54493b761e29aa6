/** The page: what the supervisor says goes to each part of it. It asks and never changes anything. */
import type { Status } from '../ports/control.ts'
import type { HistoryEntry } from '../ports/storage.ts'
import { showTable } from './decision.ts'
import { byId, write } from './dom.ts'
import { showFacts } from './facts.ts'
import { lagLine } from './lag-line.ts'
import { listen } from './live.ts'
import { showMachines } from './machines.ts'
import { reachByKeyboard } from './reach.ts'
import { showTimeline, tellAges } from './timeline.ts'

const ENTRIES = 30
const TICK_MS = 1_000

const lag = lagLine()
let aheadMs = 0
/** The newest decision that the timeline was asked for. */
let newest: string | null | undefined

const now = () => Date.now() + aheadMs

async function renew(at: string | null): Promise<void> {
  const answer = await fetch(`history?n=${ENTRIES}`, { signal: AbortSignal.timeout(5_000) })
  if (!answer.ok) throw new Error(`the supervisor answers ${answer.status}`)
  const entries = (await answer.json()) as HistoryEntry[]
  // Something newer is being asked for, and may have been answered already.
  if (newest !== at) return
  showTimeline(entries)
  tellAges(now())
}

function show(status: Status): void {
  showFacts(status)
  showMachines(status)
  showTable(status)
  lag.take(status, performance.now())
  const at = status.lastChange?.at ?? null
  if (at === newest) return
  newest = at
  renew(at).catch(() => {
    // Again with the next word of the supervisor.
    if (newest === at) newest = undefined
  })
}

reachByKeyboard()
listen({
  status: show,
  fresh: () => {
    write(byId('live'), '● live')
    document.documentElement.classList.remove('stale')
  },
  stale: (words) => {
    write(byId('live'), words)
    document.documentElement.classList.add('stale')
  },
  clock: (ms) => {
    aheadMs = ms
  },
})
setInterval(() => {
  lag.draw(performance.now())
  tellAges(now())
}, TICK_MS)
