/**
 * Nobody looks at the others of many all the time: whoever insists that this member is alone (`set s --force`) may not know that
 * they serve. Invariant: a person's word overrides what is unknown, never a component that is seen.
 */
import { isPrimary, memberOf } from '../../core/cluster.ts'
import type { CommandResult } from '../../ports/control.ts'
import { refused } from '../jobs.ts'
import type { Supervisor } from '../supervisor.ts'
import type { Cluster } from './cluster.ts'
import { NO_WORDS } from './survey.ts'

/** null: nobody who answers is in a primary component, or this member is too. */
export async function forcedRefusal(
  { settler, parts }: Supervisor,
  cluster: Pick<Cluster, 'here' | 'outlook'>,
): Promise<CommandResult | null> {
  // Of a pair the other one is looked at all the time.
  if (!cluster.here || parts.config.peer !== null) return null
  if (isPrimary(memberOf(await settler.look('anew'))?.cluster)) return null
  const { verdict } = await cluster.outlook(NO_WORDS, () => {}, 0)
  if (verdict.kind !== 'primary') return null
  return refused(
    'G3 no second writer',
    `nothing was touched: the primary component goes on, ${verdict.nodes.join(' and ')} in it; this member comes back to it by itself`,
  )
}
