/** Faults of the supervisor. Data. */
import { type Fault, nothing, PLACES, shell } from '../fault.ts'

const common = { subject: 'supervisor', layer: 'guest', places: PLACES } as const

export const SUPERVISOR_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'supervisor-killed',
    title: 'the supervisor killed (kill -9)',
    lastsMs: [200, 3000],
    strike: shell('systemctl kill -s KILL apmode'),
    mend: nothing,
  },
]
