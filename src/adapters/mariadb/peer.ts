/**
 * The peer's database, asked directly over TCP with the replication account.
 * Invariant: an answer is never older than the call: a kept connection is only a shorter way to ask. The total limit
 * holds whatever the network does, and whatever goes wrong is a value.
 */
import { messageOf } from '../../core/errors.ts'
import { statements } from '../../core/statements.ts'
import type { Lead, PeerStatus, Primary } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { ER, failureOf } from './failure.ts'
import { readPassword } from './follow.ts'
import { leadOf } from './lead.ts'
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

export interface PeerLook {
  observe(peer: Primary, call: Call): Promise<PeerStatus>
  wait(session: Session, peer: Primary, call: Call): Promise<{ readonly complete: boolean; readonly detail: string }>
  close(): void
}

function targetOf(peer: Primary): Target {
  const { host, port, user, passwordFile } = peer
  return { kind: 'remote', host, port, user, password: readPassword(passwordFile) }
}

export function peerLook(): PeerLook {
  let kept: { readonly key: string; readonly link: Link } | null = null
  const drop = () => {
    kept?.link.close()
    kept = null
  }

  const ask = async (link: Link, limitMs: number): Promise<PeerStatus> => {
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

  /** The table may be missing, or locked: then nothing is known of its lead, and the rest still counts. */
  const leadAt = async (link: Link, limitMs: number): Promise<{ lead: Lead | null; leadKnown: boolean }> => {
    try {
      const [row] = await link.rows(statements.lastLead(Math.max(limitMs / 2, 10)), limitMs)
      return { lead: row === undefined ? null : leadOf(row), leadKnown: true }
    } catch (error) {
      const { errno, lost } = failureOf(error, link.where)
      const missing = errno === ER.NO_SUCH_TABLE || errno === ER.BAD_DATABASE
      if (errno > 0 && !lost) return { lead: null, leadKnown: missing }
      throw error
    }
  }

  return {
    async observe(peer, call) {
      const left = countdown(call)
      const key = `${peer.user}@${peer.host}:${peer.port}`
      try {
        const link = kept !== null && kept.key === key && !kept.link.lost ? kept.link : null
        if (link !== null) {
          try {
            return await ask(link, left.leftMs())
          } catch (error) {
            const failure = failureOf(error, link.where)
            if (kept?.link === link) drop()
            if (failure.reason === 'hung') throw failure
          }
        } else drop()
        const fresh = await openLink(targetOf(peer), left.leftMs())
        kept = { key, link: fresh }
        return await ask(fresh, left.leftMs())
      } catch (error) {
        drop()
        const failure = failureOf(error, `the database at ${peer.host}:${peer.port}`)
        // It answered, though not the question: somebody is there.
        const reachable = failure.errno > 0 || failure.reason === 'unsupported'
        const { message: detail, reason } = failure
        return { ...NOTHING_KNOWN, reachable, detail, refused: reason === 'down' }
      }
    },

    async wait(session, peer, call) {
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
    },

    close: drop,
  }
}
