/**
 * All the runs: design by design, fault by fault, on one pair for each design.
 * Invariant: each run that was measured is handed on at once, whatever comes later; a pair that does not become whole is
 * replaced by a new one and told of, never repaired by hand.
 */
import { messageOf } from '../../src/core/errors.ts'
import type { BenchPair, Design } from './design.ts'
import type { Fault } from './faults.ts'
import type { Progress } from './progress.ts'
import type { Run, ThrownAway } from './result.ts'
import { runOnce } from './run.ts'

export interface CampaignOrder {
  readonly designs: readonly Design[]
  readonly faults: readonly Fault[]
  /** Runs of each fault, by design. */
  readonly runsOf: (design: Design) => number
  readonly patienceMs: number
  readonly progress: Progress
  readonly onRun: (run: Run) => void
  readonly onThrownAway: (thrown: ThrownAway) => void
}

/** A range of rows for each run, so that no number is ever written twice on one pair. */
const NUMBERS_PER_RUN = 1_000_000
/** Pairs that fail before a fault was measured: so many in a row, and the fault is left out. */
const TRIES = 2

export async function campaign(order: CampaignOrder): Promise<void> {
  for (const design of order.designs) {
    const pairs = pairsOf(design, order)
    try {
      for (const fault of order.faults) await runsOfFault(order, design, fault, pairs)
    } finally {
      await pairs.end()
    }
  }
}

async function runsOfFault(order: CampaignOrder, design: Design, fault: Fault, pairs: Pairs): Promise<void> {
  const runs = order.runsOf(design)
  for (let index = 0, failed = 0; index < runs; index += 1) {
    const begun = performance.now()
    const throwAway = async (thrown: unknown) => {
      order.onThrownAway({
        design: design.key,
        fault: fault.key,
        at: new Date().toISOString(),
        reason: messageOf(thrown),
      })
      await pairs.end()
    }
    let measured: Awaited<ReturnType<typeof runOnce>>
    const bench = await pairs.current()
    try {
      measured = await runOnce({
        design,
        bench,
        fault,
        firstNumber: pairs.nextNumber(),
        delayMs: strikeDelayMs(design, fault, index, runs),
        patienceMs: order.patienceMs,
      })
    } catch (thrown) {
      await throwAway(thrown)
      failed += 1
      if (failed < TRIES) index -= 1
      else failed = 0
      continue
    }
    failed = 0
    order.onRun(measured.run)
    try {
      await bench.makeWhole(measured.struck, fault, measured.run.moved)
    } catch (thrown) {
      await throwAway(thrown)
    }
    order.progress.ran(measured.run, index + 1, runs, performance.now() - begun)
  }
}

/** Spread evenly over the interval, by chance within each part, so that few runs see all of it. */
export function strikeDelayMs(
  design: Pick<Design, 'looksEveryMs'>,
  fault: Fault,
  index: number,
  runs: number,
  chance = Math.random(),
): number {
  return ((index + chance) / runs) * design.looksEveryMs[fault.kind]
}

interface Pairs {
  current(): Promise<BenchPair>
  nextNumber(): number
  end(): Promise<void>
}

function pairsOf(design: Design, order: CampaignOrder): Pairs {
  let bench: BenchPair | null = null
  let number = 1
  return {
    async current() {
      bench ??= await design.start(order.progress.starting(design))
      return bench
    },
    nextNumber() {
      number += NUMBERS_PER_RUN
      return number
    },
    async end() {
      const used = bench
      bench = null
      await used?.stop()
    },
  }
}
