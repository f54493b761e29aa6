/**
 * `apmode plan` and `--dry-run`: the same judgement as the real thing, on a fresh look, printed and not performed.
 * Invariant: it reads and never changes.
 */
import type { MemberRow } from '../core/bootstrap.ts'
import type { Config } from '../core/config.ts'
import { interpret, lookUp, withoutStaleWord } from '../core/interpret.ts'
import { judge } from '../core/judge.ts'
import { transition } from '../core/machine.ts'
import type { Observed } from '../core/observed.ts'
import { meaningOf, rowFor } from '../core/posture.ts'
import { decisionSentence } from '../core/sentence.ts'
import type { MachineEvent, State } from '../core/state.ts'
import type { CommandResult, PlannedStep, PlanRequest, PlanView, RecloneRequest } from '../ports/control.ts'
import { bootstrapSentence, bootstrapSteps } from './cluster/planned.ts'
import { asksHooks, type Commands } from './commands.ts'
import { asIfAgreed, withHooks } from './plan-hooks.ts'
import {
  afterHandover,
  described,
  handoverChecks,
  handoverSteps,
  rejoinChecks,
  rejoinSteps,
} from './plan-operations.ts'
import { type ChangeRequest, unique, unitSteps } from './plan-units.ts'
import type { Rejoin } from './rejoin.ts'
import type { Supervisor } from './supervisor.ts'

/** `apmode reclone`, as far as a plan needs it. */
export interface Reclone {
  plan(request: RecloneRequest): Promise<Pick<Prospect, 'checks' | 'steps' | 'refusal'>>
}

/** The operations that a plan can be asked for. */
export interface Operations {
  readonly commands: Commands
  readonly rejoin: Rejoin
  readonly reclone: Reclone
}

interface Prospect {
  readonly to: State
  readonly sentence: string
  readonly checks: readonly string[]
  readonly steps: readonly PlannedStep[]
  readonly refusal: CommandResult | null
  readonly members?: readonly MemberRow[]
}

export async function planView(
  supervisor: Supervisor,
  operations: Operations,
  request: PlanRequest,
): Promise<PlanView> {
  const { settler } = supervisor
  const seen = asIfAgreed(await settler.look('everything'))
  const from = withoutStaleWord(settler.state, seen)
  const { to, sentence, checks, steps, refusal, members } = await prospectOf(
    supervisor,
    operations,
    request,
    from,
    seen,
  )
  const asksChange = request.command === 'set' && asksHooks(request, from)
  return {
    event: nameOf(request),
    from,
    to: refusal === null ? to : from,
    sentence: refusal?.sentence ?? sentence,
    posture: meaningOf(rowFor(refusal === null ? to : from), supervisor.parts.config.database.engine),
    checks,
    steps: refusal === null ? withHooks(steps, settler.hooks.current(), { from, to, asksChange }) : [],
    refusedBy: refusal?.refusedBy ?? null,
    ...(members === undefined || members.length === 0 ? {} : { members }),
  }
}

function prospectOf(
  supervisor: Supervisor,
  operations: Operations,
  request: PlanRequest,
  from: State,
  observed: Observed,
): Promise<Prospect> {
  switch (request.command) {
    case 'handover':
      return handoverProspect(supervisor, operations, request.kill, from, observed)
    case 'rejoin':
      return rejoinProspect(supervisor, operations, request.force, from, observed)
    case 'reclone':
      return recloneProspect(operations, request)
    case 'bootstrap':
      return bootstrapProspect(supervisor, operations, request, from, observed)
    case 'set':
      return setProspect(supervisor, operations, request, from, observed)
    case 'notify':
    case 'start':
    case 'stop':
    case 'restart':
      return changeProspect(supervisor, operations, request, from, observed)
  }
}

async function handoverProspect(
  { parts: { config } }: Supervisor,
  { commands }: Operations,
  kill: boolean,
  from: State,
  observed: Observed,
): Promise<Prospect> {
  const peer = config.peer?.name ?? 'the peer'
  return {
    to: { ...from, role: 'standby', vrrp: 'backup' },
    sentence: `handover: ${peer} takes over; both stay in ap, this machine stands by${config.database.engine === 'galera' ? '' : ` and follows ${peer}`}`,
    checks: handoverChecks(config),
    steps: handoverSteps(from, observed, config, 'handover'),
    refusal: await commands.handover.refusal({ purpose: 'handover', kill, timeoutMs: null }),
  }
}

