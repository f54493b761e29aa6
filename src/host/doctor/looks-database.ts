/** What doctor looks at in the own database, on one connection, one statement after the other. */
import type { Config } from '../../core/config.ts'
import type { Facts, Values } from '../../core/doctor/facts.ts'
import { type Look, type Looks, none, seen, unknown } from '../../core/doctor/look.ts'
import { startOptionsIn } from '../../core/doctor/start-options.ts'
import { literal, seconds } from '../../core/sql-text.ts'
import { statements } from '../../core/statements.ts'
import type { Examination, Sql } from '../../ports/examination.ts'
import { attempt, LOOK } from './attempt.ts'

const QUERY_MS = 2_000
const SYSTEM_SCHEMAS = "('information_schema', 'performance_schema', 'mysql', 'sys')"

const DATABASE_FACTS = [
  'database',
  'startOptions',
  'variables',
  'counters',
  'accounts',
  'privileged',
  'tables',
  'binlogFilter',
  'peerSessions',
  'replica',
  'ownWord',
] as const
type DatabaseLooks = Pick<Looks, (typeof DATABASE_FACTS)[number]>

export async function lookAtDatabase(outside: Examination, config: Config): Promise<DatabaseLooks> {
  if (config.database.engine === 'none') return every(none('database.engine is "none"'))
  const [startOptions, opened] = await Promise.all([
    attempt(async () => {
      const { code, out, err } = await outside.run(['mariadbd', '--print-defaults'], LOOK)
      if (code !== 0) throw new Error(`mariadbd --print-defaults ended with ${code}: ${err.trim()}`)
      return startOptionsIn(out)
    }),
    attempt(() => outside.local(config.database.socket, LOOK)),
  ])
  if (opened.kind !== 'seen') {
    return { ...every(unknown('the database does not answer')), startOptions, database: seen(opened.why) }
  }
  const sql = opened.value
  try {
    return { ...(await askAll(sql, config)), startOptions, database: seen(null) }
  } finally {
    sql.close()
  }
}

function every(look: Look<never>): DatabaseLooks {
  return Object.fromEntries(DATABASE_FACTS.map((name) => [name, look])) as DatabaseLooks
}

async function askAll(sql: Sql, config: Config): Promise<Omit<DatabaseLooks, 'startOptions' | 'database'>> {
  const pairs = async (statement: string): Promise<Values> => {
    const rows = await sql.rows(statement, QUERY_MS)
    return Object.fromEntries(rows.map((row) => [row.Variable_name ?? '', row.Value ?? '']))
  }
  const { peer, node, database } = config
  // One after the other: they share a connection, and each has its own limit.
  const variables = await attempt(() => pairs('SHOW GLOBAL VARIABLES'))
  const counters = await attempt(() =>
    pairs(
      "SHOW GLOBAL STATUS WHERE Variable_name LIKE 'Rpl_semi_sync%' OR Variable_name LIKE 'wsrep%' OR Variable_name = 'Max_used_connections'",
    ),
  )
  const accounts = await attempt(() => accountsIn(sql, database.replicationUser))
  const privileged = await attempt(async () => {
    const old = /^10\.[0-9]\.|^10\.10\./.test(sql.version)
    const rows = await sql.rows(statements.privilegedAccounts(old, QUERY_MS), QUERY_MS)
    return [...new Set(rows.map(({ grantee }) => grantee ?? ''))]
  })
  const binlogFilter = await attempt(async () => {
    const [row] = await sql.rows('SHOW MASTER STATUS', QUERY_MS)
    const filters = [
      ['binlog_do_db', row?.Binlog_Do_DB],
      ['binlog_ignore_db', row?.Binlog_Ignore_DB],
    ] as const
    return filters.flatMap(([name, value]) => (value ? [`${name} is ${value}`] : [])).join('; ')
  })
  const peerSessions = await attempt(async () => {
    const host = literal(peer?.address ?? '')
    const rows = await sql.rows(
      'SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST ' +
        `WHERE USER = ${literal(database.replicationUser)} AND (HOST = ${host} OR HOST LIKE CONCAT(${host}, ':%'))`,
      QUERY_MS,
    )
    return Number(rows[0]?.n ?? 0)
  })
  const replica = await attempt(() => sql.replica(QUERY_MS))
  const ownWord = await attempt(() => sql.presence(node.name, QUERY_MS))
  // The last one: in a large schema it may take longer than its limit.
  const tables = await attempt(() => tablesIn(sql))
  return { variables, counters, accounts, privileged, binlogFilter, peerSessions, replica, ownWord, tables }
}

/** Not SHOW GRANTS, which tells the hash of the password. */
async function accountsIn(sql: Sql, user: string): Promise<Facts['accounts']> {
  const like = literal(`'${user}'@%`)
  const rows = await sql.rows(
    `SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES WHERE GRANTEE LIKE ${like}`,
    QUERY_MS,
  )
  const more = await sql.rows(
    `SELECT GRANTEE FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE LIKE ${like} ` +
      `UNION ALL SELECT GRANTEE FROM information_schema.TABLE_PRIVILEGES WHERE GRANTEE LIKE ${like}`,
    QUERY_MS,
  )
  const names = [...new Set(rows.map(({ GRANTEE }) => GRANTEE ?? ''))]
  return new Map(
    names.map((name) => [
      name,
      {
        rights: rows.filter(({ GRANTEE }) => GRANTEE === name).map(({ PRIVILEGE_TYPE }) => PRIVILEGE_TYPE ?? ''),
        more: more.filter(({ GRANTEE }) => GRANTEE === name).length,
      },
    ]),
  )
}

async function tablesIn(sql: Sql): Promise<Facts['tables']> {
  const bounded = `SET STATEMENT max_statement_time=${seconds(QUERY_MS)} FOR `
  const own = `TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN ${SYSTEM_SCHEMAS}`
  const name = "CONCAT('`', TABLE_SCHEMA, '`.`', TABLE_NAME, '`') AS name"
  const named = (rows: readonly Readonly<Record<string, string | null>>[]) => rows.map((row) => row.name ?? '')
  const fragile = await sql.rows(
    `${bounded}SELECT ${name} FROM information_schema.TABLES WHERE ${own} AND ENGINE NOT IN ('InnoDB', 'SEQUENCE', 'MEMORY')`,
    QUERY_MS + 500,
  )
  const keyless = await sql.rows(
    `${bounded}SELECT ${name} FROM information_schema.TABLES t WHERE ${own} AND ENGINE = 'InnoDB' AND NOT EXISTS ` +
      '(SELECT 1 FROM information_schema.TABLE_CONSTRAINTS k WHERE k.TABLE_SCHEMA = t.TABLE_SCHEMA ' +
      "AND k.TABLE_NAME = t.TABLE_NAME AND k.CONSTRAINT_TYPE IN ('PRIMARY KEY', 'UNIQUE'))",
    QUERY_MS + 500,
  )
  return { fragile: named(fragile), keyless: named(keyless) }
}
