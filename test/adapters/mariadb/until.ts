/** Waits for a condition, with a patience and a reason; one that cannot be asked yet does not hold. Tests of this folder only. */
import { setTimeout as pause } from 'node:timers/promises'

export async function until(
  reason: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    try {
      if (await holds()) return
      if (Date.now() > deadline) throw new Error(`not within ${patienceMs} ms: ${reason}`)
    } catch (thrown) {
      if (Date.now() > deadline) throw thrown
    }
    await pause(10)
  }
}
