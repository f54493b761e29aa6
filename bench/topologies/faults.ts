/** Strikes that are the same wherever keepalived runs; the aim is the topology's. Data. */
import type { Machine } from '../../test/pair/apmode-pair.ts'
import { LEFT_BEHIND_MS, silentMs, TOLD_MS, type TopologyFault } from './topology.ts'

const shell = (script: string) => (machine: Machine) => machine.shell(script)
const nothing = async () => {}

export const killed = (title: string, unit: string): TopologyFault => ({
  key: 'killed',
  title: `${title} killed (kill -9)`,
  aimMs: TOLD_MS,
  moves: true,
  strike: shell(`systemctl kill -s KILL ${unit}`),
  mend: nothing,
})

export const hung = (title: string, unit: string, aimMs: number): TopologyFault => ({
  key: 'hung',
  title: `${title} hung (SIGSTOP)`,
  aimMs,
  moves: true,
  strike: shell(`systemctl kill -s STOP ${unit}`),
  mend: shell(`systemctl kill -s CONT ${unit} || true`),
})

/** Power, card, cable. `priority`: of the machine that is next. */
export const silences = (priority: number): readonly TopologyFault[] => [
  {
    key: 'power-off',
    title: 'power off',
    aimMs: silentMs(priority),
    moves: true,
    strike: (machine) => machine.powerOff(),
    mend: backOn,
  },
  {
    key: 'nic-down',
    title: 'NIC down',
    aimMs: silentMs(priority),
    moves: true,
    strike: (machine) => machine.nic('down'),
    mend: (machine) => machine.nic('up'),
  },
  {
    key: 'cable-pulled',
    title: 'cable pulled',
    aimMs: silentMs(priority),
    moves: true,
    strike: (machine) => machine.cable('pulled'),
    mend: (machine) => machine.cable('plugged'),
  },
]

export async function backOn(machine: Machine): Promise<void> {
  if (!machine.running()) await machine.powerOn()
}

export const KEEPALIVED_KILLED: TopologyFault = {
  key: 'keepalived-killed',
  title: 'keepalived killed (kill -9)',
  aimMs: LEFT_BEHIND_MS,
  moves: true,
  strike: shell('systemctl kill -s KILL keepalived'),
  mend: nothing,
}

export const KEEPALIVED_STOPPED: TopologyFault = {
  key: 'keepalived-stopped',
  title: 'keepalived stopped',
  aimMs: TOLD_MS,
  moves: true,
  strike: shell('systemctl stop keepalived'),
  mend: nothing,
}

export const MAINTENANCE: TopologyFault = {
  key: 'set-m',
  title: '`apmode set m`',
  aimMs: TOLD_MS,
  moves: true,
  // Not waited for: what the client sees begins before the command ends.
  strike: (machine) => machine.must(['apmode', 'set', 'm'], { timeoutMs: 30_000 }),
  mend: nothing,
}
