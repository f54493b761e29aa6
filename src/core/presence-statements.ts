/**
 * The SQL by which a machine says how it is, and looks whether its lead could be handed over. Pure text, as in `statements.ts`.
 */
import type { Presence } from '../ports/database.ts'
import { identifier, literal, seconds } from './sql-text.ts'

const COLUMNS = 'node, version, mode, role, vrrp, fit, reasons, configuration, free_mb, at'
const LONGEST_REASONS = 500

/** Statements that would wait in front of a fence. */
const WRITES = 'insert|update|delete|replace|load|alter|create|drop|truncate|rename|optimize|call|analyze'

/** Locks of whole tables that outlast a statement: LOCK TABLES … READ, … WRITE, FLUSH TABLES WITH READ LOCK. */
const WHOLE_TABLE =
  "'MDL_SHARED_READ_ONLY', 'MDL_SHARED_NO_WRITE', 'MDL_SHARED_NO_READ_WRITE', 'MDL_BACKUP_FTWRL1', 'MDL_BACKUP_FTWRL2'"

const number = (value: number | null) => (value === null ? 'NULL' : String(Math.trunc(value)))

export const presenceStatements = {
  /** What follows is no transaction of the pair: no binary log, no GTID. And it waits for nobody for long. */
  apart(limitMs: number): string {
    return `SET SESSION sql_log_bin=0, lock_wait_timeout=1, innodb_lock_wait_timeout=1, max_statement_time=${seconds(limitMs)}`
  },
  create(): string[] {
    return [
      'CREATE DATABASE IF NOT EXISTS apmode',
      'CREATE TABLE IF NOT EXISTS apmode.node (node VARCHAR(255) NOT NULL PRIMARY KEY, version VARCHAR(64) NOT NULL, ' +
        'mode VARCHAR(16) NOT NULL, role VARCHAR(16) NOT NULL, vrrp VARCHAR(16) NOT NULL, fit TINYINT NULL, ' +
        `reasons VARCHAR(${LONGEST_REASONS}) NOT NULL, configuration VARCHAR(64) NOT NULL, free_mb BIGINT NULL, ` +
        'at DATETIME(3) NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4',
    ]
  },
  announce(presence: Omit<Presence, 'at'>): string {
    const { node, version, mode, role, vrrp, fit, reasons, configuration, freeMb } = presence
    const texts = [node, version, mode, role, vrrp].map(literal).join(', ')
    const more = [literal(reasons.slice(0, LONGEST_REASONS)), literal(configuration)].join(', ')
    return (
      `REPLACE INTO apmode.node (${COLUMNS}) VALUES (${texts}, ${number(fit === null ? null : Number(fit))}, ${more}, ` +
      `${number(freeMb)}, UTC_TIMESTAMP(3))`
    )
  },
  presenceOf(node: string, limitMs: number): string {
    return (
      `SET STATEMENT max_statement_time=${seconds(limitMs)} FOR ` +
      `SELECT ${COLUMNS} FROM apmode.node WHERE node = ${literal(node)}`
    )
  },
  /** The youngest of the peer's sessions that is no replication. */
  heardFrom(user: string, host: string): string {
    return (
      'SELECT MIN(TIME_MS) AS ms FROM information_schema.PROCESSLIST ' +
      `WHERE USER = ${literal(user)} AND (HOST = ${literal(host)} OR HOST LIKE CONCAT(${literal(host)}, ':%')) ` +
      "AND COMMAND NOT IN ('Binlog Dump', 'Connect')"
    )
  },
  /** Open transactions that wrote, and writing statements that run; their text stays in the server. */
  busy(longerThanMs: number): string[] {
    // InnoDB tells when a transaction began in the zone of the system, whatever the session's is, and in whole seconds:
    // it is at least as old as this. The table is a copy that InnoDB makes anew only when nobody has read it for 0.1 s.
    const age =
      "TIMESTAMPDIFF(MICROSECOND, CONVERT_TZ(t.trx_started, 'SYSTEM', '+00:00'), UTC_TIMESTAMP(6)) / 1000 - 1000"
    return [
      `SELECT p.ID AS id, p.USER AS user, p.HOST AS host, ROUND(${age}) AS ms, p.COMMAND AS command ` +
        'FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id ' +
        `WHERE t.trx_rows_modified > 0 AND ${age} > ${Math.trunc(longerThanMs)} AND p.USER <> 'system user'`,
      "SELECT ID AS id, USER AS user, HOST AS host, ROUND(TIME_MS) AS ms, 'Query' AS command " +
        "FROM information_schema.PROCESSLIST WHERE COMMAND = 'Query' AND USER NOT IN ('system user', 'event_scheduler') " +
        `AND TIME_MS > ${Math.trunc(longerThanMs)} AND ID <> CONNECTION_ID() AND INFO REGEXP '^[[:space:](]*(${WRITES})\\\\b'`,
    ]
  },
  /** Who holds a whole table: exactly, where the plugin metadata_lock_info is loaded. */
  lockHolders(longerThanMs: number): string {
    return (
      'SELECT p.ID AS id, p.USER AS user, p.HOST AS host, ROUND(p.TIME_MS) AS ms, ' +
      "GROUP_CONCAT(DISTINCT NULLIF(CONCAT_WS('.', NULLIF(l.TABLE_SCHEMA, ''), NULLIF(l.TABLE_NAME, '')), '') SEPARATOR ', ') AS held " +
      'FROM information_schema.METADATA_LOCK_INFO l JOIN information_schema.PROCESSLIST p ON p.ID = l.THREAD_ID ' +
      `WHERE l.LOCK_MODE IN (${WHOLE_TABLE}) AND (p.COMMAND = 'Sleep' OR p.TIME_MS > ${Math.trunc(longerThanMs)}) ` +
      'GROUP BY p.ID, p.USER, p.HOST, p.TIME_MS'
    )
  },
  /** Without the plugin: tables that a statement, or LOCK TABLES, has in use. */
  inUse(): string {
    return 'SHOW OPEN TABLES WHERE In_use > 0'
  },
  /**
   * Asks for what a write needs, and writes nothing: fails at once (1205) while somebody holds the table, or every table,
   * locked. Row locks, long reads and open transactions do not stand in its way.
   */
  tryLock(schema: string, table: string): string {
    return (
      'SET STATEMENT lock_wait_timeout=0, innodb_lock_wait_timeout=0 FOR ' +
      `SELECT 1 FROM ${identifier(schema)}.${identifier(table)} WHERE FALSE FOR UPDATE`
    )
  },
} as const
