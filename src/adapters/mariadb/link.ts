/**
 * One connection to a MariaDB, local or remote, over mysql2. It owns its socket.
 * Invariant: every call ends within its own limit, also when the server never answers: at the limit the socket is
 * destroyed and the failure is `hung`. A link that was lost never comes back; somebody else opens a new one.
 */
import net from 'node:net'
import { type ConnectionOptions, createConnection, type QueryError } from 'mysql2'
import { DatabaseFailure, failureOf } from './failure.ts'
import { greetingVersion, type ServerVersion, supportedVersion } from './version.ts'

/** Every value as text, as the server sent it; SQL NULL is null. */
export type Row = Readonly<Record<string, string | null>>

export type Target =
  | { readonly kind: 'local'; readonly socket: string }
  | {
      readonly kind: 'remote'
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string
    }

export interface Link {
  readonly threadId: number
  readonly version: ServerVersion
  /** The server as a person knows it. */
  readonly where: string
  readonly lost: boolean
  /** Runs the statements in one round trip; rows for each of them. Throws DatabaseFailure; stops at the first error. */
  run(sql: readonly string[], limitMs: number): Promise<readonly (readonly Row[])[]>
  /** `run` of one statement. */
  rows(sql: string, limitMs: number): Promise<readonly Row[]>
  /** Calls once, as soon as the connection is gone for whatever reason. */
  onLost(listener: () => void): void
  close(): void
}

/**
 * What our sessions need whatever the server's defaults are: no limit of its own on a statement, no end when idle, and a
 * string syntax without escapes. Needs no privilege.
 */
const SESSION =
  "SET SESSION sql_mode='NO_BACKSLASH_ESCAPES', time_zone='+00:00', max_statement_time=0, wait_timeout=31536000, autocommit=1"

export function whereOf(target: Target): string {
  return target.kind === 'local' ? `the database at ${target.socket}` : `the database at ${target.host}:${target.port}`
}

/** Open sessions of this process, by server: a fence must tell them from an administrator's. */
const sessions = new Map<string, Set<{ readonly threadId: number }>>()

/** Thread ids of this process's sessions on that server; one that is just logging in has none yet. */
export function ownThreads(where: string): ReadonlySet<string> {
  return new Set([...(sessions.get(where) ?? [])].map(({ threadId }) => String(threadId)))
}

function remember(where: string, session: { readonly threadId: number }): () => void {
  const known = sessions.get(where) ?? new Set()
  sessions.set(where, known.add(session))
  return () => known.delete(session)
}

export async function openLink(target: Target, limitMs: number): Promise<Link> {
  const deadline = performance.now() + limitMs
  const where = whereOf(target)
  const socket =
    target.kind === 'local' ? net.connect(target.socket) : net.connect({ port: target.port, host: target.host })
  socket.setNoDelay(true)
  const greeting: { version: ServerVersion | null; failure: DatabaseFailure | null } = { version: null, failure: null }
  // Before mysql2's own listener: a server that we do not support never sees our credentials.
  socket.once('data', (packet: Buffer) => {
    const text = greetingVersion(packet)
    if (text === null) return
    try {
      greeting.version = supportedVersion(text, where)
    } catch (error) {
      greeting.failure = failureOf(error, where)
      socket.destroy()
    }
  })
  const connection = createConnection(optionsFor(target, socket))
  const forget = remember(where, connection)
  let lost = false
  const listeners: (() => void)[] = []
  const close = () => {
    connection.destroy()
    socket.destroy()
    if (lost) return
    lost = true
    forget()
    for (const listener of listeners.splice(0)) listener()
  }
  connection.on('error', close)
  socket.once('close', close)

  const settled = <T>(timeLeftMs: number, start: (done: (error: unknown, value: T) => void) => void): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const fail = (error: unknown) => {
        clearTimeout(timer)
        reject(greeting.failure ?? failureOf(error, where))
      }
      const timer = setTimeout(
        () => {
          reject(new DatabaseFailure('hung', `${where} does not answer within ${Math.round(timeLeftMs)} ms`, 0, true))
          close()
        },
        Math.max(timeLeftMs, 0),
      )
      start((error, value) => {
        if (error) return fail(error)
        clearTimeout(timer)
        resolve(value)
      })
    })

  const run = async (sql: readonly string[], runLimitMs: number) => {
    if (lost) throw new DatabaseFailure('error', `${where} closed the connection`, 0, true)
    const results = await settled<unknown>(runLimitMs, (done) => {
      connection.query(sql.join('; '), (error: QueryError | null, result: unknown) => done(error, result))
    })
    const each: unknown[] = sql.length === 1 ? [results] : Array.isArray(results) ? results : []
    return each.map((result) => (Array.isArray(result) ? (result as readonly Row[]) : []))
  }

  try {
    await settled<void>(deadline - performance.now(), (done) => {
      connection.once('connect', () => done(null, undefined))
      connection.once('error', (error: unknown) => done(error, undefined))
    })
    if (greeting.version === null) throw new DatabaseFailure('error', `${where} sent no greeting`)
    await run([SESSION], deadline - performance.now())
  } catch (error) {
    close()
    throw error
  }
  return {
    threadId: connection.threadId,
    version: greeting.version,
    where,
    get lost() {
      return lost
    },
    run,
    rows: async (sql, rowsLimitMs) => (await run([sql], rowsLimitMs))[0] ?? [],
    onLost(listener) {
      if (lost) listener()
      else listeners.push(listener)
    },
    close,
  }
}

function optionsFor(target: Target, socket: net.Socket): ConnectionOptions {
  const account = target.kind === 'local' ? { user: 'root' } : { user: target.user, password: target.password }
  // disableEval: mysql2 otherwise compiles a parser for each new set of columns, 20 ms at the worst moment.
  const options: ConnectionOptions & { disableEval: boolean } = {
    ...account,
    stream: socket,
    connectTimeout: 0,
    multipleStatements: true,
    disableEval: true,
    trace: false,
    typeCast: (field) => field.string(),
    // unix_socket: the kernel says who we are, the answer is empty (https://mariadb.com/kb/en/authentication-plugin-unix-socket/).
    authPlugins: { auth_socket: () => () => Buffer.alloc(0) },
  }
  return options
}
