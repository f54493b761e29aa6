/** Waits for a condition, with a patience and a reason. Tests of this folder only. */
import { setTimeout as pause } from 'node:timers/promises'

export async function until(
  reason: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${patienceMs} ms: ${reason}`)
    await pause(10)
  }
}
