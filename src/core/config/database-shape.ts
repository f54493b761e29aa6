/** The keys of `[database]`: rows of the schema. Those that have no meaning with an engine are refused in `galera-rules.ts`. */
import { row } from './row.ts'
import * as type from './value-types.ts'

/** wsrep_cluster_name has 32 characters at most; null where it is not given. */
const clusterName: type.ValueType<string | null> = type.text(
  'name',
  'a name of letters, digits, "_", "." or "-", 32 characters at most',
  (value) => /^[A-Za-z0-9_.-]{1,32}$/.test(value),
)

export const DATABASE = {
  engine: row(
    'engine',
    type.oneOf(['mariadb', 'galera', 'none']),
    '"mariadb"',
    '`mariadb`: one writes, the other one replicates. `galera`: a cluster of which every member writes. `none` leaves any ' +
      'database alone.',
    'mariadb',
  ),
  socket: row(
    'socket',
    type.socketPath,
    '"/run/mysqld/mysqld.sock"',
    'Where the local administrator (root by `unix_socket`, no password) connects.',
    '/run/mysqld/mysqld.sock',
  ),
  port: row('port', type.whole(1, 65535), '3306', 'The TCP port of both databases.', 3306),
  replication_user: row(
    'replicationUser',
    type.accountName,
    '"replication"',
    'The account with which a machine reaches the databases of the others.',
    'replication',
  ),
  replication_password_file: row(
    'replicationPasswordFile',
    type.absolutePath,
    '"/etc/apmode/replication.password"',
    'Holds the password of that account: one line, owned by root, mode 0600.',
    '/etc/apmode/replication.password',
  ),
  durability: row(
    'durability',
    type.oneOf(['semi-sync', 'async']),
    '"semi-sync"',
    '`semi-sync`: an acknowledged write is on both machines while both are well. `async`: it may be on one only. Not with ' +
      'engine `galera`.',
    'semi-sync',
  ),
  fence_timeout: row(
    'fenceTimeoutMs',
    type.seconds(0.1, 60),
    '1.0',
    'How long making the database read-only may take before its process is killed.',
    1_000,
  ),
  hang_timeout: row(
    'hangTimeoutMs',
    type.seconds(0.2, 600),
    '2.0',
    'How long the database may be silent, or the disk of the holder not take a write, before the machine is unfit.',
    2_000,
  ),
  drain_timeout: row(
    'drainTimeoutMs',
    type.seconds(0.1, 3600),
    '10.0',
    'How long a promotion waits until everything received is applied. Not with engine `galera`.',
    10_000,
  ),
  drain_policy: row(
    'drainPolicy',
    type.oneOf(['refuse', 'promote']),
    '"refuse"',
    'What follows when that time is over: `refuse` waits and tries again, nobody serves; `promote` serves and records in ' +
      'apmode.lead how many transactions were given up. Not with engine `galera`.',
    'refuse',
  ),
  handover_timeout: row(
    'handoverTimeoutMs',
    type.seconds(0.1, 3600),
    '10.0',
    'How long a planned withdrawal waits until the peer has every write.',
    10_000,
  ),
  cluster_name: row(
    'clusterName',
    clusterName,
    '"shop"',
    'Only with engine `galera`: the name of the cluster (wsrep_cluster_name). By default the codename.',
    null,
  ),
  donor_serves: row(
    'donorServes',
    type.yesNo,
    'false',
    'Only with engine `galera`: a member that brings another one up to date (Donor/Desynced) stays fit.',
    false,
  ),
}
