/** The faults of the active machine that must move the service, as the original's tests had them. Data. */
import type { Machine } from './apmode-pair.ts'

export interface Fault {
  readonly name: string
  /** Does it, and gives the moment in epoch milliseconds just before. */
  strike(machine: Machine): Promise<number>
  /** Takes the cause away. */
  mend(machine: Machine): Promise<void>
  /** The machine can be asked while the fault lasts, and ends in `m` by itself. */
  readonly fallsOut: boolean
}

const shell =
  (script: string) =>
  async (machine: Machine): Promise<number> => {
    const at = Date.now()
    await machine.shell(script)
    return at
  }
const nothing = async () => {}

export const FAULTS: readonly Fault[] = [
  {
    name: 'power off',
    strike: (machine) => machine.powerOff(),
    mend: async (machine) => {
      await machine.cable('plugged')
      await machine.powerOn()
    },
    fallsOut: false,
  },
  {
    name: 'NIC down',
    strike: async (machine) => {
      const at = Date.now()
      await machine.nic('down')
      return at
    },
    mend: (machine) => machine.nic('up'),
    fallsOut: true,
  },
  {
    name: 'cable pulled',
    strike: async (machine) => {
      const at = Date.now()
      await machine.cable('pulled')
      return at
    },
    mend: (machine) => machine.cable('plugged'),
    fallsOut: true,
  },
  { name: 'keepalived stopped', strike: shell('systemctl stop keepalived'), mend: nothing, fallsOut: true },
  {
    name: 'keepalived killed',
    strike: shell('systemctl kill -s KILL keepalived'),
    mend: nothing,
    fallsOut: true,
  },
  { name: 'API killed', strike: shell('systemctl kill -s KILL api'), mend: nothing, fallsOut: true },
  { name: 'database killed', strike: shell('systemctl kill -s KILL mariadb'), mend: nothing, fallsOut: true },
  { name: 'database stopped cleanly', strike: shell('systemctl stop mariadb'), mend: nothing, fallsOut: true },
]
