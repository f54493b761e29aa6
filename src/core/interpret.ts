/**
 * From what was heard and what is seen to an event of the machine. keepalived's words are hints, late, doubled and out
 * of order; the VIP on the interface is the truth. Invariant: a word that the machine itself contradicts moves nothing.
 */
import { awaitsWitness } from './awaits-witness.ts'
import { isPrimary, memberOf } from './cluster.ts'
import { type Config, isOneOfMany } from './config.ts'
import { isVetoed, lacksConsent } from './consent.ts'
import { offeredTo } from './handover.ts'
import { lineageReasons, waitsForLead } from './lineage.ts'
import { isDown, isDying, isRunning, type Observed, routerOf } from './observed.ts'
import { givenUp } from './starting.ts'
import type { MachineEvent, State } from './state.ts'
import type { VrrpState } from './vocabulary.ts'

export type Heard = Exclude<VrrpState, 'init'>

export type Interpretation =
  | { readonly believed: true; readonly event: MachineEvent }
  /** `sentence`: why it was not believed. */
  | { readonly believed: false; readonly sentence: string }

/**
 * Among many, and where it goes home to a preferred machine by itself, the VIP comes and goes: whoever takes it and whoever
 * loses it stay in `ap`, and it takes the role along.
 */
const movesFreely = (config: Config) => isOneOfMany(config) || config.nodes.some(({ preempt }) => preempt)

/** Another machine has the VIP, and with it the role: among many, and where the lead of a cluster says so. */
function isReplaced(observed: Observed, config: Config): boolean {
  if (movesFreely(config)) return true
  const member = memberOf(observed)
  if (member === null) return false
  const { peer } = observed
  // Outside the component it knows of no later lead.
  const lead = isPrimary(member.cluster) ? member.lead : isPrimary(peer?.cluster) ? (peer?.lead ?? null) : null
  return lead !== null && lead.node === config.peer?.name
}

/** It would not take the VIP now, though nothing of it has failed: hooks said no, or a unit of the holder does not start here. */
const declines = (observed: Observed) => isVetoed(observed) || givenUp(observed).length > 0

function mastered(state: State, observed: Observed, config: Config): MachineEvent {
  const { database } = observed
  return {
    type: 'master',
    planned:
      movesFreely(config) || (database?.answers === true && offeredTo(database.lead, config.node.name) === 'handover'),
    peerWritable:
      observed.peer?.writable === true && observed.database?.answers === true && !observed.database.writable,
    barred: lineageReasons(state, observed, config).length > 0 || awaitsWitness(observed) || lacksConsent(observed),
  }
}

/**
 * What keepalived said (FIFO or `apmode notify`), held against what is seen. `asked`: when it was said, an operation had
 * made this machine unfit on purpose.
 */
export function interpret(
  heard: Heard,
  state: State,
  observed: Observed,
  config: Config,
  asked = observed.withdrawal !== null,
): Interpretation {
  const router = routerOf(observed)
  const lastStanding = isLastStanding(state, observed, config)
  if (router !== undefined && isDown(router) && heard !== 'stop') {
    return { believed: false, sentence: `${router.name} is ${router.active}: ${heard.toUpperCase()} came too late` }
  }
  switch (heard) {
    case 'master':
      return observed.vip
        ? { believed: true, event: mastered(state, observed, config) }
        : { believed: false, sentence: 'keepalived said MASTER but the VIP is not on the interface' }
    case 'backup':
      return observed.vip
        ? { believed: false, sentence: 'keepalived said BACKUP but the VIP is on the interface' }
        : { believed: true, event: { type: 'backup', replaced: isReplaced(observed, config) } }
    case 'fault':
      return asked && observed.withdrawal === null && observed.unfitDeclared === false && observed.vip
        ? {
            believed: false,
            sentence: 'keepalived said FAULT, as it was asked to, but the VIP is back on the interface',
          }
        : { believed: true, event: { type: 'fault', wanted: asked || declines(observed), lastStanding } }
    case 'stop':
      // Whether anybody wanted it shows once systemd has finished with the unit: `lookUp` says so then.
      return router !== undefined && isRunning(router) && observed.vip
        ? { believed: false, sentence: `keepalived said STOP but ${router.name} runs and the VIP is on the interface` }
        : { believed: true, event: { type: 'stop', wanted: true, lastStanding } }
  }
}

/**
 * Where the machine stands without anybody saying so: at the start of the supervisor, and at every check.
 * null: nothing can be told now (systemd does not answer, or keepalived is on its way). `asked`: an operation makes this
 * machine unfit on purpose, or has until now.
 */
export function lookUp(
  state: State,
  observed: Observed,
  config: Config,
  asked = observed.withdrawal !== null,
): MachineEvent | null {
  const router = routerOf(observed)
  if (router === undefined || router.active === null) return null
  const lastStanding = isLastStanding(state, observed, config)
  if (isDown(router) || isDying(router)) {
    if (observed.routerDownExpected || observed.shuttingDown) return { type: 'stop', wanted: true, lastStanding }
    if (!isDying(router)) return null
    return router.active === 'inactive' ? { type: 'stop', wanted: false, lastStanding } : { type: 'died', lastStanding }
  }
  if (!isRunning(router)) return null
  if (observed.vip) return mastered(state, observed, config)
  if (observed.shuttingDown) return { type: 'backup', replaced: isReplaced(observed, config) }
  if (observed.carrier === false || observed.unfitDeclared === true) {
    const wanted = asked || declines(observed)
    return state.vrrp === 'fault' ? null : { type: 'fault', wanted, lastStanding }
  }
  return { type: 'backup', replaced: isReplaced(observed, config) }
}

/** A keepalived that apmode itself stopped may have no time to say so: its last word does not count any more. */
export function withoutStaleWord(state: State, observed: Observed): State {
  const router = routerOf(observed)
  const silent = router !== undefined && isDown(router) && observed.routerDownExpected && !router.jobPending
  return silent && state.vrrp !== 'init' && state.vrrp !== 'stop' ? { ...state, vrrp: 'stop' } : state
}

/**
 * G4: nobody is there to take over, as far as can be told: no replica of the peer is attached, or the peer calls itself
 * unfit; nor has it taken over already (then it is a replica no more). One that only waits to lead again has nothing to hand
 * over either. Without a database a pair only knows whether this machine has the VIP to hand over, or is cut off with it. Where
 * the VIP moves freely true: whoever may be the last one is not masked, and a machine without data that comes back stands by;
 * so does a member of a cluster that another one leads, or that only joins it.
 */
export function isLastStanding(state: State, observed: Observed, config: Config): boolean {
  if (isReplaced(observed, config) || observed.lineage.cluster.joining) return true
  // Cut off it cannot know, nor while the other one is heard and does not answer: that one may not be able to serve. It is
  // fenced, and follows whoever leads once it sees that (G9, G3).
  if (observed.lineage.cutOff || observed.lineage.outshouted) return true
  if (observed.database === null) return state.vrrp === 'backup' || state.vrrp === 'fault'
  // Whoever has lost the VIP already hands nothing over: another one took it, and may not be able to serve.
  const able = observed.peerAttached && !observed.lineage.peerUnfit && state.vrrp !== 'backup'
  const deserted = !able && observed.peer?.writable !== true
  return deserted || waitsForLead(observed, config.node.name)
}
