/** What the bench says on stderr while it runs: a line for each run, with how long the rest will take. */
import type { Design, DesignKey } from './design.ts'
import type { Run } from './result.ts'
import { duration } from './words.ts'

export interface Progress {
  /** A pair is being started; its sentences. */
  starting(design: Design): (sentence: string) => void
  /** A run and the repair after it took so long. */
  ran(run: Run, number: number, of: number, tookMs: number): void
}

/** Milliseconds of one run and its repair, before any has been seen: for the first estimates. */
const USUAL_MS: Readonly<Record<DesignKey, number>> = { product: 7_000, original: 18_000, tuned: 8_000 }

export function progressOf(planned: ReadonlyMap<DesignKey, number>, say: (line: string) => void): Progress {
  const done = new Map<DesignKey, { runs: number; ms: number }>()
  return {
    starting: (design) => (sentence) => say(`${design.key}: ${sentence}`),
    ran(run, number, of, tookMs) {
      const before = done.get(run.design) ?? { runs: 0, ms: 0 }
      done.set(run.design, { runs: before.runs + 1, ms: before.ms + tookMs })
      const outage = run.outageMs === null ? 'never' : duration(run.outageMs)
      const lost = run.lost === null ? 'lost ?' : `lost ${run.lost}`
      const both = run.bothWritableMs === 0 ? '' : `, both writable ${duration(run.bothWritableMs)}`
      const stayed = run.moved || run.outageMs === null ? '' : ', stayed'
      // Counted from the moment at which the fault was ordered, a few milliseconds before it strikes.
      const way =
        run.vipMs === null || run.writableMs === null
          ? ''
          : `, VIP at ${duration(run.vipMs)}, writable at ${duration(run.writableMs)}`
      const label = `${run.design.padEnd(8)} ${run.fault.padEnd(18)} ${number}/${of}`
      say(
        `${label}  ${outage.padStart(8)}, ${lost}${both}${stayed}${way}  (${duration(tookMs)}; ${left(planned, done)} left)`,
      )
    },
  }
}

/** The mean of what each design has shown so far, for what is left of it. */
function left(
  planned: ReadonlyMap<DesignKey, number>,
  done: ReadonlyMap<DesignKey, { runs: number; ms: number }>,
): string {
  let ms = 0
  for (const [design, runs] of planned) {
    const seen = done.get(design)
    const each = seen === undefined ? USUAL_MS[design] : seen.ms / seen.runs
    ms += each * (runs - (seen?.runs ?? 0))
  }
  return ms < 90_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`
}
