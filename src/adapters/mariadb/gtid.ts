/**
 * GTID positions as MariaDB writes them: `domain-server-sequence`, one for each domain, separated by commas. Pure.
 * Comparing positions tells how far somebody is, not whether two histories agree: that is G6's question, not ours.
 */

export interface Gtid {
  readonly domain: string
  readonly server: string
  readonly sequence: bigint
}

/** One entry for each domain; what is not a GTID is left out. */
export function parsePosition(position: string): ReadonlyMap<string, Gtid> {
  const found = new Map<string, Gtid>()
  for (const part of position.split(',')) {
    const [domain, server, sequence, ...rest] = part.trim().split('-')
    if (domain === undefined || server === undefined || rest.length > 0 || !/^\d+$/.test(sequence ?? '')) continue
    found.set(domain, { domain, server, sequence: BigInt(sequence ?? '0') })
  }
  return found
}

/** Is everything in `wanted` also in `reached`, domain by domain? */
export function covers(reached: string, wanted: string): boolean {
  const have = parsePosition(reached)
  return [...parsePosition(wanted)].every(([domain, gtid]) => (have.get(domain)?.sequence ?? -1n) >= gtid.sequence)
}
