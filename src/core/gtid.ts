/**
 * GTIDs as MariaDB writes them: `domain-server-sequence`, separated by commas; a position has one for each domain, the state of
 * a binary log one for each domain and server. Pure. How far somebody is says nothing about whether two histories
 * agree: that is G6's question, `divergence.ts`.
 */

export interface Gtid {
  readonly domain: string
  readonly server: string
  readonly sequence: bigint
}

/** The sequence has 64 bits: twenty digits at most. A longer one is none, and BigInt would take its time for it. */
const GTID = /^\s*(\d{1,10})-(\d{1,10})-(\d{1,20})\s*$/

/** In their order; what is not a GTID is left out. */
export function gtidsOf(text: string): Gtid[] {
  return text.split(',').flatMap((part) => {
    const [, domain, server, sequence] = GTID.exec(part) ?? []
    if (domain === undefined || server === undefined || sequence === undefined) return []
    return [{ domain, server, sequence: BigInt(sequence) }]
  })
}

/** Highest sequence number of each domain: `0-1-59,0-2-68` → { 0: 68 }. */
function highest(text: string): ReadonlyMap<string, bigint> {
  const found = new Map<string, bigint>()
  for (const { domain, sequence } of gtidsOf(text)) {
    const known = found.get(domain)
    if (known === undefined || sequence > known) found.set(domain, sequence)
  }
  return found
}

/** Is everything in `wanted` also in `reached`, domain by domain? What is no position is never covered; nothing always is. */
export function covers(reached: string, wanted: string): boolean {
  if (wanted.trim() !== '' && !wanted.split(',').every((part) => GTID.test(part))) return false
  const have = highest(reached)
  return [...highest(wanted)].every(([domain, sequence]) => (have.get(domain) ?? -1n) >= sequence)
}

/** Transactions in `ahead` that `behind` has not reached, summed over the domains; 0 when it has everything. */
export function lagBetween(behind: string, ahead: string): number {
  const reached = highest(behind)
  let lag = 0n
  for (const [domain, sequence] of highest(ahead)) {
    const missing = sequence - (reached.get(domain) ?? 0n)
    if (missing > 0n) lag += missing
  }
  return Number(lag)
}
