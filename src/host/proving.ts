/** A replica that must prove at once that it has every write. */
import type { Clock } from '../ports/clock.ts'
import type { Bond } from './bond.ts'
import { PROVE_MS } from './pace.ts'

/** Looks until the lease begins, `untilMs` (monotonic), or it is `inVain`; whether it is valid then. */
export async function proveWhole(bond: Bond, clock: Clock, untilMs: number, inVain: () => boolean): Promise<boolean> {
  while (!bond.lineage.lease && clock.elapsed() < untilMs && !inVain()) {
    await bond.look()
    if (!bond.lineage.lease) await clock.sleep(PROVE_MS)
  }
  return bond.lineage.lease
}
