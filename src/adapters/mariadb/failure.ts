/**
 * What went wrong with a database, as one value: the reason (the port's words), MariaDB's error number, a sentence.
 * Invariant: the sentence never has the text of a statement in it (mysql2's errors carry it, with passwords), and the
 * library's error is never kept as a cause for the same reason.
 */
import { ApmodeError, type ErrorCode, messageOf } from '../../core/errors.ts'
import type { DatabaseAway } from '../../ports/database.ts'

export type AwayReason = DatabaseAway['reason']

const CODE_OF: Record<AwayReason, ErrorCode> = {
  down: 'unreachable',
  hung: 'timeout',
  full: 'unreachable',
  denied: 'denied',
  unsupported: 'unsupported',
  error: 'failed',
}

export class DatabaseFailure extends ApmodeError {
  readonly reason: AwayReason
  /** MariaDB's error number; 0 when it was not the server that answered. */
  readonly errno: number
  /** The connection is gone; a new one may work. */
  readonly lost: boolean
  constructor(reason: AwayReason, message: string, errno = 0, lost = false) {
    super(CODE_OF[reason], message)
    this.name = 'DatabaseFailure'
    this.reason = reason
    this.errno = errno
    this.lost = lost
  }
}

/** MariaDB error numbers (https://mariadb.com/kb/en/mariadb-error-codes/) that mean something here. */
export const ER = {
  TOO_MANY_CONNECTIONS: 1040,
  ACCESS_DENIED: 1045,
  BAD_DATABASE: 1049,
  PARSE_ERROR: 1064,
  NO_SUCH_TABLE: 1146,
  SLAVE_MUST_STOP: 1198,
  MASTER_INFO: 1201,
  LOCK_WAIT_TIMEOUT: 1205,
  STATEMENT_TIMEOUT: 1969,
} as const

/** 1040: all connections; 1203, 1226: of this user. */
const FULL = new Set([1040, 1203, 1226])
/** 1044, 1045, 1698: access denied; 1130: this host may not connect; 1227: a privilege is missing; 4151: account locked. */
const DENIED = new Set([1044, 1045, 1130, 1227, 1698, 4151])
/** 1053: shutting down; 1077, 1079: ended; 1080: forced; 1927: killed. */
const CLOSING = new Set([1053, 1077, 1079, 1080, 1927])
/** EAGAIN: the backlog of a Unix socket is full, which is a server that does not accept. */
const NOTHING_LISTENS = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'])

interface Described {
  readonly code?: unknown
  readonly errno?: unknown
  readonly sqlMessage?: unknown
}

/** Makes the failure of anything that mysql2 or a socket reported. `where` is the server as a person knows it. */
export function failureOf(thrown: unknown, where: string): DatabaseFailure {
  if (thrown instanceof DatabaseFailure) return thrown
  const { code, errno, sqlMessage } = (thrown ?? {}) as Described
  const name = typeof code === 'string' ? code : ''
  const number = typeof errno === 'number' && errno > 0 ? errno : 0
  if (NOTHING_LISTENS.has(name)) return new DatabaseFailure('down', `nothing listens on ${where} (${name})`, 0, true)
  if (name === 'EAGAIN') return new DatabaseFailure('hung', `${where} does not accept connections (EAGAIN)`, 0, true)
  if (number > 0) {
    const text = number === ER.PARSE_ERROR ? 'it does not understand the statement' : String(sqlMessage ?? name)
    const sentence = `${where} says: ${text} (${number})`
    if (FULL.has(number)) return new DatabaseFailure('full', sentence, number)
    if (DENIED.has(number)) return new DatabaseFailure('denied', sentence, number)
    return new DatabaseFailure('error', sentence, number, CLOSING.has(number))
  }
  if (name === 'PROTOCOL_CONNECTION_LOST' || name === 'ECONNRESET' || name === 'EPIPE') {
    return new DatabaseFailure('error', `${where} closed the connection`, 0, true)
  }
  return new DatabaseFailure('error', `${where}: ${name === '' ? messageOf(thrown) : name}`, 0, true)
}

/** "cannot VERB OBJECT: REASON", with the code of the failure kept. */
export function cannot(what: string, thrown: unknown, where: string): DatabaseFailure {
  const failure = failureOf(thrown, where)
  return new DatabaseFailure(failure.reason, `cannot ${what}: ${failure.message}`, failure.errno, failure.lost)
}
