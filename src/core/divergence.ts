/**
 * Which transactions has this machine that the other does not have (G6)? Positions say how far somebody is; only the state
 * of the binary log, a sequence number for each domain and server, says whether two histories agree. Pure arithmetic on
 * MariaDB's `gtid_binlog_state`. Invariant: an empty answer means that everything here is also there.
 */
import { gtidsOf } from './gtid.ts'

/** The transactions `domain-server-(after+1)` to `domain-server-last`. */
export interface GtidRange {
  readonly domain: string
  readonly server: string
  /** The last sequence number that both have. */
  readonly after: bigint
  readonly last: bigint
}

/** `0-1-104…105`, as a person writes it; one transaction without the dots. */
export function rangeText({ domain, server, after, last }: GtidRange): string {
  const first = `${domain}-${server}-${after + 1n}`
  return after + 1n === last ? first : `${first}…${last}`
}

/** domain → server → sequence number. */
type Sequences = ReadonlyMap<string, ReadonlyMap<string, bigint>>

function sequencesOf(text: string): Sequences {
  const found = new Map<string, Map<string, bigint>>()
  for (const { domain, server, sequence } of gtidsOf(text)) {
    const servers = found.get(domain) ?? new Map<string, bigint>()
    const known = servers.get(server) ?? -1n
    servers.set(server, sequence > known ? sequence : known)
    found.set(domain, servers)
  }
  return found
}

/**
 * `own`: gtid_binlog_state here. `theirs`: gtid_binlog_state there, with gtid_slave_pos added (a machine that was cloned has
 * transactions that its own binary log never saw).
 */
export function divergence(own: string, theirs: string): GtidRange[] {
  const there = sequencesOf(theirs)
  const ranges: GtidRange[] = []
  for (const [domain, servers] of sequencesOf(own)) {
    const known = there.get(domain)
    // In strict mode a domain is in order: whoever has one of our transactions has all before it too.
    let common = 0n
    for (const [server, last] of servers) {
      if ((known?.get(server) ?? -1n) >= last && last > common) common = last
    }
    for (const [server, last] of servers) {
      const theirLast = known?.get(server) ?? 0n
      if (last <= common || last <= theirLast) continue
      ranges.push({ domain, server, after: theirLast > common ? theirLast : common, last })
    }
  }
  return ranges
}
