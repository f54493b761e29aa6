/**
 * The SQL that moves the database's events with the lead, as text. Pure.
 * Invariant: what an event is (definer, character sets, sql_mode, time zone, body) is the same afterwards; its status changes.
 */
import { identifier, literal, quoted, seconds } from './sql-text.ts'

/** ENABLED: it runs here. SLAVESIDE_DISABLED: it runs where it came from. DISABLED: its owner does not want it to run. */
export type EventStatus = 'ENABLED' | 'SLAVESIDE_DISABLED' | 'DISABLED'

const EVENT_CLAUSE = { ENABLED: 'ENABLE', SLAVESIDE_DISABLED: 'DISABLE ON SLAVE', DISABLED: 'DISABLE' } as const

export interface EventIdentity {
  readonly schema: string
  readonly name: string
  /** `user@host`, as MariaDB keeps it: neither part quoted. */
  readonly definer: string
  readonly charset: string
  readonly collation: string
  /** LAST_ALTERED, in seconds since 1970. */
  readonly altered: number
}

export const eventStatements = {
  /** Events with this status, and what `moveEvent` must keep. */
  events(status: EventStatus, limitMs = 1000): string {
    return (
      `SET STATEMENT max_statement_time=${seconds(limitMs)} FOR SELECT EVENT_SCHEMA AS \`schema\`, EVENT_NAME AS name, ` +
      'DEFINER AS definer, CHARACTER_SET_CLIENT AS charset, COLLATION_CONNECTION AS collation, ' +
      'UNIX_TIMESTAMP(LAST_ALTERED) AS altered ' +
      `FROM information_schema.EVENTS WHERE STATUS='${status}' ORDER BY 1, 2`
    )
  },
  /** What owners have disabled: on a replica MariaDB marks it SLAVESIDE_DISABLED like everything else. */
  disabledEvents(limitMs = 1000): string {
    return (
      `SET STATEMENT max_statement_time=${seconds(limitMs)} FOR ` +
      'SELECT `schema`, name, altered FROM apmode.disabled_event ORDER BY 1, 2'
    )
  },
  createDisabledEvents(): string[] {
    return [
      'CREATE DATABASE IF NOT EXISTS apmode',
      'CREATE TABLE IF NOT EXISTS apmode.disabled_event (`schema` VARCHAR(64) NOT NULL, name VARCHAR(64) NOT NULL, ' +
        'altered BIGINT NOT NULL, PRIMARY KEY (`schema`, name)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin',
    ]
  },
  noteDisabledEvents(events: readonly { schema: string; name: string; altered: number }[]): string[] {
    const rows = events.map(
      ({ schema, name, altered }) => `(${literal(schema)}, ${literal(name)}, ${Math.trunc(altered)})`,
    )
    const insert = rows.length > 0 ? [`INSERT INTO apmode.disabled_event VALUES ${rows.join(', ')}`] : []
    return ['START TRANSACTION', 'DELETE FROM apmode.disabled_event', ...insert, 'COMMIT']
  },
  /** Before `moveEvent`: what one machine runs is not the other's, so it is not replicated. */
  eventsStayHere(): string {
    return 'SET SESSION sql_log_bin=0'
  },
  /**
   * ALTER EVENT takes the definer and the character sets of whoever gives it, so it is given with the event's own. In one
   * block, which is read before the character set changes: names may have characters that the event's set does not have.
   * Where it is not to run, its time of change stays what it was (an enabled one is scheduled from that time on).
   */
  moveEvent(event: EventIdentity, status: EventStatus): string[] {
    const at = event.definer.lastIndexOf('@')
    const host = event.definer.slice(at + 1)
    const user = identifier(at < 0 ? event.definer : event.definer.slice(0, at))
    const definer = at < 0 || host === '' ? user : `${user}@${identifier(host)}`
    return [
      `SET SESSION timestamp=${status === 'ENABLED' ? 'DEFAULT' : Math.trunc(event.altered)}`,
      `BEGIN NOT ATOMIC SET SESSION character_set_client=${quoted(event.charset)}, ` +
        `collation_connection=${quoted(event.collation)}; ALTER DEFINER=${definer} ` +
        `EVENT ${identifier(event.schema)}.${identifier(event.name)} ${EVENT_CLAUSE[status]}; END`,
    ]
  },
} as const
