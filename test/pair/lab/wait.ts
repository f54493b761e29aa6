/**
 * Waiting, in the one form that the tests use: for a condition, with a patience and a reason.
 * Invariant: it ends at the latest when the patience does, with an error that says what was awaited and what was last seen.
 * It never sleeps for its own sake.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { ApmodeError, messageOf } from '../../../src/core/errors.ts'

export interface Patience {
  readonly patienceMs: number
  /** Completes "no … within N ms": what is awaited, as `MASTER on host2`. */
  readonly reason: string
  /** Pause between two looks; 25 ms by default. */
  readonly everyMs?: number
}

type Nothing = false | null | undefined

/** Calls `condition` until it gives something; a throw counts as "not yet" and is told if the patience ends. */
export async function waitFor<T>(condition: () => T | Promise<T>, patience: Patience): Promise<Exclude<T, Nothing>> {
  const start = performance.now()
  let last = ''
  for (;;) {
    try {
      const value = await condition()
      if (value !== false && value !== null && value !== undefined) return value as Exclude<T, Nothing>
      last = ''
    } catch (thrown) {
      last = messageOf(thrown)
    }
    if (performance.now() - start > patience.patienceMs) {
      const seen = last === '' ? 'the condition never held' : last
      throw new ApmodeError('timeout', `cannot see ${patience.reason}: not within ${patience.patienceMs} ms: ${seen}`)
    }
    await pause(patience.everyMs ?? 25)
  }
}

/** Blocks the whole process until the condition holds or the patience ends; only for the way out. */
export function blockUntil(condition: () => boolean, patienceMs: number): boolean {
  const start = performance.now()
  const cell = new Int32Array(new SharedArrayBuffer(4))
  while (!condition()) {
    if (performance.now() - start > patienceMs) return false
    Atomics.wait(cell, 0, 0, 5)
  }
  return true
}
