/**
 * The whole judgement in one pure call: state and observation → what must hold, what is kept back, and the missing
 * steps. The host, a dry run, a check and the tests all ask here, so that there is one decision and not several.
 */
import type { Config } from './config.ts'
import { unfitReasons } from './fitness.ts'
import { offerIn } from './handover.ts'
import { restrain } from './holds.ts'
import { lineageReasons, sharesLead } from './lineage.ts'
import type { Observed } from './observed.ts'
import { type Plan, plan } from './plan.ts'
import { type Posture, postureFor } from './posture.ts'
import { leadReason } from './sentence.ts'
import type { State } from './state.ts'

/** How long a withdrawal that nobody planned waits for the peer to have every write. */
const UNPLANNED_PEER_WAIT_MS = 200

export interface Judgement {
  /** After the holds. */
  readonly posture: Posture
  readonly unfit: readonly string[]
  /** Of these, what only the pair or a person can end (G2, G3, G6, G9). */
  readonly waits: readonly string[]
  readonly holds: readonly string[]
  readonly plan: Plan
}

export interface Circumstances {
  readonly event: string
  readonly from: State
  /** An operator asked for it: there is time to hand everything over. */
  readonly planned: boolean
  /** How long a withdrawal waits until the peer has every write; by default as long as it is worth it. */
  readonly peerWaitMs?: number
}

export function judge(state: State, observed: Observed, config: Config, circumstances: Circumstances): Judgement {
  const unfit = unfitReasons(state, observed, config)
  const lead = observed.database?.answers === true ? observed.database.lead : null
  const { posture, holds } = restrain(postureFor(state, config.database.engine), state, observed, unfit, config)
  return {
    posture,
    unfit,
    waits: lineageReasons(state, observed, config),
    holds,
    plan: plan(observed, posture, {
      leads: lead?.node === config.node.name && offerIn(lead) === null,
      offered: lead?.node === config.node.name && offerIn(lead) !== null,
      owed: sharesLead(observed, config.node.name),
      // Without a mode nothing of this machine is touched, the tracked file included.
      unfit,
      reason: leadReason(circumstances.event, circumstances.from, state, lead, config.node.name),
      source: config.peer === null ? null : `${config.peer.address}:${config.database.port}`,
      semiSync:
        config.database.engine === 'mariadb' && config.database.durability === 'semi-sync' && config.peer !== null,
      peerWaitMs:
        circumstances.peerWaitMs ??
        (circumstances.planned ? config.database.handoverTimeoutMs : UNPLANNED_PEER_WAIT_MS),
    }),
  }
}
