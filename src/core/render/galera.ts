/**
 * The part of MariaDB's settings that makes a server a member of a Galera cluster (galera-4). A member starts harmless as
 * every server does: read-only until the supervisor allows writes; what the others commit it applies all the same.
 * Invariant: the address list is never empty: `gcomm://` alone would begin a cluster of its own at every start.
 */
import { parseAddress } from '../config/address.ts'
import type { Config, NodeConfig } from '../config.ts'

/** Where Debian's package galera-4 has it. */
export const PROVIDER = '/usr/lib/galera/libgalera_smm.so'

/**
 * How soon a member that has died or fallen silent is given up: the commits of the others wait that long. Galera's own values make
 * it six seconds; these half a second. The provider refuses a keepalive_period of a third of suspect_timeout or more (and
 * of less than 0.1 s), an inactive_check_period of its half, and an install_timeout above inactive_timeout; with
 * join_retrans_period at its default of a second, two members that join at the same time would never agree.
 */
const TIMING = {
  'evs.keepalive_period': 'PT0.1S',
  'evs.inactive_check_period': 'PT0.05S',
  'evs.suspect_timeout': 'PT0.4S',
  'evs.inactive_timeout': 'PT0.8S',
  'evs.install_timeout': 'PT0.4S',
  'evs.join_retrans_period': 'PT0.1S',
} as const

export function galeraOptions(more: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...TIMING, ...more })
    .map(([name, value]) => `${name}=${value}`)
    .join(';')
}

const isSix = (address: string) => parseAddress(address)?.family === 6
const inBrackets = (address: string) => (isSix(address) ? `[${address}]` : address)

export function membership(config: Config, node: NodeConfig): string {
  const listen: Readonly<Record<string, string>> = isSix(node.address)
    ? { 'gmcast.listen_addr': 'tcp://[::]:4567' }
    : {}
  return `# The cluster. Its members talk on TCP ports 4567 (the group), 4568 and 4444 (state transfers).
wsrep_on = ON
# Elsewhere than on Debian: /usr/lib64/galera/libgalera_smm.so, or as the package of galera-4 says.
wsrep_provider = ${PROVIDER}
wsrep_cluster_name = ${config.database.clusterName}
wsrep_cluster_address = gcomm://${config.nodes.map(({ address }) => inBrackets(address)).join(',')}
wsrep_node_name = ${node.name}
wsrep_node_address = ${inBrackets(node.address)}
# Needs no account and no password, and nothing that Debian's server does not bring. The member that gives its data takes
# no writes meanwhile; mariabackup (package mariadb-backup) would let it.
wsrep_sst_method = rsync
# A member that dies or falls silent holds up the commits of the others for half a second; by default for six.
wsrep_provider_options = "${galeraOptions(listen)}"

# What Galera needs of a server.
binlog_format = ROW
default_storage_engine = InnoDB
innodb_autoinc_lock_mode = 2`
}

/** Of a server that starts. */
export const HARMLESS_MEMBER = `# A server that starts refuses writes until the supervisor says otherwise, and applies what the others commit. Should it have been
# killed and restarted by systemd, it comes back like this too.
read_only = 1
# A member can be a replica of a server outside the cluster; it is not started with the server.
skip_slave_start = 1
# Who holds whole tables locked (LOCK TABLES): whoever wants the member out of the cluster asks before that.
plugin_load_add = metadata_lock_info`

export const DURABLE_MEMBER = `# A commit is on the disk before it is acknowledged: after a power cut of all members each knows exactly how far it was, and
# the one with the newest state can be found.
innodb_flush_log_at_trx_commit = 1`
