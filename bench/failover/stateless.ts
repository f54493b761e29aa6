/**
 * Faults of the holder of machines without a database, as their recipe has them: how long a client gets no answer. Invariant:
 * each run begins with a whole pair; a service that does not come back ends the bench.
 */
import { FAULTS, startBalancers } from '../../test/pair/recipes/balancers.ts'
import { median, percentile } from './statistics.ts'
import { duration } from './words.ts'

export interface Outages {
  readonly fault: string
  /** Milliseconds without an answer, one for each run. */
  readonly ms: readonly number[]
}

export async function measureBalancers(runs: number, say: (line: string) => void): Promise<Outages[]> {
  const started = await startBalancers(say)
  try {
    const outages: Outages[] = []
    for (const fault of FAULTS) {
      const ms: number[] = []
      for (let run = 0; run < runs; run += 1) {
        const [holder, other] = await started.places()
        const gap = await started.strike(fault)
        say(`${fault.name}, run ${run + 1} of ${runs}: ${gap} ms`)
        ms.push(gap)
        await fault.mend(holder)
        await started.comesHome(holder, other)
      }
      outages.push({ fault: fault.name, ms })
    }
    return outages
  } finally {
    await started.stop()
  }
}

export function outagesTable(outages: readonly Outages[]): string {
  const rows = outages.map(({ fault, ms }) => [
    fault,
    String(ms.length),
    duration(median(ms)),
    duration(percentile(ms, 0.95)),
    duration(Math.max(...ms)),
  ])
  const all = [['fault', 'runs', 'median', 'p95', 'worst'], ...rows]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return all.map((row) => line(row).trimEnd()).join('\n')
}
