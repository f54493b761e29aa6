/**
 * What SHOW ALL SLAVES STATUS says, read by column name. Pure, except `readReplica`, which asks.
 * Invariant: what a server does not say is unknown (null, empty), never "fine".
 */
import { statements } from '../../core/statements.ts'
import type { ReplicationStatus } from '../../ports/database.ts'
import type { Link, Row } from './link.ts'

export interface Replica {
  readonly status: ReplicationStatus
  readonly host: string
  readonly port: number
  readonly user: string
  /** Using_Gtid is Slave_Pos or Current_Pos. */
  readonly usesGtid: boolean
  readonly ioErrno: number
  /** The connection's name; '' is the default one, which is ours. */
  readonly name: string
  /** All received and all applied, by the primary's file and offset; for replication without GTID. */
  readonly offsetsAgree: boolean
}

/** All replication connections of the server; ours (the default one, without a name) first. */
export async function readReplicas(link: Link, limitMs: number): Promise<readonly Replica[]> {
  return replicasOf(await link.rows(statements.replication(), limitMs))
}

/** Ours, or the first of another name; null: the server is not a replica. */
export async function readReplica(link: Link, limitMs: number): Promise<Replica | null> {
  return (await readReplicas(link, limitMs))[0] ?? null
}

export function replicasOf(rows: readonly Row[]): readonly Replica[] {
  return rows
    .filter((row) => (row.Master_Host ?? '') !== '')
    .map(replicaOf)
    .sort((one, other) => one.name.localeCompare(other.name))
}

function replicaOf(row: Row): Replica {
  const text = (column: string) => row[column] ?? ''
  const number = (column: string) => Number(row[column] ?? 0) || 0
  const host = text('Master_Host')
  const port = number('Master_Port')
  const lag = row.Seconds_Behind_Master
  const sqlErrno = number('Last_SQL_Errno')
  return {
    host,
    port,
    user: text('Master_User'),
    usesGtid: /_pos$/i.test(text('Using_Gtid')),
    ioErrno: number('Last_IO_Errno'),
    name: text('Connection_name'),
    offsetsAgree:
      text('Master_Log_File') === text('Relay_Master_Log_File') &&
      text('Read_Master_Log_Pos') === text('Exec_Master_Log_Pos'),
    status: {
      source: `${host}:${port}`,
      io: ioOf(text('Slave_IO_Running')),
      sql: text('Slave_SQL_Running') === 'Yes',
      lagSeconds: lag === null || lag === undefined || lag === '' ? null : Number(lag),
      gtid: text('Gtid_Slave_Pos'),
      received: text('Gtid_IO_Pos'),
      errno: sqlErrno || number('Last_IO_Errno'),
      error: sqlErrno ? text('Last_SQL_Error') : text('Last_IO_Error'),
    },
  }
}

function ioOf(word: string): ReplicationStatus['io'] {
  return word === 'Yes' || word === 'Connecting' || word === 'Preparing' ? word : 'No'
}

export function anyThreadRuns(replicas: readonly Replica[]): Replica | undefined {
  return replicas.find((replica) => replica.status.io !== 'No' || replica.status.sql)
}
