/** A run of the bench as a value, for the tests of what is made from it. */
import type { DesignKey } from '../../../bench/failover/design.ts'
import type { Run } from '../../../bench/failover/result.ts'

export function runOf(design: DesignKey, fault: string, outageMs: number | null, more: Partial<Run> = {}): Run {
  return {
    design,
    fault,
    at: '2026-01-01T00:00:00.000Z',
    outageMs,
    moved: outageMs !== null,
    vipMs: outageMs,
    writableMs: outageMs,
    acknowledged: 1000,
    lost: 0,
    bothWritableMs: 0,
    bothWritableAtEnd: false,
    bothHoldersMs: 0,
    quietMs: 5,
    watchedMs: 2000,
    ...more,
  }
}

/** All designs and a few faults, with everything that a table or a picture has to show. */
export const SOME_RUNS: readonly Run[] = [
  ...[80, 90, 100].map((ms) => runOf('product', 'database-killed', ms)),
  ...[6000, null, null].map((ms) => runOf('original', 'database-killed', ms)),
  ...[120, 130, 900].map((ms) => runOf('tuned', 'database-killed', ms, { lost: 3 })),
  runOf('product', 'power-off', 320),
  runOf('original', 'power-off', 3500, { bothWritableMs: 1500, bothWritableAtEnd: true }),
  runOf('product', 'disk-full', 1800),
  runOf('original', 'disk-full', null, { lost: null }),
]
