/**
 * What would hold up a fence now, or the replica that this server becomes: open transactions that wrote, long statements
 * that write, locks of whole tables. It only looks, and waits for no lock. Invariant: a busy server alone is no obstacle, and
 * no statement's text leaves the server: it may hold anything. Privileged sessions are not told: whether one has written
 * lately is nowhere to be seen, and the fence ends them anyway.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { presenceStatements } from '../../core/presence-statements.ts'
import type { Obstacle } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { cannot, ER, failureOf } from './failure.ts'
import type { Link, Row } from './link.ts'
import { type Countdown, countdown, linkOf, type Session } from './session.ts'

/** Looks at what refuses a write: what holds it through all of them is no short statement. */
const LOOKS = 8
const BETWEEN_MS = 12
/** Enough to name; each takes a round trip. */
const MOST_TABLES = 20
/** Always there once somebody led. While it refuses and nobody uses it, every table does: FLUSH TABLES WITH READ LOCK. */
const ANY_TABLE: Named = { schema: 'apmode', table: 'lead' }
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
    return lockedTables(link, left)
  }
}

interface Named {
  readonly schema: string
  readonly table: string
}

/** Without the plugin nobody says who: what refuses a write at every look. */
async function lockedTables(link: Link, left: Countdown): Promise<Obstacle[]> {
  const any = nameOf(ANY_TABLE)
  let always: readonly Named[] | null = null
  let anyFree = false
  for (let look = 0; look < LOOKS; look += 1) {
    if (look > 0) await pause(BETWEEN_MS)
    const rows = await link.rows(presenceStatements.inUse(), left.leftMs())
    const used = rows.map((row): Named => ({ schema: row.Database ?? '', table: row.Table ?? '' }))
    anyFree ||= !used.some((table) => nameOf(table) === any)
    const asked: readonly Named[] = always ?? [ANY_TABLE, ...used.filter((table) => nameOf(table) !== any)]
    const locked: Named[] = []
    for (const table of asked.slice(0, MOST_TABLES)) if (await isLocked(link, table, left)) locked.push(table)
    if (locked.length === 0) return []
    always = locked
  }
  const names = (always ?? []).map(nameOf)
  const what = anyFree && names.includes(any) ? 'every table' : names.join(', ')
  const sentence = `somebody holds ${what} locked`
  return [{ kind: 'table lock', thread: 0, user: '', host: '', ms: 0, sentence }]
}

/** False also for what cannot be locked at all, or is not there. Throws when the server does not answer. */
async function isLocked(link: Link, { schema, table }: Named, left: Countdown): Promise<boolean> {
  try {
    await link.rows(presenceStatements.tryLock(schema, table), left.leftMs())
    return false
  } catch (error) {
    const failure = failureOf(error, link.where)
    if (failure.lost) throw failure
    return failure.errno === ER.LOCK_WAIT_TIMEOUT
  }
}

function nameOf({ schema, table }: Named): string {
  return `${schema}.${table}`
}

function obstacleOf(kind: Obstacle['kind'], row: Row, does: string): Obstacle {
  const [user, host, ms] = [row.user ?? '', row.host ?? '', Number(row.ms ?? 0)]
  const since = `for ${(ms / 1000).toFixed(1)} s`
  const sentence = `${user}@${host.replace(/:\d+$/, '')} (connection ${row.id}) ${does}, ${since}`
  return { kind, thread: Number(row.id ?? 0), user, host, ms, sentence }
}
