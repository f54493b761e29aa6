/**
 * The SQL of each operation on MariaDB, as text: the adapter runs these and `apmode plan` prints them.
 * Invariant: no function here takes a password; where one belongs, the text has the mask `'***'`, and only the adapter
 * puts the real one in its place at the moment of use. Pure: nothing here talks to a server.
 */

import { literal, quoted, seconds } from './sql-text.ts'

export { literal, quoted } from './sql-text.ts'

/** Stands where a password belongs in a text that people read. */
export const PASSWORD_MASK = "'***'"

const LEAD_COLUMNS = 'epoch, node, at, reason, gtid'

export const statements = {
  /** `limitMs`: how long the server itself waits for what blocks the change (LOCK TABLES holders, running commits). */
  fence(limitMs = 1000): string[] {
    return [
      `SET STATEMENT max_statement_time=${seconds(limitMs)} FOR SET GLOBAL read_only=1`,
      statements.fenceState(),
      statements.clients(),
    ]
  },
  /** What a fence is proven by, and whether the event scheduler could still start privileged events. */
  fenceState(): string {
    return (
      'SELECT @@global.read_only AS read_only, @@global.event_scheduler AS event_scheduler, ' +
      '@@global.gtid_binlog_state AS binlog_state, @@global.server_id AS server_id'
    )
  },
  /** Every thread that may be somebody's session: not replication, not the server's own. */
  clients(): string {
    return (
      'SELECT ID AS id, USER AS user, HOST AS host FROM information_schema.PROCESSLIST ' +
      "WHERE USER NOT IN ('system user', 'event_scheduler') " +
      "AND COMMAND NOT IN ('Binlog Dump', 'Slave_IO', 'Slave_SQL', 'Slave_worker', 'Daemon') AND ID <> CONNECTION_ID()"
    )
  },
  /** KILL for each of the threads in one round trip; 1094 (it is gone already) is what was wanted. */
  kill(ids: readonly number[]): string {
    const kills = ids.map((id) => `KILL ${Math.trunc(id)};`).join(' ')
    return `BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1094 BEGIN END; ${kills} END`
  },
  /** Ends what the replica at `address` is fed through: a connection of a machine that has gone is listed for minutes. */
  disconnectReplica(address: string): string {
    const from = literal(`^[[]?${address.replaceAll('.', '[.]')}[]]?(:[0-9]+)?$`)
    return (
      'BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1094 BEGIN END; FOR dump IN ' +
      `(SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump' AND HOST REGEXP ${from}) ` +
      'DO KILL dump.ID; END FOR; END'
    )
  },
  /**
   * Accounts that a read-only server lets write, `'name'@'host'`: by a privilege of their own (SUPER as well before 10.11),
   * or through a role (`'PUBLIC'@''`: everybody). Bit 33 is READ_ONLY ADMIN, bit 15 SUPER (MariaDB, sql/privilege.h).
   */
  privilegedAccounts(withSuper = true, limitMs = 200): string {
    const names = ["'READ_ONLY ADMIN'", "'READ ONLY ADMIN'", ...(withSuper ? ["'SUPER'"] : [])].join(', ')
    const bits = withSuper ? '(1 << 33 | 1 << 15)' : '(1 << 33)'
    return (
      `SET STATEMENT max_statement_time=${seconds(limitMs)} FOR WITH RECURSIVE able (name, host) AS (` +
      "SELECT User, Host FROM mysql.global_priv WHERE Host = '' " +
      `AND CAST(JSON_VALUE(Priv, '$.access') AS UNSIGNED) & ${bits} UNION ` +
      "SELECT given.User, given.Host FROM mysql.roles_mapping given JOIN able ON able.host = '' AND given.Role = able.name) " +
      "SELECT CONCAT('''', name, '''@''', host, '''') AS grantee FROM able WHERE host <> '' OR name = 'PUBLIC' UNION " +
      `SELECT GRANTEE FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE IN (${names})`
    )
  },
  /** How acknowledgements come in; empty where semi-sync is not built in. */
  acknowledgements(): string {
    return (
      'SHOW GLOBAL STATUS WHERE Variable_name IN ' +
      "('Rpl_semi_sync_master_wait_sessions', 'Rpl_semi_sync_master_yes_tx')"
    )
  },
  disableEvents(): string {
    return 'SET GLOBAL event_scheduler=OFF'
  },
  enableEvents(): string {
    return 'SET GLOBAL event_scheduler=ON'
  },
  replication(): string {
    return 'SHOW ALL SLAVES STATUS'
  },
  /** The SQL thread first when it stands: with both threads stopped, START SLAVE would throw the relay log away (MDEV-4698). */
  drain(): string[] {
    return [statements.stopReceiving(), statements.waitFor('<Gtid_IO_Pos>', 1000)]
  },
  stopReceiving(): string {
    return 'STOP SLAVE IO_THREAD'
  },
  startApplying(): string {
    return 'START SLAVE SQL_THREAD'
  },
  /** 0: everything in `position` is applied. -1: not within the limit. NULL: interrupted. */
  waitFor(position: string, limitMs: number): string {
    return `SELECT MASTER_GTID_WAIT(${literal(position)}, ${seconds(limitMs)}) AS outcome`
  },
  stopApplying(): string {
    return 'STOP SLAVE SQL_THREAD'
  },
  stopReplication(): string[] {
    return ['STOP SLAVE']
  },
  forgetPrimary(): string[] {
    return ['RESET SLAVE ALL']
  },
  createLead(): string[] {
    return [
      'CREATE DATABASE IF NOT EXISTS apmode',
      'CREATE TABLE IF NOT EXISTS apmode.lead (epoch BIGINT NOT NULL PRIMARY KEY, node VARCHAR(255) NOT NULL, ' +
        'at DATETIME(3) NOT NULL, reason VARCHAR(1000) NOT NULL, gtid TEXT NOT NULL) ' +
        'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4',
    ]
  },
  /** One statement, one transaction; `createLead` only when the table is missing. */
  recordLead(node: string, reason: string, position = '@@global.gtid_current_pos'): string[] {
    return [
      `INSERT INTO apmode.lead (${LEAD_COLUMNS}) SELECT COALESCE(MAX(epoch), 0) + 1, ${literal(node.slice(0, 255))}, ` +
        `UTC_TIMESTAMP(3), ${literal(reason.slice(0, 1000))}, ${position} FROM apmode.lead ` +
        `RETURNING ${LEAD_COLUMNS}`,
    ]
  },
  lastLead(limitMs = 200): string {
    return (
      `SET STATEMENT max_statement_time=${seconds(limitMs)} FOR ` +
      `SELECT ${LEAD_COLUMNS} FROM apmode.lead ORDER BY epoch DESC LIMIT 1`
    )
  },
  /**
   * The primary's part of semi-synchronous replication. A server that turns read-only keeps it: a commit that waits for its
   * acknowledgement must not be let go as if it had one.
   */
  commitWithPeer(on: boolean): string[] {
    return [`SET GLOBAL rpl_semi_sync_master_enabled=${on ? 1 : 0}`]
  },
  allowWrites(): string[] {
    return ['SET GLOBAL read_only=0', 'SELECT @@global.read_only AS read_only']
  },
  /** A replica that waits for acknowledgements of what it applies would hang itself. */
  endPrimaryRole(): string {
    return 'SET GLOBAL rpl_semi_sync_master_enabled=0'
  },
  /**
   * `demote`: this machine has written to its binlog on its own (it was a primary), so its own position becomes the
   * one to continue from: MASTER_DEMOTE_TO_SLAVE from MariaDB 10.10, gtid_slave_pos by hand before.
   */
  follow(host: string, port: number, user: string, demote: 'no' | 'clause' | 'by hand' = 'no'): string[] {
    const byHand = demote === 'by hand' ? ['SET GLOBAL gtid_slave_pos=@@global.gtid_current_pos'] : []
    const clause = demote === 'clause' ? ', MASTER_DEMOTE_TO_SLAVE=1' : ''
    return [
      statements.endPrimaryRole(),
      ...byHand,
      `CHANGE MASTER TO MASTER_HOST=${quoted(host)}, MASTER_PORT=${Math.trunc(port)}, MASTER_USER=${quoted(user)}, ` +
        `MASTER_PASSWORD=${PASSWORD_MASK}, MASTER_USE_GTID=slave_pos${clause}, MASTER_CONNECT_RETRY=1, ` +
        'MASTER_HEARTBEAT_PERIOD=0.5',
      statements.startReplication(),
    ]
  },
  startReplication(): string {
    return 'START SLAVE'
  },
  binaryLogs(): string {
    return 'SHOW BINARY LOGS'
  },
  /** The GTID position at which the binary log begins; `name` is a SQL literal. */
  binaryLogStart(name: string): string {
    return `SELECT BINLOG_GTID_POS(${name}, 4) AS position`
  },
} as const
