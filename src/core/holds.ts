/**
 * What keeps a right of the posture back for now. A hold only ever takes away: it turns `writable` into `read-only`, and
 * following into not following. Invariant: with any hold on it, no posture grants more than without.
 */
import { awaitsWitness } from './awaits-witness.ts'
import type { Config } from './config.ts'
import { consentHolds } from './consent.ts'
import { restrainMember } from './member-holds.ts'
import { isDown, isRunning, type Observed, routerOf } from './observed.ts'
import type { Posture, Restrained } from './posture.ts'
import { startHolds } from './starting.ts'
import type { State } from './state.ts'

function writeHolds(observed: Observed, unfit: readonly string[]): string[] {
  const holds: string[] = []
  const wait = observed.database === null ? 'serving waits' : 'writes wait'
  // A machine that is unfit for it says so itself.
  if (observed.withdrawal?.stage === 'writes') holds.push(`${wait}: ${observed.withdrawal.sentence}`)
  if (!observed.vip) holds.push(`${wait}: the VIP is not on the interface`)
  const router = routerOf(observed)
  if (router !== undefined && isDown(router)) holds.push(`${wait}: ${router.name} is ${router.active}`)
  if (unfit.length > 0) holds.push(`${wait}: unfit (${unfit.join('; ')})`)
  const already = observed.database?.answers === true && observed.database.writable
  if (!already && observed.peer?.writable === true && observed.lineage.claim !== 'forced') {
    holds.push("G3 no second writer: the peer's database accepts writes")
  }
  holds.push(...consentHolds(observed, unfit))
  if (awaitsWitness(observed)) holds.push(`G9 witness: ${awaited(observed)}`)
  return holds
}

/** Without a database there is nothing to fence, and no peer is given time for it. */
const awaited = ({ database }: Observed) =>
  database === null
    ? 'no other machine answers, and no witness has since the VIP came'
    : 'the peer is silent; it is given time to find out whether it is cut off'

/**
 * An active machine that finds itself BACKUP, and one that is out of order, follows only a writable peer; otherwise that
 * peer may be its own waiting replica. Over transactions that only this machine has, nothing is replicated (G6).
 */
function followHolds(state: State, observed: Observed): string[] {
  if (observed.database === null) return []
  if (observed.lineage.diverged.length > 0) return ['G6 diverged: not followed']
  if (observed.withdrawal?.stage === 'data') return [`not followed: ${observed.withdrawal.sentence}`]
  // It is to lead; what it writes first must already come here.
  if (observed.withdrawal?.offer != null) return []
  if ((state.role !== 'active' && state.vrrp !== 'fault') || observed.peer?.writable === true) return []
  return ["the peer's database does not accept writes: not followed, it may be this machine's own replica"]
}

/** G4, in a sentence: why the active machine did not fall out of the pair. */
function staysHolds(state: State, observed: Observed): string[] {
  const fell = state.mode === 'ap' && state.role === 'active' && state.vrrp === 'fault'
  const able = observed.peerAttached && !observed.lineage.peerUnfit
  if (!fell || observed.database === null || observed.peer?.writable === true) return []
  if (observed.lineage.cluster.joining) return ['it joins the cluster, and stays in ap meanwhile']
  const stays = 'so this machine stays in ap and serves again once fit'
  if (observed.lineage.outshouted) return [`G4 last one standing: the peer is heard and does not answer, ${stays}`]
  return able ? [] : [`G4 last one standing: no peer is attached that could serve, ${stays}`]
}

/**
 * The VIP is gone, and keepalived was started again and does not run: whoever has the VIP now runs the holder's units. One
 * that is only restarted takes nothing away.
 */
function isDeserted(observed: Observed): boolean {
  const router = routerOf(observed)
  return !observed.vip && observed.starting.routerTried && router !== undefined && !isRunning(router)
}

export function restrain(
  posture: Posture,
  state: State,
  observed: Observed,
  unfit: readonly string[],
  config: Config,
): Restrained {
  const clustered = config.database.engine === 'galera'
  const writes = clustered
    ? restrainMember(posture, { state, observed, config, unfit })
    : restrainWrites(posture, observed, unfit)
  const starts = posture.holderUnits === 'running' ? startHolds(observed, unfit) : []
  const follows = clustered ? writes : restrainFollowing(writes.posture, state, observed)
  const following = clustered ? [] : follows.holds
  const left = posture.holderUnits === 'running' && isDeserted(observed)
  const restrained = left ? { ...follows.posture, holderUnits: 'stopped' as const } : follows.posture
  return { posture: restrained, holds: [...writes.holds, ...starts, ...following, ...staysHolds(state, observed)] }
}

function restrainWrites(posture: Posture, observed: Observed, unfit: readonly string[]): Restrained {
  const holds = posture.database === 'writable' ? writeHolds(observed, unfit) : []
  if (holds.length === 0) return { posture, holds }
  // Without the right to write nothing of a promotion is begun: replication stays as it is.
  return { posture: { ...posture, database: 'read-only', replication: 'as is', holderUnits: 'as is' }, holds }
}

function restrainFollowing(posture: Posture, state: State, observed: Observed): Restrained {
  const wanted: Posture = observed.withdrawal?.follows === true ? { ...posture, replication: 'from the peer' } : posture
  const holds = wanted.replication === 'from the peer' ? followHolds(state, observed) : []
  return { posture: holds.length > 0 ? { ...wanted, replication: 'as is' } : wanted, holds }
}
