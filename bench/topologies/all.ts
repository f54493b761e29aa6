/** The topologies that the bench knows beside the MariaDB pair, in the order in which they are shown. */
import { GALERA } from './galera.ts'
import { HAPROXY } from './haproxy.ts'
import { HOLDER } from './holder.ts'
import type { Topology } from './topology.ts'
import { TRIO } from './trio.ts'

export const TOPOLOGIES: readonly Topology[] = [HAPROXY, HOLDER, TRIO, GALERA]
