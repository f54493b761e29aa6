/** What each guard costs at a takeover, from what the new holder itself recorded. Pure: runs in, a table out. */
import type { Run } from './result.ts'
import { median, percentile } from './statistics.ts'
import { duration } from './words.ts'

/** The steps of a promotion until writes are taken, by guard. */
const STEPS = [
  ['G1 lineage', '`record-lead`: the next row of apmode.lead', 'record-lead'],
  ['G5 drain', '`drain`: everything received is applied', 'drain'],
  ['–', '`stop-replication`', 'stop-replication'],
  ['semi-sync', '`commit-with-peer`: only where the peer follows already (a handover)', 'commit-with-peer'],
  ['–', '`allow-writes`, proven by reading back', 'allow-writes'],
] as const

/** null: no run has it. */
export function guardTable(runs: readonly Run[]): string | null {
  const taken = runs.filter((run) => run.design === 'product' && run.promotion != null)
  if (taken.length === 0) return null
  const row = (guard: string, what: string, values: readonly number[]) =>
    values.length === 0
      ? []
      : [`| ${guard} | ${what} | ${duration(median(values))} | ${duration(percentile(values, 0.95))} |`]
  const rest = taken.flatMap(({ vipMs, writableMs, promotion }) => {
    if (vipMs === null || writableMs === null || promotion == null) return []
    const steps = STEPS.reduce((sum, [, , step]) => sum + (promotion[step] ?? 0), 0)
    return [Math.max(0, writableMs - vipMs - steps)]
  })
  return [
    `What the guards cost in these takeovers (${taken.length} of apmode's runs), on the machine that takes over:`,
    '',
    '| guard | what | median | p95 |',
    '| --- | --- | --: | --: |',
    ...row(
      'G2, G3, G4, G6, G9',
      "from the VIP to the first step: keepalived's word, the look at everything and at the peer (100 ms where that is silent), the decision, the mode file",
      rest,
    ),
    ...STEPS.flatMap(([guard, what, step]) =>
      row(
        guard,
        what,
        taken.flatMap(({ promotion }) => promotion?.[step] ?? []),
      ),
    ),
    '| G9, with a witness only | a takeover from a peer that is silent waits | 2 s (a time limit) | |',
    '| G2, semi-sync | commits wait for a standby that is gone without a word, before the holder goes on alone | 3.5 s (a time limit) | |',
  ].join('\n')
}
