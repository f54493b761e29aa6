/**
 * The table apmode.lead (G1): who may write, since when, why. It replicates, so it is how a machine proves what it has seen.
 * Invariant: a promotion adds one row, the next epoch, in one transaction; rows are never changed or removed here. The
 * tables are made only when they turn out to be missing.
 */
import { statements } from '../../core/statements.ts'
import type { Lead } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { DatabaseFailure, ER, failureOf } from './failure.ts'
import type { Link, Row } from './link.ts'
import { operate, type Session } from './session.ts'

export function leadOf(row: Row): Lead {
  return {
    epoch: Number(row.epoch ?? 0),
    node: row.node ?? '',
    // The column is a DATETIME(3) in UTC: `2026-11-21 01:24:22.123`.
    at: `${(row.at ?? '').replace(' ', 'T')}Z`,
    reason: row.reason ?? '',
    gtid: row.gtid ?? '',
  }
}

/** Rows of apmode.lead; none where there is no such table, null while it is locked. Throws DatabaseFailure. */
export async function leadRows(link: Link, statement: string, limitMs: number): Promise<readonly Row[] | null> {
  try {
    return await link.rows(statement, limitMs)
  } catch (error) {
    const { errno, lost } = failureOf(error, link.where)
    if (errno === ER.NO_SUCH_TABLE || errno === ER.BAD_DATABASE) return []
    if (errno === ER.STATEMENT_TIMEOUT || (errno > 0 && !lost)) return null
    throw error
  }
}

/** `position`: a SQL expression, where the server stands. */
export async function recordLead(
  session: Session,
  row: { node: string; reason: string },
  call: Call,
  position?: string,
): Promise<Lead> {
  return operate(session, `record the lead of ${row.node}`, call, async (link, left) => {
    const insert = () => link.run(statements.recordLead(row.node, row.reason, position), left.leftMs())
    let written: Awaited<ReturnType<Link['run']>>
    try {
      written = await insert()
    } catch (error) {
      const { errno } = failureOf(error, link.where)
      if (errno !== ER.NO_SUCH_TABLE && errno !== ER.BAD_DATABASE) throw error
      for (const statement of statements.createLead()) await link.run([statement], left.leftMs())
      left.check()
      written = await insert()
    }
    const first = written[0]?.[0]
    if (first === undefined) throw new DatabaseFailure('error', `${link.where} did not say what it wrote`)
    return leadOf(first)
  })
}
