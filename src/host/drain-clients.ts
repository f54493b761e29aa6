/**
 * Lets the transactions of the clients end before a member of a cluster refuses them. Best effort, bounded: what is still open then
 * is ended by the fence. Invariant: it asks only, and a long transaction holds it up no longer than the limit.
 */
import type { Clock } from '../ports/clock.ts'
import type { Database } from '../ports/database.ts'
import { LIMITS } from './limits.ts'
import { BALANCERS_MS, DRAIN_ASK_MS } from './pace.ts'
import type { Outcome } from './perform.ts'

export async function drainClients(database: Database, clock: Clock, limitMs: number): Promise<Outcome> {
  const begun = clock.elapsed()
  const passed = () => clock.elapsed() - begun
  // A balancer that has not asked yet sends new clients.
  const leastMs = Math.min(BALANCERS_MS, limitMs)
  for (;;) {
    const open = await database.obstacles({ transactionMs: 0 }, { timeoutMs: LIMITS.databaseLook }).catch(() => [])
    if (open.length === 0 && passed() >= leastMs) return { ok: true, detail: '' }
    // Not done is no failure: the fence comes next, whatever is open.
    if (passed() >= limitMs) return { ok: true, detail: `${open.length} transactions are still open` }
    await clock.sleep(DRAIN_ASK_MS)
  }
}
