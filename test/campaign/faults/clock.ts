/** Faults of a machine's clock. Data. The outer machine's clock is never touched: see clock.ts. */
import { setClock } from '../clock.ts'
import { type Fault, PLACES, type Scene } from '../fault.ts'

const HOUR_S = 3600
const common = { subject: 'clock', layer: 'guest', places: PLACES, lastsMs: [1500, 6000] } as const
const mend = ({ machine }: Scene) => setClock(machine, 0)

export const CLOCK_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'clock-forward',
    title: 'the clock of apmode and MariaDB jumps an hour forward, and back',
    strike: ({ machine }) => setClock(machine, HOUR_S),
    mend,
  },
  {
    ...common,
    key: 'clock-back',
    title: 'the clock of apmode and MariaDB jumps an hour back, and forward',
    strike: ({ machine }) => setClock(machine, -HOUR_S),
    mend,
  },
]