function comesBack({ database, peer }: Config): string {
  const others = peer?.name ?? 'the others'
  switch (database.engine) {
    case 'mariadb':
      return `follows ${others} and stands by`
    case 'galera':
      return `joins ${others} and stands by`
    case 'none':
      return `stands by for ${others}`
  }
}

async function rejoinProspect(
  { parts: { config } }: Supervisor,
  { rejoin }: Operations,
  force: boolean,
  from: State,
  observed: Observed,
): Promise<Prospect> {
  const to: State = { mode: 'ap', role: 'standby', vrrp: 'backup' }
  return {
    to,
    sentence: `rejoin: this machine ${comesBack(config)}`,
    checks: rejoinChecks(config),
    steps: rejoinSteps(from, { ...to, vrrp: 'stop' }, observed, config),
    refusal: await rejoin.refusal(force),
  }
}

async function recloneProspect(
  { reclone }: Operations,
  request: Extract<PlanRequest, { command: 'reclone' }>,
): Promise<Prospect> {
  const { command: _, ...wanted } = request
  const { checks, steps, refusal } = await reclone.plan(wanted)
  const to: State = { mode: 'ap', role: 'standby', vrrp: 'backup' }
  return { to, sentence: 'reclone: a fresh copy of the data, then rejoin', checks, steps, refusal }
}

async function bootstrapProspect(
  { parts: { config } }: Supervisor,
  { commands }: Operations,
  request: Extract<PlanRequest, { command: 'bootstrap' }>,
  from: State,
  observed: Observed,
): Promise<Prospect> {
  const { refusal, outlook, forms } = await commands.cluster.plan(request)
  const steps = refusal === null ? bootstrapSteps(observed, config, forms) : []
  return { to: from, sentence: bootstrapSentence(outlook), checks: [], steps, refusal, members: outlook?.rows ?? [] }
}

async function setProspect(
  supervisor: Supervisor,
  operations: Operations,
  request: Extract<PlanRequest, { command: 'set' }>,
  from: State,
  observed: Observed,
): Promise<Prospect> {
  const { config } = supervisor.parts
  const { commands } = operations
  const refusal = await commands.refusal(request)
  if (request.mode !== 'm' || request.force || !commands.serves(observed)) {
    return { ...(await changeProspect(supervisor, operations, request, from, observed)), refusal }
  }
  const after = { mode: from.mode, role: 'standby', vrrp: 'backup' } as const
  const rest = await changeProspect(supervisor, operations, request, after, afterHandover(observed))
  return {
    ...rest,
    sentence: `the lead is handed over to ${config.peer?.name} first; ${rest.sentence}`,
    checks: handoverChecks(config),
    steps: [...handoverSteps(from, observed, config, 'maintenance'), ...rest.steps],
    refusal,
  }
}

async function changeProspect(
  { parts: { config } }: Supervisor,
  { commands }: Operations,
  request: ChangeRequest,
  from: State,
  seen: Observed,
): Promise<Prospect> {
  const stops = request.command === 'stop' || request.command === 'restart'
  const withdrawal = { stage: 'vip', sentence: 'an operator stops the services', offer: null, follows: false } as const
  const observed = stops ? { ...seen, withdrawal } : seen
  const { event, doubt } = eventOf(request, observed, from, config)
  const to = event === null ? from : transition(from, event)
  const name = nameOf(request)
  const judgement = judge(to, observed, config, { event: name, from, planned: request.command !== 'notify' })
  const { holds, unfit } = judgement
  const steps = unique([...judgement.plan.withdraw, ...judgement.plan.grant, ...unitSteps(request, observed, to)])
  return {
    to,
    sentence: decisionSentence({ event: name, from, to, holds, unfit, doubt, engine: config.database.engine }),
    checks: [],
    steps: steps.map((step) => described(step, config)),
    refusal: request.command === 'set' ? null : commands.unitRefusal(request.command, from),
  }
}

function nameOf(request: PlanRequest): string {
  switch (request.command) {
    case 'set':
      return `set ${request.mode}`
    case 'notify':
      return request.state
    default:
      return request.command
  }
}

function eventOf(
  request: ChangeRequest,
  observed: Observed,
  from: State,
  config: Config,
): { event: MachineEvent | null; doubt: string | null } {
  if (request.command === 'set') {
    return { event: { type: 'set', mode: request.mode, holder: observed.vip }, doubt: null }
  }
  if (request.command !== 'notify') return { event: lookUp(from, observed, config), doubt: null }
  const heard = interpret(request.state, from, observed, config)
  return heard.believed ? { event: heard.event, doubt: null } : { event: null, doubt: heard.sentence }
}
