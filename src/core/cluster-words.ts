/** Where a Galera member stands, in a line: wherever a status is shown. Pure. */
import type { ClusterView } from '../ports/control.ts'

export function clusterWords(cluster: ClusterView | null): string {
  if (cluster === null) return 'the database does not answer'
  const { component, state, size, members, uuid, seqno, queue, paused } = cluster
  const parts = [
    component === 'Primary' ? `primary component of ${size}` : `${component}, sees ${size}`,
    state,
    members.join(', '),
    seqno < 0 ? '' : `at ${seqno} of ${uuid}`,
    queue > 0 ? `${queue} write sets wait` : '',
    paused >= 0.01 ? `flow control paused it ${Math.round(paused * 100)} % of the time` : '',
  ]
  return parts.filter((part) => part !== '').join('; ')
}
