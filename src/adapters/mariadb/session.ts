/**
 * What all operations share: the lanes to the local server, the time that a call has left, and the words around a
 * failure. Lanes: `observe` looks, `life` asks for signs of life, `act` changes replication and roles, `fence` and `kill` belong to the fence alone, so
 * that a fence never waits behind a STOP SLAVE that hangs.
 */
import { ApmodeError } from '../../core/errors.ts'
import type { Call } from '../../ports/systemd.ts'
import { cannot, DatabaseFailure, failureOf } from './failure.ts'
import type { Lane, Log } from './kept.ts'
import type { Link } from './link.ts'
import type { Receiver } from './receiver.ts'

export interface Lanes {
  readonly observe: Lane
  readonly act: Lane
  readonly fence: Lane
  readonly kill: Lane
  readonly life: Lane
  /** For `announce` alone: its session stays out of the binary log. */
  readonly word: Lane
}

export interface Session {
  readonly where: string
  readonly lanes: Lanes
  readonly receiver: Receiver
  readonly log: Log
}

/** Counts down the limit of a call; every statement gets what is left. */
export interface Countdown {
  leftMs(): number
  /** Throws when the time is over or the call was aborted. For grants, between two statements. */
  check(): void
}

export function countdown(call: Call): Countdown {
  const deadline = performance.now() + call.timeoutMs
  const leftMs = () => Math.max(deadline - performance.now(), 0)
  return {
    leftMs,
    check() {
      if (call.signal?.aborted) throw new ApmodeError('failed', 'aborted by a newer event')
      if (leftMs() === 0) throw new ApmodeError('timeout', `the limit of ${call.timeoutMs} ms is reached`)
    },
  }
}

/**
 * A link of the lane, or, when the server has no connection left for us, one that another lane has open.
 * Throws DatabaseFailure.
 */
export async function linkOf(session: Session, lane: Exclude<keyof Lanes, 'word'>, limitMs: number): Promise<Link> {
  try {
    return await session.lanes[lane].link(limitMs)
  } catch (error) {
    const failure = failureOf(error, session.where)
    if (failure.reason !== 'full') throw failure
    const { word: _, ...lanes } = session.lanes
    for (const other of Object.values(lanes)) {
      if (other.current !== null && !other.current.lost) return other.current
    }
    throw failure
  }
}

/** Runs one operation on a lane; what fails says what could not be done: "cannot VERB OBJECT: REASON". */
export async function operate<T>(
  session: Session,
  what: string,
  call: Call,
  work: (link: Link, left: Countdown) => Promise<T>,
): Promise<T> {
  const left = countdown(call)
  try {
    left.check()
    return await work(await linkOf(session, 'act', left.leftMs()), left)
  } catch (error) {
    if (error instanceof ApmodeError && !(error instanceof DatabaseFailure)) {
      throw new ApmodeError(error.code, `cannot ${what}: ${error.message}`)
    }
    throw cannot(what, error, session.where)
  }
}
