/**
 * What asks for a settling, what came of it, and the one line of log and history that tells it. Invariant: one decision,
 * one line; a look that found everything as it must be leaves none.
 */
import type { Interpretation } from '../core/interpret.ts'
import type { Judgement } from '../core/judge.ts'
import type { Observed } from '../core/observed.ts'
import { type MachineEvent, type State, sameState } from '../core/state.ts'
import type { Progress } from '../ports/control.ts'
import type { HistoryEntry, StepRecord } from '../ports/storage.ts'
import type { Parts } from './parts.ts'
import type { Thoroughness } from './thoroughness.ts'

export interface Request {
  /** For the history: `master`, `set m`, `check`. */
  readonly event: string
  readonly source: string
  /** Turns what is seen into the machine's event; null: no event, only look whether all is as it must be. */
  decide(observed: Observed, state: State): Interpretation | MachineEvent | null
  readonly planned?: boolean
  /** How thoroughly to look before the decision; `anew` by default. */
  readonly look?: Thoroughness
  readonly onProgress?: (progress: Progress) => void
  /** `set s --force`: a person decides that this machine leads (G2). */
  readonly forced?: boolean
  /** Can be undone by whoever asks: the first withdrawal that fails ends it, and nothing is killed for it. */
  readonly undoable?: boolean
  /** How long a withdrawal waits until the peer has every write. */
  readonly peerWaitMs?: number
  /** Where the machine was when the history last told of it; null or not given: where it is. */
  readonly cameFrom?: State | null
  /** Part of an operation that tells the whole itself. */
  readonly unrecorded?: boolean
  /** An operator's command is recorded even when nothing was to be done. */
  readonly alwaysRecord?: boolean
  /** The mode must be durable or nothing is begun (an operator's `set`). */
  readonly needsDurableMode?: boolean
}

export interface Settled {
  readonly from: State
  readonly to: State
  readonly sentence: string
  readonly observed: Observed
  readonly judgement: Judgement
  readonly done: readonly StepRecord[]
  readonly notDone: readonly string[]
  readonly result: HistoryEntry['result']
}

/** `last`: the line before. null: nothing happened that is worth a line. */
export function record(
  parts: Parts,
  request: Request,
  settled: Settled,
  ms: number,
  last: HistoryEntry | null,
): HistoryEntry | null {
  const { from, to, sentence, done, result } = settled
  const moved = !sameState(from, to)
  if (!moved && done.length === 0 && request.alwaysRecord !== true) return null
  const { log, history, clock } = parts
  const entry: HistoryEntry = {
    at: new Date(clock.now()).toISOString(),
    event: request.event,
    source: request.source,
    from,
    to,
    sentence,
    steps: done,
    ms: Math.round(ms * 10) / 10,
    result,
  }
  parts.counting.decided(entry)
  if (request.alwaysRecord !== true && last !== null && decisionIn(last) === decisionIn(entry)) {
    log.debug(entry, `again: ${sentence}`)
    return null
  }
  const facts = { event: entry.event, source: entry.source, from, to, steps: done, ms: entry.ms, result }
  if (result === 'done') log.info(facts, sentence)
  else log.warn(facts, `${sentence}; ${result}: ${firstTrouble(settled)}`)
  const written = history.append(entry)
  if (!written.ok) log.error({}, `the history could not be written: ${written.detail}`)
  return entry
}

/** What is told, without its times. */
function decisionIn({ event, source, from, to, sentence, steps, result }: HistoryEntry): string {
  return JSON.stringify([
    event,
    source,
    from,
    to,
    sentence,
    result,
    steps.map(({ step, ok, detail }) => [step, ok, detail]),
  ])
}

function firstTrouble(settled: Settled): string {
  const trouble = settled.done.find((step) => !step.ok)
  return trouble === undefined ? `not done: ${settled.notDone.join('; ')}` : `${trouble.sentence}: ${trouble.detail}`
}
