/**
 * What keeps the rights of a Galera member back for now: it takes writes with and without the VIP; from writing it is kept only
 * while it leaves, or where another side of a cut may go on; from going on alone by whatever makes that doubtful. Pure.
 */
import { aloneHolds, isPrimary, memberOf } from './cluster.ts'
import type { Config } from './config.ts'
import { consentHolds, lacksConsent } from './consent.ts'
import { lineageReasons } from './lineage.ts'
import type { Observed } from './observed.ts'
import type { Posture, Restrained } from './posture.ts'
import type { State } from './state.ts'

interface Seen {
  readonly state: State
  readonly observed: Observed
  readonly config: Config
  readonly unfit: readonly string[]
}

/** Another component goes on, or may, or this member's rows are its own: G3, G9 and G6, as they stand in the reasons. */
const BARS_WRITES = /^G[369] /

export function restrainMember(posture: Posture, seen: Seen): Restrained {
  if (posture.database !== 'writable') return { posture, holds: [] }
  const { withdrawal } = seen.observed
  // An offer of the lead takes only the VIP away.
  if (withdrawal !== null && withdrawal.offer === null) {
    const left = { ...posture, member: 'out', database: 'read-only', holderUnits: 'as is' } as const
    return { posture: left, holds: [`out of the cluster for now: ${withdrawal.sentence}`] }
  }
  const barred = lineageReasons(seen.state, seen.observed, seen.config).filter((reason) => BARS_WRITES.test(reason))
  if (barred.length > 0) {
    return { posture: withoutWrites(posture), holds: barred }
  }
  if (isClosed(seen.observed) && lacksConsent(seen.observed)) {
    return { posture: withoutWrites(posture), holds: consentHolds(seen.observed, seen.unfit) }
  }
  const held = posture.member === 'in, alone if need be' ? holdsAlone(seen) : []
  return { posture: held.length > 0 ? { ...posture, member: 'in' } : posture, holds: held }
}

const withoutWrites = (posture: Posture): Posture => ({
  ...posture,
  member: 'in',
  database: 'read-only',
  holderUnits: posture.holderUnits === 'running' ? 'as is' : posture.holderUnits,
})

/** In the component, and read-only: to open it is a promotion, with and without the VIP. */
function isClosed(observed: Observed): boolean {
  const cluster = memberOf(observed)?.cluster
  return isPrimary(cluster) && cluster?.readOnly === true
}

function holdsAlone({ observed, config, unfit }: Seen): string[] {
  const member = memberOf(observed)
  if (member === null || isPrimary(member.cluster)) return []
  const held = [...aloneHolds(observed, config), ...consentHolds(observed, unfit)]
  return unfit.length > 0 ? [`it does not go on alone: unfit (${unfit.join('; ')})`, ...held] : held
}
