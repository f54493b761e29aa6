/**
 * The faults of machines without a database: those of the unit that serves, and what of the pair's list needs no database.
 * Invariant: a fault of the pair is the same one here, under the same key.
 */
import { type Fault, nothing, type Place, shell } from '../fault.ts'
import { KEEPALIVED_FAULTS } from '../faults/keepalived.ts'
import { NETWORK_FAULTS } from '../faults/network.ts'
import { OPERATOR_FAULTS } from '../faults/operator.ts'
import { POWER_FAULTS } from '../faults/power.ts'
import { SUPERVISOR_FAULTS } from '../faults/supervisor.ts'

const SHARED: readonly string[] = [
  'keepalived-killed',
  'keepalived-hung',
  'keepalived-stopped',
  'keepalived-restarted',
  'supervisor-killed',
  'supervisor-stopped',
  'supervisor-hung',
  'daemon-reexec',
  'power-off',
  'reboot',
  'freeze',
  'nic-down',
  'cable-pulled',
  'cable-deaf',
  'operator-set-m',
  'operator-set-ap-now',
  'operator-stop',
  'operator-restart',
]

/**
 * While one of these lasts, a machine may keep the VIP though another one rightly took it: it does not see the others, or the
 * keepalived that would take the VIP away stands still or is dead.
 */
export const BLIND: readonly string[] = ['cable-deaf', 'freeze', 'keepalived-hung', 'keepalived-killed']

/** Without a supervisor a machine may carry the VIP for seconds, and nobody is there to tell. */
export const UNTOLD: readonly string[] = ['supervisor-stopped', 'supervisor-hung', 'freeze']

/** `places`: where each of them may strike. */
export function faultsOf(unit: string, title: string, places: readonly Place[]): readonly Fault[] {
  const common = { subject: title, layer: 'guest', places } as const
  const shared = [
    ...KEEPALIVED_FAULTS,
    ...SUPERVISOR_FAULTS,
    ...POWER_FAULTS,
    ...NETWORK_FAULTS,
    ...OPERATOR_FAULTS,
  ].filter(({ key }) => SHARED.includes(key))
  return [
    {
      ...common,
      key: 'unit-killed',
      title: `${title} killed (kill -9)`,
      lastsMs: [500, 4000],
      strike: shell(`systemctl kill -s KILL ${unit} || true`),
      mend: nothing,
    },
    {
      ...common,
      key: 'unit-hung',
      title: `${title} hangs (SIGSTOP), and goes on (SIGCONT)`,
      lastsMs: [500, 6000],
      strike: shell(`systemctl kill -s STOP ${unit} || true`),
      mend: shell(`systemctl kill -s CONT ${unit} || true`),
    },
    {
      ...common,
      key: 'unit-stopped',
      title: `${title} stopped`,
      lastsMs: [500, 4000],
      strike: shell(`systemctl stop ${unit}`),
      mend: nothing,
    },
    ...shared.map((fault) => ({ ...fault, places })),
  ]
}
