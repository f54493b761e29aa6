/** Faults of the API. Data. */
import { type Fault, nothing, PLACES, shell } from '../fault.ts'

const common = { subject: 'API', layer: 'guest', places: PLACES } as const

export const API_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'api-killed',
    title: 'API killed (kill -9)',
    lastsMs: [500, 4000],
    strike: shell('systemctl kill -s KILL api'),
    mend: nothing,
  },
]
