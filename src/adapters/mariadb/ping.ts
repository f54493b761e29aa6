/**
 * A sign of life of the local server: one question that needs no lock, on a connection of its own, so that no other
 * operation is in its way. Whatever goes wrong is a sentence, never an exception.
 */
import type { Call } from '../../ports/systemd.ts'
import { failureOf } from './failure.ts'
import { countdown, linkOf, type Session } from './session.ts'

const LIFE = 'SELECT @@global.datadir AS data, @@global.log_bin_basename AS binlog'

export interface Folders {
  known: readonly string[]
}

export async function ping(session: Session, folders: Folders, call: Call): Promise<string | null> {
  const left = countdown(call)
  try {
    const link = await linkOf(session, 'life', left.leftMs())
    const [row] = await link.rows(LIFE, left.leftMs())
    const binlog = row?.binlog?.replace(/\/[^/]*$/, '')
    folders.known = [...new Set([row?.data?.replace(/\/$/, '') ?? '', binlog ?? ''])].filter((path) => path !== '')
    return null
  } catch (error) {
    const failure = failureOf(error, session.where)
    // All connections taken is a busy server, not a dead one: it said so itself.
    return failure.reason === 'full' ? null : failure.message
  }
}
