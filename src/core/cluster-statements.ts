/** The SQL of a Galera member, as text: the adapter runs these and `apmode plan` prints them. Pure. */
import { presenceStatements } from './presence-statements.ts'
import { seconds } from './sql-text.ts'

export const clusterStatements = {
  /**
   * Outside a primary component a table can be read only so (otherwise error 1047). What it reads there may be old: it is for
   * sessions that look, and for the fence.
   */
  readAnywhere(): string {
    return 'SET SESSION wsrep_dirty_reads=1'
  },
  self(): string {
    return (
      'SELECT @@global.read_only AS read_only, @@global.server_id AS server_id, @@global.wsrep_on AS wsrep_on, ' +
      '@@global.wsrep_desync AS desync'
    )
  },
  /** As `lastLead`, with more rows; two rows with the same mark are the same. */
  leads(limitMs: number): string {
    return (
      `SET STATEMENT max_statement_time=${seconds(limitMs)} FOR SELECT epoch, node, at, reason, gtid, ` +
      "SHA1(CONCAT_WS('|', epoch, node, at, gtid)) AS mark FROM apmode.lead ORDER BY epoch DESC LIMIT 20"
    )
  },
  /** LIKE and not WHERE: the server then does not work out what it has of others. */
  status(): string {
    return "SHOW GLOBAL STATUS LIKE 'wsrep%'"
  },
  /** `sql_log_bin=0` alone does not keep a write on this member. */
  apart(limitMs: number): string {
    return `${presenceStatements.apart(limitMs)}, wsrep_on=0`
  },
  /** A SQL expression: where the cluster's history stands here. GTIDs say nothing between members. */
  position(): string {
    const value = (name: string) =>
      `(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = '${name}')`
    return `CONCAT(${value('WSREP_CLUSTER_STATE_UUID')}, ':', ${value('WSREP_LAST_COMMITTED')})`
  },
  desync(on: boolean): string {
    return `SET GLOBAL wsrep_desync=${on ? 'ON' : 'OFF'}`
  },
  /** The members that this one sees become the primary component. */
  formComponent(): string {
    return "SET GLOBAL wsrep_provider_options='pc.bootstrap=1'"
  },
} as const
