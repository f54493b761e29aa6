/** Faults of a whole machine. Data. */
import { type Fault, PLACES } from '../fault.ts'
import { ensureOn, freezeMachine, powerOff, reboot } from '../power.ts'

const common = { subject: 'power', layer: 'machine', places: PLACES } as const

export const POWER_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'power-off',
    title: 'power off',
    lastsMs: [500, 8000],
    strike: async ({ machine }) => void (await powerOff(machine)),
    mend: ({ machine }) => ensureOn(machine),
  },
  {
    ...common,
    key: 'reboot',
    title: 'reboot, in order',
    lastsMs: [500, 2000],
    strike: ({ machine }) => reboot(machine),
    mend: ({ machine }) => ensureOn(machine),
  },
  {
    ...common,
    key: 'freeze',
    title: 'the machine stands still (frozen), and goes on',
    lastsMs: [200, 8000],
    strike: ({ machine }) => freezeMachine(machine),
    mend: ({ machine }) => ensureOn(machine),
  },
]
