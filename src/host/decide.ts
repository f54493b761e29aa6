/** What an event makes of the machine, and what must hold then, on what is seen: asked again when a wait has made a look old. Pure. */
import type { Config } from '../core/config.ts'
import { withoutStaleWord } from '../core/interpret.ts'
import { type Judgement, judge } from '../core/judge.ts'
import { transition } from '../core/machine.ts'
import type { Observed } from '../core/observed.ts'
import type { MachineEvent, State } from '../core/state.ts'
import type { Request } from './request.ts'

export interface Decided {
  /** null: nothing moves the machine. */
  readonly event: MachineEvent | null
  readonly to: State
  /** Why a word of keepalived was not believed. */
  readonly doubt: string | null
}

export function decided(request: Pick<Request, 'decide'>, observed: Observed, from: State): Decided {
  const asked = request.decide(observed, from)
  const doubt = asked !== null && 'believed' in asked && !asked.believed ? asked.sentence : null
  const event = asked === null ? null : 'believed' in asked ? (asked.believed ? asked.event : null) : asked
  const now = withoutStaleWord(from, observed)
  return { event, to: event === null ? now : transition(now, event), doubt }
}

type Circumstances = Pick<Request, 'event' | 'planned' | 'peerWaitMs'>

export function judged(to: State, observed: Observed, config: Config, request: Circumstances, from: State): Judgement {
  return judge(to, observed, config, {
    event: request.event,
    from,
    planned: request.planned === true,
    ...(request.peerWaitMs === undefined ? {} : { peerWaitMs: request.peerWaitMs }),
  })
}
