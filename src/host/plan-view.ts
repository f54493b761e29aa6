/**
 * `apmode plan` and `--dry-run`: the same judgement as the real thing, on a fresh look, printed and not performed.
 * Invariant: it reads and never changes.
 */
import type { Config } from '../core/config.ts'
import { interpret, lookUp, withoutStaleWord } from '../core/interpret.ts'
import { type Judgement, judge } from '../core/judge.ts'
import { transition } from '../core/machine.ts'
import { isDown, isRunning, type Observed } from '../core/observed.ts'
import { rowFor } from '../core/posture.ts'
import { decisionSentence } from '../core/sentence.ts'
import type { MachineEvent, State } from '../core/state.ts'
import { callsOf, type Step, sentenceOf } from '../core/step.ts'
import type { PlannedStep, PlanRequest, PlanView } from '../ports/control.ts'
import type { Commands } from './commands.ts'
import type { Supervisor } from './supervisor.ts'

export async function planView(supervisor: Supervisor, commands: Commands, request: PlanRequest): Promise<PlanView> {
  const { settler, parts } = supervisor
  const stops = request.command === 'stop' || request.command === 'restart'
  const withdrawal = { stage: 'vip', sentence: 'an operator stops the services', offer: null } as const
  const observed = { ...(await settler.look('everything')), ...(stops ? { withdrawal } : {}) }
  const from = withoutStaleWord(settler.state, observed)
  const { event, doubt } = eventOf(request, observed, from, parts.config)
  const to = event === null ? from : transition(from, event)
  const name = nameOf(request)
  const judgement = judge(to, observed, parts.config, {
    event: name,
    from,
    planned: request.command !== 'notify',
  })
  const refusal =
    request.command === 'set' ? await commands.refusal({ ...request }) : commands.unitRefusal(request.command, from)
  const steps = refusal === null ? [...stepsOf(judgement), ...unitSteps(request, observed, to)] : []
  return {
    event: name,
    from,
    to: refusal === null ? to : from,
    sentence:
      refusal?.sentence ??
      decisionSentence({ event: name, from, to, holds: judgement.holds, unfit: judgement.unfit, doubt }),
    posture: rowFor(refusal === null ? to : from).sentence,
    steps: unique(steps).map((step) => describe(step, supervisor)),
    refusedBy: refusal?.refusedBy ?? null,
  }
}

function describe(step: Step, { parts }: Supervisor): PlannedStep {
  return {
    step: step.do,
    effect: step.effect,
    sentence: sentenceOf(step, parts.config),
    calls: callsOf(step, parts.config),
  }
}

const stepsOf = ({ plan }: Judgement): Step[] => [...plan.withdraw, ...plan.grant]

/** A unit that the posture already starts or stops is not named twice. */
function unique(steps: readonly Step[]): Step[] {
  const seen = new Set<string>()
  return steps.filter((step) => {
    const key = `${step.do} ${'unit' in step ? step.unit : ''}`
    return seen.has(key) ? false : seen.add(key)
  })
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
  request: PlanRequest,
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

/** What `start`, `stop` and `--now` add to the posture. */
function unitSteps(request: PlanRequest, observed: Observed, to: State): Step[] {
  const wanted = wantedUnits(request, to)
  const stop = (): Step[] =>
    [...observed.units]
      .reverse()
      .filter((unit) => unit.active !== null && !isDown(unit))
      .map((unit) => ({ do: 'stop-unit', effect: 'withdraw', unit: unit.name }))
  const start = (all: boolean): Step[] =>
    observed.units
      .filter((unit) => (all || !isRunning(unit)) && (unit.runs !== 'holder' || to.vrrp === 'master'))
      .map((unit) => ({ do: 'start-unit', effect: 'grant', unit: unit.name }))
  switch (wanted) {
    case 'nothing':
      return []
    case 'stop':
      return stop()
    case 'start':
      return start(false)
    case 'restart':
      return [...stop(), ...start(true)]
  }
}

function wantedUnits(request: PlanRequest, to: State): 'nothing' | 'stop' | 'start' | 'restart' {
  if (request.command === 'notify') return 'nothing'
  if (request.command !== 'set') return request.command
  if (!request.now) return 'nothing'
  return to.mode === 'm' ? 'stop' : 'start'
}
