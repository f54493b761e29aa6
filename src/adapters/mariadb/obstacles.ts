/**
 * What would hold up a fence now: open transactions that wrote, long statements that write, locks of whole tables. It only
 * looks. Invariant: a busy server alone is no obstacle, and no statement's text leaves the server: it may hold anything.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { presenceStatements } from '../../core/presence-statements.ts'
import type { Obstacle } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { cannot, failureOf } from './failure.ts'
import type { Link, Row } from './link.ts'
import { type Countdown, countdown, linkOf, type Session } from './session.ts'

/** Looks at tables in use; one that a statement uses is free in between. */
const LOOKS = 8
const BETWEEN_MS = 12
/** ER_UNKNOWN_TABLE: the plugin metadata_lock_info is not loaded. */
const UNKNOWN_TABLE = 1109

export async function obstacles(
  session: Session,
  limits: { readonly transactionMs: number },
  call: Call,
): Promise<readonly Obstacle[]> {
  const left = countdown(call)
  try {
    const link = await linkOf(session, 'observe', left.leftMs())
    const [transactions = [], statements = []] = await link.run(
      presenceStatements.busy(limits.transactionMs),
      left.leftMs(),
    )
    const found = [
      ...transactions.map((row) => obstacleOf('transaction', row, 'has a transaction open that wrote')),
      ...statements.map((row) => obstacleOf('statement', row, 'runs a statement that writes')),
      ...(await lockHolders(link, limits.transactionMs, left)),
    ]
    return found.filter(({ thread }, index) => found.findIndex((other) => other.thread === thread) === index)
  } catch (error) {
    throw cannot('look for transactions and locks', error, session.where)
  }
}

async function lockHolders(link: Link, longerThanMs: number, left: Countdown): Promise<Obstacle[]> {
  try {
    const rows = await link.rows(presenceStatements.lockHolders(longerThanMs), left.leftMs())
    return rows.map((row) => obstacleOf('table lock', row, `holds ${row.held ?? 'every table'} locked`))
  } catch (error) {
    if (failureOf(error, link.where).errno !== UNKNOWN_TABLE) throw error
    return tablesInUse(link, left)
  }
}

/** Without the plugin nobody says who: a table that is in use at every look, also while nothing runs. */
async function tablesInUse(link: Link, left: Countdown): Promise<Obstacle[]> {
  let always: readonly string[] | null = null
  let quiet = false
  for (let look = 0; look < LOOKS && left.leftMs() > 0; look += 1) {
    const [tables = [], running = []] = await link.run(presenceStatements.inUse(), left.leftMs())
    const names = tables.map((row) => `${row.Database ?? ''}.${row.Table ?? ''}`)
    always = always === null ? names : always.filter((name) => names.includes(name))
    quiet ||= Number(running[0]?.running ?? 0) === 0
    if (always.length === 0) return []
    await pause(BETWEEN_MS)
  }
  if (!quiet || always === null) return []
  const sentence = `somebody holds ${always.join(', ')} locked`
  return [{ kind: 'table lock', thread: 0, user: '', host: '', ms: 0, sentence }]
}

function obstacleOf(kind: Obstacle['kind'], row: Row, does: string): Obstacle {
  const [user, host, ms] = [row.user ?? '', row.host ?? '', Number(row.ms ?? 0)]
  const since = `for ${(ms / 1000).toFixed(1)} s`
  const sentence = `${user}@${host.replace(/:\d+$/, '')} (connection ${row.id}) ${does}, ${since}`
  return { kind, thread: Number(row.id ?? 0), user, host, ms, sentence }
}
