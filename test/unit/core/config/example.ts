/** The configuration of the contract, which alone makes a working pair, and what the tests need around it. */

import { type Facts, parseConfig } from '../../../../src/core/config/parse.ts'
import type { Config, ConfigProblem } from '../../../../src/core/config.ts'

export const EXAMPLE = `codename = "ap"
mode_file = "/opt/ap-mode"

[[node]]
name = "host1"
address = "192.168.33.101"
interface = "enp0s8"
role = "active"

[[node]]
name = "host2"
address = "192.168.33.102"
interface = "enp0s8"
role = "standby"

[vrrp]
vip = "192.168.33.100/24"
virtual_router_id = 50
advert_interval = 0.1          # seconds
# witness = ["192.168.33.1"]   # optional

[[unit]]                       # started in this order, stopped in reverse
name = "mariadb.service"
kind = "database"              # database | api | router | other
[[unit]]
name = "nginx.service"
kind = "api"
runs = "everywhere"            # everywhere | holder
[[unit]]
name = "keepalived.service"
kind = "router"

[database]
engine = "mariadb"
socket = "/run/mysqld/mysqld.sock"    # the local administrator: root by unix_socket, no password
replication_user = "replication"
replication_password_file = "/etc/apmode/replication.password"
durability = "semi-sync"

[health]
listen = "127.0.0.1:8008"
`

/** Three machines without a database: host1, host2 and host3; the second one is active at first. */
export const THREE = changed(
  EXAMPLE,
  ['"active"', '"standby"'],
  [
    'enp0s8"\nrole = "standby"\n\n[vrrp]',
    'enp0s8"\nrole = "active"\n\n[[node]]\nname = "host3"\naddress = "192.168.33.103"\ninterface = "enp0s8"\nrole = "standby"\n\n[vrrp]',
  ],
  ['engine = "mariadb"', 'engine = "none"'],
)

/** Three members of a Galera cluster: host1, host2 and host3. */
export const GALERA = changed(
  THREE,
  ['engine = "none"', 'engine = "galera"'],
  ['durability = "semi-sync"\n', ''],
  ['\n[health]\nlisten = "127.0.0.1:8008"\n', ''],
)

/** The smallest file that is complete. */
export const SMALLEST = `[[node]]
name = "host1"
address = "192.168.33.101"
interface = "enp0s8"
role = "active"
[[node]]
name = "host2"
address = "192.168.33.102"
interface = "enp0s8"
role = "standby"
[vrrp]
vip = "192.168.33.100/24"
[[unit]]
name = "mariadb.service"
kind = "database"
[[unit]]
name = "keepalived.service"
kind = "router"
`

export const HOST1 = { hostname: 'host1', nodeFile: null }

/** `text` with each pair's first string replaced by its second; a string that is not there is a mistake of the test. */
export function changed(text: string, ...changes: readonly (readonly [string, string])[]): string {
  let result = text
  for (const [from, to] of changes) {
    if (!result.includes(from)) throw new Error(`the example has no ${from}`)
    result = result.replace(from, to)
  }
  return result
}

export function configOf(text: string, self = HOST1): Config {
  const result = parseConfig(text, self)
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2))
  return result.config
}

export function problemsOf(
  text: string,
  self: { hostname: string; nodeFile: string | null } = HOST1,
  facts?: Facts,
): readonly ConfigProblem[] {
  const result = parseConfig(text, self, facts)
  return result.ok ? [] : result.problems
}

/** One line for each problem: `12 vrrp.vip: found …`. */
export function linesOf(problems: readonly ConfigProblem[]): string[] {
  return problems.map(({ line, key, message }) => `${line} ${key}: ${message}`)
}
