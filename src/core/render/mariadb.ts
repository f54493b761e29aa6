/**
 * MariaDB's settings for one machine (10.11 and later). They make a server that starts harmless: read-only, not
 * replicating, nothing scheduled. Its roles (writable, semi-sync on the primary) are given and taken by the supervisor
 * while it runs and are never in this file, so that no restart of the server can make it writable.
 */
import { parseAddress } from '../config/address.ts'
import type { Config, NodeConfig } from '../config.ts'
import { DURABLE_MEMBER, HARMLESS_MEMBER, membership } from './galera.ts'

/** Distinct on the two machines and the same for ever: the place in the configuration. */
function serverIdOf(config: Config, node: NodeConfig): number {
  return config.nodes.findIndex((candidate) => candidate.name === node.name) + 1
}

function identity(config: Config, node: NodeConfig): string {
  const any = parseAddress(node.address)?.family === 6 ? '::' : '0.0.0.0'
  return `# Who this server is. server_id is the place in apmode.toml: never give a machine the number of another.
server_id = ${serverIdOf(config, node)}
report_host = ${node.address}
socket = ${config.database.socket}
port = ${config.database.port}
# All addresses: the peer comes to ${node.address}, clients may come to the VIP, and a server that is bound to one address does not
# start while that address is missing. Who may come in is for the accounts and the firewall to say.
bind_address = ${any}
# Accounts go by address: a name server that does not answer cannot hold up a log-in.
skip_name_resolve = 1`
}

const HARMLESS = `# A server that starts refuses writes and follows nobody until the supervisor says otherwise. Should it have been killed and
# restarted by systemd, it comes back like this too.
read_only = 1
skip_slave_start = 1
# Events run again on the machine that becomes writable, when the supervisor says so.
event_scheduler = OFF
# Who holds whole tables locked (LOCK TABLES): a handover asks before it begins.
plugin_load_add = metadata_lock_info`

const LOGS = `# Each machine can become the primary of the other: both keep a binary log, of what they replicate too, by GTID.
# The names do not depend on the host name, so that a renamed host does not lose its logs.
log_bin = mariadb-bin
relay_log = mariadb-relay-bin
log_slave_updates = 1
binlog_format = ROW
# Transactions out of order are an error, not a silent divergence.
gtid_strict_mode = 1
# Days. A machine that was away for longer than this must be cloned again; without a limit the logs fill the disk.
expire_logs_days = 10

# A commit survives a power cut: the binary log and InnoDB's log are on the disk before it is acknowledged.
sync_binlog = 1
innodb_flush_log_at_trx_commit = 1

# Seconds without a word from the primary before the replica connects again (the default is 60).
slave_net_timeout = 4`

const SEMI_SYNC = `# Semi-synchronous replication: a commit is acknowledged to the client when the peer has it too.
# AFTER_SYNC: nobody sees a transaction that the peer does not have (the default, AFTER_COMMIT, shows it first).
rpl_semi_sync_master_wait_point = AFTER_SYNC
# The replica's part is always on; the primary's part is switched on by the supervisor with the role: a former primary that
# started with it would wait for its own replica.
rpl_semi_sync_slave_enabled = 1
rpl_semi_sync_master_enabled = 0
# A commit waits for the peer until the supervisor decides that the peer is gone: only it knows that the peer cannot have
# taken over. MariaDB's own limit (10 seconds by default) would acknowledge alone on a machine that is frozen or cut off. A day:
rpl_semi_sync_master_timeout = 86400000
# … also in the moment in which no replica is connected.
rpl_semi_sync_master_wait_no_slave = ON
# Seconds that the end of a semi-sync replica's IO thread waits for a primary that is silent (the default is 5).
rpl_semi_sync_slave_kill_conn_timeout = 1
# The peer acknowledges what is on its disk, not what is in its memory.
sync_relay_log = 1`

const ASYNC = `# Asynchronous: a commit is acknowledged before the peer has it. A failover may lose what was acknowledged last.
rpl_semi_sync_master_enabled = 0
rpl_semi_sync_slave_enabled = 0`

/** The whole file for `node`, which is one of the configuration's. */
export function renderMariadb(config: Config, node: NodeConfig): string {
  if (config.database.engine === 'none') return '# database.engine is "none": there is nothing to configure.\n'
  const head = `# MariaDB's settings on ${node.name}, made by: apmode render mariadb --node ${node.name}
# Belongs in /etc/mysql/mariadb.conf.d/90-apmode.cnf, root:root, mode 0644: read after Debian's 50-server.cnf, so that it
# wins. It takes effect when the server is restarted.
[mariadbd]`
  if (config.database.engine === 'galera') {
    return `${[head, identity(config, node), HARMLESS_MEMBER, membership(config, node), DURABLE_MEMBER].join('\n\n')}\n`
  }
  const durability = config.database.durability === 'semi-sync' ? SEMI_SYNC : ASYNC
  return `${[head, identity(config, node), HARMLESS, LOGS, durability].join('\n\n')}\n`
}
