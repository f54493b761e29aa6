/**
 * The status as Prometheus metrics (text format 0.0.4). Names and units follow Prometheus' conventions; what is unknown has
 * no line, so that an alert on its absence works. Pure: it says nothing that is not in the Status.
 */
import type { Status } from '../../ports/control.ts'
import { MODES, ROLES, VRRP_STATES } from '../vocabulary.ts'

interface Metric {
  readonly name: string
  readonly help: string
  /** Labels as they are written, and the value. */
  readonly samples: readonly (readonly [labels: string, value: number])[]
}

const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`

function truth(name: string, help: string, value: boolean | null | undefined): Metric {
  return { name, help, samples: value === null || value === undefined ? [] : [['', value ? 1 : 0]] }
}

/** One line for each possible state, 1 for the present one. */
function states(name: string, help: string, label: string, all: readonly string[], now: string): Metric {
  return { name, help, samples: all.map((state) => [`${label}=${quoted(state)}`, state === now ? 1 : 0]) }
}

function number(name: string, help: string, value: number | null | undefined): Metric {
  return { name, help, samples: value === null || value === undefined ? [] : [['', value]] }
}

function metricsOf(status: Status): Metric[] {
  const { replication, peer, lead, lastChange } = status
  return [
    {
      name: 'apmode_info',
      help: 'This machine and the version of apmode.',
      samples: [[`node=${quoted(status.node)},version=${quoted(status.version)}`, 1]],
    },
    states('apmode_mode', 'The mode of this machine.', 'mode', [...MODES, 'unset', 'unreadable'], status.mode),
    states('apmode_role', 'The place of this machine in the pair.', 'role', ROLES, status.role),
    states('apmode_vrrp_state', 'What keepalived last said.', 'state', VRRP_STATES, status.vrrp),
    truth('apmode_holder', 'The VIP is on the interface of this machine.', status.holder),
    truth('apmode_writable', 'The database of this machine accepts writes.', status.writable),
    truth('apmode_fit', 'This machine may carry the VIP.', status.fit),
    truth(
      'apmode_commits_with_peer',
      'A write is acknowledged when the peer has it too (1), or by this machine alone (0).',
      status.commitsWithPeer,
    ),
    number('apmode_problems', 'What cannot be done or read at the moment.', status.problems.length),
    number('apmode_lead_epoch', 'The number of the newest promotion that this machine knows.', lead?.epoch),
    truth('apmode_replication_io_running', 'The replica receives.', replication && replication.io === 'Yes'),
    truth('apmode_replication_sql_running', 'The replica applies.', replication?.sql),
    number('apmode_replication_lag_seconds', 'How far the replica is behind.', replication?.lagSeconds),
    truth('apmode_peer_reachable', "The peer's database answered the last look.", peer?.reachable),
    truth('apmode_peer_writable', "The peer's database accepts writes.", peer?.writable),
    truth('apmode_peer_attached', 'The replica of the peer is connected.', peer?.attached),
    {
      name: 'apmode_unit_active',
      help: 'The service unit is active.',
      samples: status.units.map(({ name, active }) => [`unit=${quoted(name)}`, active === 'active' ? 1 : 0]),
    },
    number(
      'apmode_last_change_timestamp_seconds',
      'When the newest decision was made.',
      lastChange === null ? null : Date.parse(lastChange.at) / 1000,
    ),
  ]
}

export function renderMetrics(status: Status): string {
  return metricsOf(status)
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, samples }) => {
      const lines = samples.map(([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}`)
      return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('\n')}\n`
    })
    .join('')
}
