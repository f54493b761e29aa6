/**
 * Keepalived, MariaDB and the API without apmode: enough for VRRP to elect and for both databases to answer.
 * It is the lab's own smoke test's pair, and an example of a `provision` hook. There is no replication in it.
 */
import { installApi } from '../api/install.ts'
import { VIP } from './network.ts'
import type { LabNode } from './node.ts'

export async function provisionPlainPair(node: LabNode): Promise<void> {
  await node.writeFile('/etc/mysql/mariadb.conf.d/99-lab.cnf', mariadbConfiguration(node))
  await node.writeFile('/etc/keepalived/keepalived.conf', keepalivedConfiguration(node))
  await installApi(node)
}

function mariadbConfiguration(node: LabNode): string {
  return `[mariadbd]
bind_address = *
server_id = ${serverId(node)}
log_bin = ${node.name}-bin
read_only = ${node.name === 'host1' ? 0 : 1}
gtid_strict_mode = 1
`
}

function keepalivedConfiguration(node: LabNode): string {
  const peer = node.address.endsWith('.101') ? node.address.replace(/101$/, '102') : node.address.replace(/102$/, '101')
  return `global_defs {
  router_id ${node.name}
  vrrp_version 3
  vrrp_garp_master_delay 1
}
vrrp_instance VI_1 {
  state BACKUP
  nopreempt
  interface ${node.interface}
  virtual_router_id 50
  priority ${node.name === 'host1' ? 251 : 250}
  advert_int 0.1
  unicast_src_ip ${node.address}
  unicast_peer {
    ${peer}
  }
  virtual_ipaddress {
    ${VIP}/24 dev ${node.interface}
  }
}
`
}

function serverId(node: LabNode): number {
  return Number(node.address.split('.').at(-1))
}
