/** How far one GTID position is behind another, by their sequence numbers alone. Pure arithmetic on MariaDB's text. */

/** Highest sequence number of each domain: `0-1-59,0-2-68` → { 0: 68 }. */
function sequences(position: string): Map<string, number> {
  const highest = new Map<string, number>()
  for (const part of position.split(',')) {
    const [, domain = '', sequence = ''] = /^\s*(\d+)-\d+-(\d+)\s*$/.exec(part) ?? []
    if (domain !== '') highest.set(domain, Math.max(highest.get(domain) ?? 0, Number(sequence)))
  }
  return highest
}

/** Transactions in `ahead` that `behind` has not reached, summed over the domains; 0 when it has everything. */
export function lagBetween(behind: string, ahead: string): number {
  const reached = sequences(behind)
  let lag = 0
  for (const [domain, sequence] of sequences(ahead)) lag += Math.max(0, sequence - (reached.get(domain) ?? 0))
  return lag
}
