/** Faults of keepalived. Data. */
import { type Fault, nothing, PLACES, shell } from '../fault.ts'

const common = { subject: 'keepalived', layer: 'guest', places: PLACES } as const

export const KEEPALIVED_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'keepalived-killed',
    title: 'keepalived killed (kill -9, all its processes)',
    lastsMs: [500, 4000],
    strike: shell('systemctl kill -s KILL keepalived'),
    mend: nothing,
  },
  {
    ...common,
    key: 'keepalived-stopped',
    title: 'keepalived stopped',
    lastsMs: [500, 4000],
    strike: shell('systemctl stop keepalived'),
    mend: nothing,
  },
]
