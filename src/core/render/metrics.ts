/**
 * The status, and what the supervisor has counted, as Prometheus metrics. Names and units follow Prometheus' conventions;
 * what is unknown has no line, so that an alert on its absence works. Pure: it says nothing that it is not given.
 */
import type { PeerView, Status } from '../../ports/control.ts'
import type { Meters } from '../../ports/meters.ts'
import { isRunning } from '../observed.ts'
import { MODES, ROLES, VRRP_STATES } from '../vocabulary.ts'
import { countedMetrics } from './counted-metrics.ts'
import { expose, label, type Metric } from './exposition.ts'

const KNOWN_MODES = [...MODES, 'unset', 'unreadable']

function truth(name: string, help: string, value: boolean | null | undefined): Metric {
  return number(name, help, value === null || value === undefined ? null : Number(value))
}

function number(name: string, help: string, value: number | null | undefined): Metric {
  const samples = value === null || value === undefined || Number.isNaN(value) ? [] : [{ labels: '', value }]
  return { name, type: 'gauge', help, samples }
}

const secondsOf = (at: string | null | undefined) => (at == null ? null : Date.parse(at) / 1000)

/** One line for each possible state, 1 for the present one; none when it is unknown. */
function states(name: string, help: string, of: string, all: readonly string[], now: string | null): Metric {
  const samples = now === null ? [] : all.map((state) => ({ labels: label(of, state), value: state === now ? 1 : 0 }))
  return { name, type: 'gauge', help, samples }
}

function ownMetrics(status: Status): Metric[] {
  const { lead, lastChange } = status
  return [
    {
      name: 'apmode_info',
      type: 'gauge',
      help: 'This machine, what it serves and the version of apmode.',
      samples: [
        {
          labels: [label('node', status.node), label('engine', status.engine), label('version', status.version)].join(
            ',',
          ),
          value: 1,
        },
      ],
    },
    states('apmode_mode', 'The mode of this machine.', 'mode', KNOWN_MODES, status.mode),
    truth('apmode_mode_changing', 'A change of the mode is under way.', status.being !== null),
    states('apmode_role', 'The place of this machine in the pair.', 'role', ROLES, status.role),
    states('apmode_vrrp_state', 'What keepalived last said.', 'state', VRRP_STATES, status.vrrp),
    truth('apmode_holder', 'The VIP is on the interface of this machine.', status.holder),
    truth('apmode_writable', 'The database of this machine accepts writes.', status.writable),
    truth('apmode_fit', 'This machine may carry the VIP.', status.fit),
    truth(
      'apmode_commits_with_peer',
      'Semi-sync: a write is acknowledged when the peer has it too (1), or by this machine alone (0).',
      status.engine === 'galera' ? null : status.commitsWithPeer,
    ),
    number('apmode_problems', 'What cannot be done or read at the moment.', status.problems.length),
    number('apmode_lead_epoch', 'The number of the newest promotion that this machine knows.', lead?.epoch),
    number('apmode_lead_timestamp_seconds', 'When that promotion was made.', secondsOf(lead?.at)),
    number('apmode_last_change_timestamp_seconds', 'When the newest decision was made.', secondsOf(lastChange?.at)),
    {
      name: 'apmode_unit_active',
      type: 'gauge',
      help: 'The service unit is active, or reloads.',
      samples: status.units.map(({ name, kind, active }) => ({
        labels: `${label('unit', name)},${label('kind', kind)}`,
        value: isRunning({ active }) ? 1 : 0,
      })),
    },
    number(
      'apmode_units_given_up',
      'Units that did not start here, and wait for a person.',
      status.units.filter(({ givenUp }) => givenUp).length,
    ),
  ]
}

function replicationMetrics({ replication }: Status): Metric[] {
  return [
    truth('apmode_replication_io_running', 'The replica receives.', replication && replication.io === 'Yes'),
    truth('apmode_replication_sql_running', 'The replica applies.', replication?.sql),
    number('apmode_replication_lag_seconds', 'How far the replica is behind.', replication?.lagSeconds),
    number('apmode_replication_error_code', 'The last error of replication; 0: none.', replication?.errno),
  ]
}

function clusterMetrics({ cluster }: Status): Metric[] {
  return [
    truth(
      'apmode_cluster_primary',
      'The member is in the primary component.',
      cluster && cluster.component === 'Primary',
    ),
    truth('apmode_cluster_synced', 'The member has every write set (Synced).', cluster && cluster.state === 'Synced'),
    truth('apmode_cluster_serves', 'The member may be asked for reads and writes.', cluster?.serves),
    truth('apmode_cluster_desynced', 'The member falls behind on purpose (wsrep_desync).', cluster?.desynced),
    number('apmode_cluster_size', 'Members of the component that this one sees.', cluster?.size),
    number('apmode_cluster_receive_queue', 'Write sets that wait to be applied here.', cluster?.queue),
    number(
      'apmode_cluster_flow_control_paused_ratio',
      'Share of the time in which the cluster waited.',
      cluster?.paused,
    ),
    number('apmode_cluster_last_committed', 'Number of the last write set that was committed here.', cluster?.seqno),
  ]
}

function peerMetrics(peer: PeerView | null): Metric[] {
  return [
    truth('apmode_peer_reachable', "The peer's database answered the last look.", peer?.reachable),
    truth('apmode_peer_writable', "The peer's database accepts writes.", peer?.writable),
    truth('apmode_peer_attached', 'The replica of the peer is connected.', peer?.attached),
    states('apmode_peer_mode', 'The mode of the peer, in its own words.', 'mode', KNOWN_MODES, peer?.mode ?? null),
    truth('apmode_peer_fit', 'The peer may carry the VIP, in its own words.', peer?.fit),
    number('apmode_peer_said_timestamp_seconds', 'When the peer last said how it is.', secondsOf(peer?.saidAt)),
  ]
}

/** `meters` null: nothing is counted. */
export function renderMetrics(status: Status, meters: Meters | null): string {
  return expose([
    ...ownMetrics(status),
    ...(status.engine === 'galera' ? clusterMetrics(status) : replicationMetrics(status)),
    ...peerMetrics(status.peer),
    ...(meters === null ? [] : countedMetrics(meters)),
  ])
}
