/** Was it a failover as promised? Pure: facts in, one line for each promise out; all of them must hold. */
import { counted } from './screen.ts'

export interface Facts {
  readonly acknowledged: number
  /** Acknowledged and not there, by the name of the machine. */
  readonly lost: Readonly<Record<string, number>>
  readonly bothWritableMs: number
  /** The longest time without an acknowledged write. */
  readonly gapMs: number
  /** The same while the machine that fell out came back. */
  readonly wayHomeGapMs: number
  readonly holder: string
  readonly other: string
  /** The other machine has the VIP and took writes. */
  readonly otherServed: boolean
  /** In the end both are in `ap`, and the machine that fell out follows. */
  readonly whole: boolean
}

export interface Promised {
  readonly kept: boolean
  readonly sentence: string
}

export function promisesOf(facts: Facts): Promised[] {
  const { acknowledged, lost, bothWritableMs, gapMs, holder, other } = facts
  const losses = Object.entries(lost).map(([name, count]) => `${counted(count)} on ${name}`)
  return [
    {
      kept: facts.otherServed,
      sentence: facts.otherServed
        ? `${other} took over: ${Math.round(gapMs)} ms between two acknowledged writes`
        : `${other} did not take over`,
    },
    {
      kept: acknowledged > 0 && Object.values(lost).every((count) => count === 0),
      sentence: `${counted(acknowledged)} writes acknowledged, lost: ${losses.join(', ')}`,
    },
    {
      kept: bothWritableMs === 0,
      sentence: `both databases writable at once: ${Math.ceil(bothWritableMs)} ms (sampled every 10 ms)`,
    },
    {
      kept: facts.whole,
      sentence: facts.whole
        ? `a pair again, ${holder} follows ${other}: ${Math.round(facts.wayHomeGapMs)} ms at most between two on the way`
        : `${holder} did not come back into the pair`,
    },
  ]
}
