/** Faults of the network between the machines and their clients. Data. */
import { type Fault, PLACES } from '../fault.ts'

const common = { subject: 'network', layer: 'network', places: PLACES } as const

export const NETWORK_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'nic-down',
    title: 'NIC down',
    lastsMs: [300, 6000],
    strike: ({ machine }) => machine.nic('down'),
    mend: ({ machine }) => machine.nic('up'),
  },
  {
    ...common,
    key: 'cable-pulled',
    title: 'cable pulled',
    lastsMs: [300, 6000],
    strike: ({ machine }) => machine.cable('pulled'),
    mend: ({ machine }) => machine.cable('plugged'),
  },
  {
    ...common,
    key: 'cable-deaf',
    title: 'nothing gets through the cable, the carrier stays',
    lastsMs: [300, 6000],
    strike: ({ machine }) => machine.cable('deaf'),
    mend: ({ machine }) => machine.cable('plugged'),
  },
]
