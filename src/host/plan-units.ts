/** What `start`, `stop`, `restart` and `--now` add to the steps of the posture: the service units, in order. Pure. */
import { isDown, isRunning, type Observed } from '../core/observed.ts'
import type { State } from '../core/state.ts'
import type { Step } from '../core/step.ts'
import type { PlanRequest, UnitCommand } from '../ports/control.ts'

export type ChangeRequest = Extract<PlanRequest, { command: 'set' | 'notify' | UnitCommand }>

/** A unit that the posture already starts or stops is not named twice. */
export function unique(steps: readonly Step[]): Step[] {
  const seen = new Set<string>()
  return steps.filter((step) => {
    const key = `${step.do} ${'unit' in step ? step.unit : ''}`
    return seen.has(key) ? false : seen.add(key)
  })
}

/** What `start`, `stop` and `--now` add to the posture. */
export function unitSteps(request: ChangeRequest, observed: Observed, to: State): Step[] {
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

function wantedUnits(request: ChangeRequest, to: State): 'nothing' | 'stop' | 'start' | 'restart' {
  if (request.command === 'notify') return 'nothing'
  if (request.command !== 'set') return request.command
  if (!request.now) return 'nothing'
  return to.mode === 'm' ? 'stop' : 'start'
}
