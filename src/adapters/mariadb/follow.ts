/**
 * Making the local database a replica of the peer.
 * Invariant: only on a read-only database, and the password exists only between reading its file and the end of one
 * statement: it is in no error, no log, and (sql_log_off) not in the server's general log.
 */
import { readFileSync } from 'node:fs'
import { ApmodeError, messageOf } from '../../core/errors.ts'
import { covers } from '../../core/gtid.ts'
import { PASSWORD_MASK, quoted, statements } from '../../core/statements.ts'
import type { Primary } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { DatabaseFailure, ER, failureOf } from './failure.ts'
import { type Link, openLink } from './link.ts'
import { isWritable } from './observe.ts'
import { type Replica, readReplica } from './replica.ts'
import { type Countdown, operate, type Session } from './session.ts'
import { atLeast } from './version.ts'

const STATE =
  'SELECT @@global.read_only AS read_only, @@global.gtid_slave_pos AS slave_pos, @@global.gtid_binlog_pos AS binlog_pos'
/** Neither log is this session's to write into while a password is on its way. */
const QUIET = 'SET SESSION sql_log_off=1, slow_query_log=0'
const NOT_QUIET = 'SET SESSION sql_log_off=0, slow_query_log=1'

const ASK_PRIMARY_MS = 1000

/** The replication password, without the line end. Throws ApmodeError `storage`; never says what is in the file. */
export function readPassword(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new ApmodeError('storage', `cannot read ${file}: ${messageOf(error)}`)
  }
}

export async function follow(session: Session, primary: Primary, call: Call): Promise<void> {
  const what = `follow ${primary.host}:${primary.port}`
  await operate(session, what, call, async (link, left) => {
    await within(session.receiver.settled(), left)
    const [state] = await link.rows(STATE, left.leftMs())
    if (isWritable(state?.read_only)) throw new ApmodeError('refused', 'it is writable; only a read-only one follows')
    const replica = await readReplica(link, left.leftMs())
    await keepUnapplied(replica, primary, left)
    if (replica !== null && isSame(replica, primary) && replica.ioErrno !== ER.ACCESS_DENIED) {
      if (replica.status.io !== 'No' && replica.status.sql) return
      left.check()
      await link.run([statements.endPrimaryRole(), statements.startReplication()], left.leftMs())
      return
    }
    left.check()
    await changePrimary(link, replica, primary, demotion(link, state?.slave_pos, state?.binlog_pos), left)
  })
}

/**
 * Starting a replica of which both threads stand throws its relay log away (MDEV-4698). What is in there and not applied must
 * still be at the primary, or it may be the only copy of what was acknowledged: then nothing is started.
 */
async function keepUnapplied(replica: Replica | null, primary: Primary, left: Countdown): Promise<void> {
  if (replica === null || replica.status.io !== 'No' || replica.status.sql) return
  const { received, gtid } = replica.status
  if (covers(gtid, received)) return
  const { host, port, user, passwordFile } = primary
  const target = { kind: 'remote', host, port, user, password: readPassword(passwordFile) } as const
  const peer = await openLink(target, Math.min(left.leftMs(), ASK_PRIMARY_MS)).catch((error: unknown) => {
    throw new ApmodeError('refused', `${received} is received and only ${gtid} applied, and ${messageOf(error)}`)
  })
  try {
    const [row] = await peer.rows('SELECT @@global.gtid_binlog_pos AS position', left.leftMs())
    if (!covers(row?.position ?? '', received)) {
      throw new ApmodeError('refused', `${received} is received and only ${gtid} applied, and ${peer.where} lacks it`)
    }
  } finally {
    peer.close()
  }
}

function isSame(replica: Replica, primary: Primary): boolean {
  return (
    replica.usesGtid &&
    replica.host === primary.host &&
    replica.port === primary.port &&
    replica.user === primary.user &&
    replica.name === ''
  )
}

/** Has this machine written on its own since it last was a replica? Then it continues from its own position. */
function demotion(link: Link, slavePos: string | null | undefined, binlogPos: string | null | undefined) {
  if (covers(slavePos ?? '', binlogPos ?? '')) return 'no'
  return atLeast(link.version, 10, 10) ? 'clause' : 'by hand'
}

async function changePrimary(
  link: Link,
  replica: Replica | null,
  primary: Primary,
  demote: 'no' | 'clause' | 'by hand',
  left: Countdown,
): Promise<void> {
  if (replica !== null && (replica.status.io !== 'No' || replica.status.sql)) {
    await link.run(statements.stopReplication(), left.leftMs())
  }
  left.check()
  const texts = statements.follow(primary.host, primary.port, primary.user, demote)
  const password = readPassword(primary.passwordFile)
  const change = async () => {
    for (const text of texts) {
      // By a function: in a replacement string `$&` would have a meaning.
      await link.run([text.replace(PASSWORD_MASK, () => quoted(password))], left.leftMs())
    }
  }
  try {
    await link.run([QUIET], left.leftMs())
    try {
      await change()
    } catch (error) {
      // Killed while it changed its primary, a server finds its relay log gone and refuses everything until it is reset.
      if (failureOf(error, link.where).errno !== ER.MASTER_INFO) throw error
      await link.run(statements.forgetPrimary(), left.leftMs())
      await change()
    }
    await link.run([NOT_QUIET], left.leftMs())
  } catch (error) {
    const failure = failureOf(error, link.where)
    const message = password === '' ? failure.message : failure.message.replaceAll(password, '***')
    throw new DatabaseFailure(failure.reason, message, failure.errno, failure.lost)
  }
}

/** What an earlier promotion left to do in the background comes first, or it would forget the new primary. */
async function within(job: Promise<void>, left: Countdown): Promise<void> {
  let timer: NodeJS.Timeout | null = null
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, left.leftMs())
  })
  await Promise.race([job, limit])
  if (timer !== null) clearTimeout(timer)
  left.check()
}
