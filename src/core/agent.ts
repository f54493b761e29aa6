/**
 * What HAProxy's agent check is told of this machine as a place for reads: one line (configuration manual 2.6, section
 * 5.2, `agent-check`). The fuller the lag, the smaller the weight. Invariants: every answer names the whole state, since
 * HAProxy keeps what an answer does not name; what is unknown gets the least weight and never the full one.
 */
import { type ServingFacts, servingOf } from './serving.ts'

/** Up to here a replica counts as having everything. */
const FULL_SECONDS = 1
/** From here on it gets nothing new. */
const EMPTY_SECONDS = 30
const LONGEST_REASON = 100

/** Without the final newline. */
export function agentLine(facts: ServingFacts): string {
  const { status, alive } = facts
  if (!alive.ok) return down(alive.sentence)
  if (status.mode === 'm' || status.being === 'm') return 'maint'
  if (servingOf('/primary', facts).ok) return 'up ready 100%'
  const reads = servingOf('/replica', facts)
  if (!reads.ok) return down(reads.sentence)
  const lagSeconds = status.replication?.lagSeconds ?? null
  if (lagSeconds !== null && lagSeconds >= EMPTY_SECONDS) return 'up drain'
  return `up ready ${weightOf(lagSeconds)}%`
}

/** From 100 down to 1; 0 would drain. */
function weightOf(lagSeconds: number | null): number {
  if (lagSeconds === null) return 1
  const share = 1 - (lagSeconds - FULL_SECONDS) / (EMPTY_SECONDS - FULL_SECONDS)
  return Math.max(1, Math.min(100, Math.round(share * 100)))
}

/** What stands behind the sharp is shown on HAProxy's page of statistics; a line break would end it. */
function down(sentence: string): string {
  return `down #${sentence.replace(/[^\x20-\x7e]+/g, ' ').slice(0, LONGEST_REASON)}`
}
