/** What `apmode bootstrap` would do, as steps of a plan. Pure. */
import type { Outlook } from '../../core/bootstrap.ts'
import type { Config } from '../../core/config.ts'
import { isRunning, type Observed } from '../../core/observed.ts'
import type { PlannedStep } from '../../ports/control.ts'
import { described } from '../plan-operations.ts'

export const ALLOW = {
  step: 'allow-bootstrap',
  sentence: 'let this member be the first one: safe_to_bootstrap in grastate.dat',
} as const

export function bootstrapSteps(observed: Observed, config: Config, forms: 'start' | 'component'): PlannedStep[] {
  const allow: PlannedStep = {
    ...ALLOW,
    effect: 'grant',
    calls: ['write safe_to_bootstrap: 1 to grastate.dat in the data folder, where it says 0'],
  }
  const others = observed.units
    .filter((unit) => unit.kind !== 'database' && !isRunning(unit) && unit.runs !== 'holder')
    .map(({ name }) => described({ do: 'start-unit', effect: 'grant', unit: name }, config))
  if (forms === 'component')
    return [described({ do: 'form-component', effect: 'grant', anywhere: true }, config), ...others]
  const databases = observed.units
    .filter(({ kind }) => kind === 'database')
    .map(({ name }) => described({ do: 'start-unit', effect: 'grant', unit: name, as: 'first member' }, config))
  return [allow, ...databases, ...others]
}

export function bootstrapSentence(outlook: Outlook | null): string {
  const { verdict } = outlook ?? {}
  const lost = verdict?.kind === 'newest' ? verdict.lost : []
  return ['bootstrap: this machine forms the primary component, the others join it', ...lost].join('; ')
}
