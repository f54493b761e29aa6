/** How facts of the status read on the page. Pure: it knows no document. */
import type { Status } from '../ports/control.ts'
import type { ReplicationStatus } from '../ports/database.ts'

/** Unknown is never told as no. */
export function told(value: boolean | null, yes: string, no: string, unknown = 'unknown'): string {
  return value === null ? unknown : value ? yes : no
}

export function modeWords({ mode, being }: Pick<Status, 'mode' | 'being'>): string {
  return being === null ? mode : `${mode}, being ${being}`
}

export function behind({ lagSeconds }: ReplicationStatus): string {
  return lagSeconds === null ? 'lag unknown' : `${lagSeconds} s behind`
}

export function replicationWords(found: ReplicationStatus): string {
  const { source, io, sql, errno, error } = found
  const works = io === 'Yes' && sql ? 'receives and applies' : `IO thread ${io}, SQL thread ${sql ? 'Yes' : 'No'},`
  return `${works} from ${source}, ${behind(found)}${errno === 0 ? '' : `, error ${errno}: ${error}`}`
}

/** Which of the two is the replica, and how it is; null: neither is known to be one. */
export function replicaOf(status: Status): { readonly name: string; readonly found: ReplicationStatus } | null {
  if (status.replication !== null) return { name: status.node, found: status.replication }
  const { peer } = status
  return peer?.replication ? { name: peer.name, found: peer.replication } : null
}
