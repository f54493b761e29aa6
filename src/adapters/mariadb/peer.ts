/**
 * The database of another machine, asked directly over TCP with the replication account.
 * Invariant: an answer is never older than the call: a kept connection is only a shorter way to ask. The total limit
 * holds whatever the network does, and whatever goes wrong is a value.
 */
import { messageOf } from '../../core/errors.ts'
import { statements } from '../../core/statements.ts'
import type { Lead, PeerStatus, Primary } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { failureOf } from './failure.ts'
import { readPassword } from './follow.ts'
import { leadOf, leadRows } from './lead.ts'
import { type Link, openLink, type Target, whereOf } from './link.ts'
import { isWritable } from './observe.ts'
import { countdown, linkOf, type Session } from './session.ts'

const POSITIONS =
  'SELECT @@global.read_only AS read_only, @@global.gtid_slave_pos AS slave_pos, ' +
  '@@global.gtid_binlog_pos AS binlog_pos, @@global.gtid_binlog_state AS binlog_state, ' +
  '@@global.rpl_semi_sync_master_enabled AS semi_sync'
const SLICE_MS = 500
/** So much later than it should, and the peer's machine is taken for gone. */
const SILENT_MS = 1000

const NOTHING_KNOWN = {
  writable: null,
  cluster: null,
  applied: '',
  binlogPosition: '',
  binlogState: '',
  commitsWithPeer: null,
  lead: null,
  leadKnown: false,
} as const

/** One look over a connection. Throws DatabaseFailure. */
export type Ask = (link: Link, limitMs: number) => Promise<PeerStatus>

export interface PeerLook {
  observe(peer: Primary, call: Call): Promise<PeerStatus>
  close(): void
}

function targetOf(peer: Primary): Target {
  const { host, port, user, passwordFile } = peer
  return { kind: 'remote', host, port, user, password: readPassword(passwordFile) }
}

/** `prepare`: for each new connection. One is kept for each machine that is asked. */
export function peerLook(ask: Ask, prepare: readonly string[] = []): PeerLook {
  const kept = new Map<string, Link>()
  const drop = (key: string) => {
    kept.get(key)?.close()
    kept.delete(key)
  }
  return {
    async observe(peer, call) {
      const left = countdown(call)
      const key = `${peer.user}@${peer.host}:${peer.port}`
      try {
        const link = kept.get(key)
        if (link !== undefined && !link.lost) {
          try {
            return await ask(link, left.leftMs())
          } catch (error) {
            const failure = failureOf(error, link.where)
            if (kept.get(key) === link) drop(key)
            if (failure.reason === 'hung') throw failure
          }
        } else drop(key)
        const fresh = await openLink(targetOf(peer), left.leftMs())
        kept.set(key, fresh)
        if (prepare.length > 0) await fresh.run(prepare, left.leftMs())
        return await ask(fresh, left.leftMs())
      } catch (error) {
        drop(key)
        const failure = failureOf(error, `the database at ${peer.host}:${peer.port}`)
        // It answered, though not the question: somebody is there.
        const reachable = failure.errno > 0 || failure.reason === 'unsupported'
        const { message: detail, reason } = failure
        return { ...NOTHING_KNOWN, reachable, detail, refused: reason === 'down' }
      }
    },
    close() {
      for (const key of [...kept.keys()]) drop(key)
    },
  }
}

/** The table may be missing, or locked: then nothing is known of its lead, and the rest still counts. */
async function leadAt(link: Link, limitMs: number): Promise<{ lead: Lead | null; leadKnown: boolean }> {
  const rows = await leadRows(link, statements.lastLead(Math.max(limitMs / 2, 10)), limitMs)
  return { lead: rows?.[0] === undefined ? null : leadOf(rows[0]), leadKnown: rows !== null }
}

/** Of a pair of which one is the primary. */
export const lookAtPrimary: Ask = async (link, limitMs) => {
  // Asked together: one wait.
  const [[row], lead] = await Promise.all([link.rows(POSITIONS, limitMs), leadAt(link, limitMs)])
  const writable = isWritable(row?.read_only)
  return {
    reachable: true,
    writable,
    cluster: null,
    detail: `${link.where} is ${writable ? 'writable' : 'read-only'}`,
    applied: row?.slave_pos ?? '',
    binlogPosition: row?.binlog_pos ?? '',
    binlogState: row?.binlog_state ?? '',
    commitsWithPeer: row?.semi_sync === '1' || row?.semi_sync === 'ON',
    ...lead,
    refused: false,
  }
}

export async function waitForReplica(
  session: Session,
  peer: Primary,
  call: Call,
): Promise<{ readonly complete: boolean; readonly detail: string }> {
  const left = countdown(call)
  let link: Link | null = null
  try {
    const local = await linkOf(session, 'observe', left.leftMs())
    const [row] = await local.rows('SELECT @@global.gtid_binlog_pos AS position', left.leftMs())
    const position = row?.position ?? ''
    if (position === '') return { complete: true, detail: 'the binlog is empty' }
    const target = targetOf(peer)
    link = await openLink(target, Math.min(SILENT_MS, left.leftMs()))
    for (;;) {
      left.check()
      const limitMs = Math.min(SLICE_MS, left.leftMs())
      const [answer] = await link.rows(statements.waitFor(position, limitMs), limitMs + SILENT_MS)
      if (answer?.outcome === '0') {
        return { complete: true, detail: `${whereOf(target)} has applied ${position}` }
      }
    }
  } catch (error) {
    return { complete: false, detail: messageOf(error) }
  } finally {
    link?.close()
  }
}
