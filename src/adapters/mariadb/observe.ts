/**
 * One look at the local database.
 * Invariant: it is `hung` only when the server does not answer the first, lock-free question. What can block behind a
 * lock (replication's status behind a STOP SLAVE, the lead behind a table lock) has a short limit of its own and then
 * falls back to what was seen last, marked as such: a lock must never look like a dead server, which would be killed.
 */
import { statements } from '../../core/statements.ts'
import type { DatabaseStatus, Lead, ReplicationStatus } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { failureOf } from './failure.ts'
import { leadOf, leadRows } from './lead.ts'
import type { Link, Row } from './link.ts'
import { readReplica } from './replica.ts'
import { type Countdown, countdown, linkOf, type Session } from './session.ts'

const SELF =
  'SELECT @@global.read_only AS read_only, @@global.server_id AS server_id, @@global.gtid_binlog_pos AS binlog_pos, ' +
  '@@global.gtid_slave_pos AS slave_pos, @@global.gtid_binlog_state AS binlog_state, @@global.rpl_semi_sync_master_enabled AS semi_sync'
const REPLICAS = "SELECT HOST AS host FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'"

/** What was seen last, for the parts that can block. */
export interface Seen {
  replication: ReplicationStatus | null
  lead: Lead | null
}

/** OFF and 0 are off; ON, 1, and from 12.0 NO_LOCK and NO_LOCK_NO_ADMIN are on; anything else is unknown: not writable. */
export function isWritable(readOnly: string | null | undefined): boolean {
  return readOnly === '0' || readOnly?.toUpperCase() === 'OFF'
}

/** `192.168.33.102:41822` → `192.168.33.102`; a name or an IPv6 address loses only the port. */
export function addressOf(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

export function observe(session: Session, seen: Seen, call: Call): Promise<DatabaseStatus> {
  return whatAnswers(session, call, (link, left) => lookAtServer(session, link, seen, left))
}

/** A look on the connection for looking; what goes wrong is a value. */
export async function whatAnswers(
  session: Session,
  call: Call,
  look: (link: Link, left: Countdown) => Promise<DatabaseStatus>,
): Promise<DatabaseStatus> {
  const left = countdown(call)
  try {
    const link = await linkOf(session, 'observe', left.leftMs())
    try {
      return await look(link, left)
    } catch (error) {
      // A kept connection that died since it was last used says nothing about the server: look again with a new one.
      if (!failureOf(error, session.where).lost || failureOf(error, session.where).reason === 'hung') throw error
      return await look(await linkOf(session, 'observe', left.leftMs()), left)
    }
  } catch (error) {
    const failure = failureOf(error, session.where)
    return { answers: false, reason: failure.reason, detail: failure.message }
  }
}

async function lookAtServer(session: Session, link: Link, seen: Seen, left: Countdown): Promise<DatabaseStatus> {
  const [self, replicas] = await link.run([SELF, REPLICAS], left.leftMs())
  const row = self?.[0] ?? {}
  seen.lead = await lastLead(link, seen.lead, left)
  const replication = await replicationOf(session, link, seen, row, left)
  return {
    answers: true,
    version: link.version.text,
    serverId: row.server_id ?? '',
    writable: isWritable(row.read_only),
    cluster: null,
    commitsWithPeer: row.semi_sync === '1' || row.semi_sync === 'ON',
    replication,
    binlogPosition: row.binlog_pos ?? '',
    binlogState: row.binlog_state ?? '',
    replicas: [...new Set((replicas ?? []).map((dump) => addressOf(dump.host ?? '')))],
    lead: seen.lead,
  }
}

/** The server ends a read that waits too long by itself, so the connection survives a table lock. */
export function leadLimit(left: Countdown): number {
  return Math.min(200, left.leftMs() / 4)
}

async function lastLead(link: Link, before: Lead | null, left: Countdown): Promise<Lead | null> {
  const rows = await leadRows(link, statements.lastLead(leadLimit(left)), left.leftMs() / 2)
  if (rows === null) return before
  return rows[0] === undefined ? null : leadOf(rows[0])
}

async function replicationOf(
  session: Session,
  link: Link,
  seen: Seen,
  self: Row,
  left: Countdown,
): Promise<ReplicationStatus | null> {
  try {
    const replica = await readReplica(link, left.leftMs() * 0.8)
    // Ended and about to be forgotten: it cannot receive or apply anything any more.
    const leaving = session.receiver.forgetting && replica?.status.sql === false
    seen.replication = leaving ? null : (replica?.status ?? null)
    return seen.replication
  } catch (error) {
    const failure = failureOf(error, session.where)
    if (failure.reason !== 'hung') throw failure
    const error_ = 'SHOW ALL SLAVES STATUS waits: replication is being stopped or changed'
    const before = seen.replication
    return before === null
      ? null
      : { ...before, io: 'No', sql: false, lagSeconds: null, gtid: self.slave_pos ?? '', error: error_ }
  }
}
