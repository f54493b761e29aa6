/**
 * Where a member stands in its Galera cluster, from what it says of itself, and one look at it: local or over TCP.
 * Invariant: what it does not say is the worse of what it could be (not ready, in no component), never "fine".
 */
import { clusterStatements } from '../../core/cluster-statements.ts'
import type { LeadMark } from '../../core/parted.ts'
import type { DatabaseStatus, Lead, Membership } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { leadOf, leadRows } from './lead.ts'
import type { Link, Row } from './link.ts'
import { addressOf, isWritable, leadLimit, whatAnswers } from './observe.ts'
import type { Ask } from './peer.ts'
import type { Countdown, Session } from './session.ts'

export interface Member {
  readonly cluster: Omit<Membership, 'leads'>
  /** Clients' writes are taken: nothing forbids them, and the cluster, or nobody, is asked. */
  readonly writable: boolean
  readonly serverId: string
  /** Addresses of the members but this one. */
  readonly others: readonly string[]
}

const NO_NUMBER = 2 ** 63

export function memberOf(self: Row | undefined, status: readonly Row[]): Member {
  const said = new Map(status.map((row) => [row.Variable_name?.toLowerCase() ?? '', row.Value ?? '']))
  const text = (name: string) => said.get(`wsrep_${name}`) ?? ''
  const number = (name: string) => Number(text(name)) || 0
  const word = text('cluster_status')
  const component = word === 'Primary' || word === 'non-Primary' ? word : 'Disconnected'
  const ready = text('ready') === 'ON'
  const addresses = text('incoming_addresses').split(',').map(addressOf)
  const known = (address: string) => address !== '' && address !== 'AUTO'
  const seqno = said.has('wsrep_last_committed') ? number('last_committed') : -1
  const readOnly = !isWritable(self?.read_only)
  // A server that Galera was never switched on in takes writes for itself alone.
  const alone = self?.wsrep_on === '0'
  return {
    cluster: {
      component,
      state: text('local_state_comment') || 'Disconnected',
      ready,
      size: number('cluster_size'),
      members: addresses.filter(known),
      uuid: text('cluster_state_uuid'),
      seqno: seqno < NO_NUMBER ? seqno : -1,
      desynced: self?.desync === '1',
      queue: number('local_recv_queue'),
      paused: number('flow_control_paused'),
      readOnly,
    },
    writable: !readOnly && (alone || (ready && component === 'Primary')),
    serverId: self?.server_id ?? '',
    // In the order of their indices.
    others: addresses.filter((address, index) => known(address) && index !== number('local_index')),
  }
}

export async function lookAtMember(link: Link, limitMs: number): Promise<Member> {
  const [self, status] = await link.run([clusterStatements.self(), clusterStatements.status()], limitMs)
  return memberOf(self?.[0], status ?? [])
}

/** How a member is, in a few words for a person. */
export function inWords({ cluster, writable }: Member): string {
  const { component, state, size, readOnly } = cluster
  const where = component === 'Primary' ? `${state}, one of ${size} in the primary component` : `${state}, ${component}`
  return `${where}, ${writable ? 'writable' : readOnly ? 'read-only' : 'not taking writes'}`
}

/** What apmode.lead says. */
export interface Leads {
  readonly lead: Lead | null
  readonly leads: readonly LeadMark[]
}

/** null: it is locked. Throws DatabaseFailure. */
async function leadsOf(link: Link, lockMs: number, limitMs: number): Promise<Leads | null> {
  const rows = await leadRows(link, clusterStatements.leads(lockMs), limitMs)
  if (rows === null) return null
  const leads = rows.map(({ epoch, node, mark }) => ({ epoch: Number(epoch), node: node ?? '', mark: mark ?? '' }))
  return { lead: rows[0] === undefined ? null : leadOf(rows[0]), leads }
}

/** `seen`: what apmode.lead said last. */
export function observeMember(session: Session, seen: { leads: Leads }, call: Call): Promise<DatabaseStatus> {
  return whatAnswers(session, call, async (link, left: Countdown) => {
    const member = await lookAtMember(link, left.leftMs())
    seen.leads = (await leadsOf(link, leadLimit(left), left.leftMs() / 2)) ?? seen.leads
    return {
      answers: true,
      version: link.version.text,
      serverId: member.serverId,
      writable: member.writable,
      cluster: { ...member.cluster, leads: seen.leads.leads },
      commitsWithPeer: member.cluster.component === 'Primary' && member.cluster.size > 1,
      replication: null,
      binlogPosition: '',
      binlogState: '',
      replicas: member.others,
      lead: seen.leads.lead,
    }
  })
}

export const lookAtPeerMember: Ask = async (link, limitMs) => {
  // Asked together: one wait.
  const [member, told] = await Promise.all([
    lookAtMember(link, limitMs),
    leadsOf(link, Math.max(limitMs / 2, 10), limitMs),
  ])
  return {
    reachable: true,
    writable: member.writable,
    cluster: { ...member.cluster, leads: told?.leads ?? [] },
    detail: `${link.where} is ${inWords(member)}`,
    applied: '',
    binlogPosition: '',
    binlogState: '',
    commitsWithPeer: member.cluster.component === 'Primary' && member.cluster.size > 1,
    lead: told?.lead ?? null,
    leadKnown: told !== null,
    refused: false,
  }
}
