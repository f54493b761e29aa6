/**
 * GTID positions as MariaDB writes them: `domain-server-sequence`, one for each domain, separated by commas. Pure.
 * Comparing positions tells how far somebody is, not whether two histories agree: that is G6's question, not ours.
 */

export interface Gtid {
  readonly domain: string
  readonly server: string
  readonly sequence: bigint
}

/** The sequence has 64 bits: twenty digits at most. A longer one is none, and BigInt would take its time for it. */
const GTID = /^\s*(\d{1,10})-(\d{1,10})-(\d{1,20})\s*$/

/** One entry for each domain; what is not a GTID is left out. */
export function parsePosition(position: string): ReadonlyMap<string, Gtid> {
  const found = new Map<string, Gtid>()
  for (const part of position.split(',')) {
    const [, domain, server, sequence] = GTID.exec(part) ?? []
    if (domain === undefined || server === undefined || sequence === undefined) continue
    found.set(domain, { domain, server, sequence: BigInt(sequence) })
  }
  return found
}

/** Is everything in `wanted` also in `reached`, domain by domain? What is no position is never covered; nothing always is. */
export function covers(reached: string, wanted: string): boolean {
  if (wanted.trim() !== '' && !wanted.split(',').every((part) => GTID.test(part))) return false
  const have = parsePosition(reached)
  return [...parsePosition(wanted)].every(([domain, gtid]) => (have.get(domain)?.sequence ?? -1n) >= gtid.sequence)
}
