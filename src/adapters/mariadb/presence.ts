/**
 * What a supervisor says of its machine, in a table of its own database, and what the other one reads there. Invariant: it
 * never enters the binary log, on a connection that is for nothing else; the sessions of the pair never see the setting.
 */
import { presenceStatements } from '../../core/presence-statements.ts'
import { MODES, ROLES, VRRP_STATES } from '../../core/vocabulary.ts'
import type { PeerDetails, Presence, Primary } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { cannot, ER, failureOf } from './failure.ts'
import { readPassword } from './follow.ts'
import { openLink, type Row } from './link.ts'
import { readReplica } from './replica.ts'
import { countdown, type Session } from './session.ts'

/**
 * The connection belongs to nothing else: it keeps `sql_log_bin=0`, or what else `apart` says to keep a write on this
 * machine. Throws ApmodeError.
 */
export async function announce(
  session: Session,
  presence: Omit<Presence, 'at'>,
  call: Call,
  apart: (limitMs: number) => string = presenceStatements.apart,
): Promise<void> {
  const left = countdown(call)
  try {
    // Never another lane's connection, not even when the server has none left.
    const link = await session.lanes.word.link(left.leftMs())
    const say = () => link.run([apart(left.leftMs()), presenceStatements.announce(presence)], left.leftMs())
    try {
      await say()
    } catch (error) {
      const { errno } = failureOf(error, link.where)
      if (errno !== ER.NO_SUCH_TABLE && errno !== ER.BAD_DATABASE) throw error
      await link.run([apart(left.leftMs()), ...presenceStatements.create()], left.leftMs())
      await say()
    }
  } catch (error) {
    throw cannot('say how this machine is', error, session.where)
  }
}

/** How the peer is, as far as its database tells; null: it does not answer. `prepare`: for the connection. Never throws. */
export async function examinePeer(
  peer: Primary,
  node: string,
  call: Call,
  prepare: readonly string[] = [],
): Promise<PeerDetails | null> {
  const left = countdown(call)
  const { host, port, user, passwordFile } = peer
  try {
    const link = await openLink(
      { kind: 'remote', host, port, user, password: readPassword(passwordFile) },
      left.leftMs(),
    )
    try {
      if (prepare.length > 0) await link.run(prepare, left.leftMs())
      const [replica, presence] = await Promise.all([
        readReplica(link, left.leftMs()).then(
          (found) => ({ replication: found?.status ?? null, replicationKnown: true }),
          () => ({ replication: null, replicationKnown: false }),
        ),
        link.rows(presenceStatements.presenceOf(node, left.leftMs()), left.leftMs()).then(
          ([row]) => (row === undefined ? null : presenceIn(row)),
          () => null,
        ),
      ])
      return { presence, ...replica }
    } finally {
      link.close()
    }
  } catch {
    return null
  }
}

/** null: a newer version's words. */
export function presenceIn(row: Row): Presence | null {
  const text = (column: string) => row[column] ?? ''
  const mode = [...MODES, 'unset' as const, 'unreadable' as const].find((known) => known === row.mode)
  const role = ROLES.find((known) => known === row.role)
  const vrrp = VRRP_STATES.find((known) => known === row.vrrp)
  if (mode === undefined || role === undefined || vrrp === undefined) return null
  const number = (column: string) => (row[column] == null ? null : Number(row[column]))
  const fit = number('fit')
  return {
    node: text('node'),
    version: text('version'),
    mode,
    role,
    vrrp,
    fit: fit === null ? null : fit === 1,
    reasons: text('reasons'),
    configuration: text('configuration'),
    freeMb: number('free_mb'),
    at: `${text('at').replace(' ', 'T')}Z`,
  }
}

export async function heardFrom(
  session: Session,
  peer: Pick<Primary, 'host' | 'user'>,
  call: Call,
): Promise<number | null> {
  const left = countdown(call)
  try {
    const link = await session.lanes.observe.link(left.leftMs())
    const [row] = await link.rows(presenceStatements.heardFrom(peer.user, peer.host), left.leftMs())
    return row?.ms == null ? null : Number(row.ms)
  } catch (error) {
    throw cannot('see whether the peer is connected', error, session.where)
  }
}
