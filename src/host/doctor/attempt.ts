/** One look, made safe: whatever goes wrong, or never ends, is a value with its reason. */
import { type Look, seen, unknown } from '../../core/doctor/look.ts'
import { messageOf } from '../../core/errors.ts'

/** How long one look may take; a machine in trouble is slow. */
export const LOOK = { timeoutMs: 3_000 } as const
/** Beyond the look's own limit: nothing hangs for ever. */
const LAST_MS = 5_000

export async function attempt<T>(work: () => T | Promise<T>, lastMs = LAST_MS): Promise<Look<T>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${lastMs} ms`)), lastMs)
  })
  try {
    return seen(await Promise.race([Promise.resolve().then(work), late]))
  } catch (thrown) {
    return unknown(messageOf(thrown))
  } finally {
    clearTimeout(timer)
  }
}

/** As `attempt`, where what goes wrong is the answer: null when it went well. */
export async function complaint(work: () => Promise<unknown>): Promise<string | null> {
  const look = await attempt(work)
  return look.kind === 'unknown' ? look.why : null
}
