/**
 * The Database port on a member of a Galera cluster: the same server as MariaDB's, the same connections and the same fence;
 * what ties the machines together is the cluster's own affair, so everything of a primary and its replica is refused.
 * Invariant: only what must be on all members is written as an ordinary statement; what a machine says of itself is not.
 */
import { clusterStatements } from '../../core/cluster-statements.ts'
import { ApmodeError } from '../../core/errors.ts'
import type { Database } from '../../ports/database.ts'
import type { Events } from './events.ts'
import { fence } from './fence.ts'
import { recordLead } from './lead.ts'
import { keepLocal } from './local.ts'
import type { MariadbOptions } from './mariadb.ts'
import { type Leads, lookAtPeerMember, observeMember } from './membership.ts'
import { obstacles } from './obstacles.ts'
import { peerLook } from './peer.ts'
import { type Folders, ping } from './ping.ts'
import { announce, examinePeer, heardFrom } from './presence.ts'
import { desync, formComponent, takeWrites, waitForMember } from './take-part.ts'

/** What only a primary and its replica can do. */
const refuse = (deed: string) =>
  Promise.reject(
    new ApmodeError(
      'refused',
      `cannot ${deed}: a member of a Galera cluster is no primary and no replica (engine "galera")`,
    ),
  )

/** Commits that wait for a silent member end when it is given up, after half a second or somewhat more, and read_only with them. */
const FIRST_TRY = 0.8

export function createGalera({ socket, log = () => {} }: MariadbOptions): Database {
  let schedulerWasOn = false
  // Where an event runs is the cluster's affair: Galera leaves it enabled on one member only. The fence alone is ours.
  const events: Events = {
    allow() {},
    found() {},
    halt: () => null,
    schedulerWasOn() {
      schedulerWasOn = true
    },
    rest: async () => {},
  }
  const prepare = [clusterStatements.readAnywhere()]
  const { session, memory, open, close } = keepLocal({ socket, log, events, firstTry: FIRST_TRY, prepare })
  const seen: { leads: Leads } = { leads: { lead: null, leads: [] } }
  const folders: Folders = { known: [] }
  const peer = peerLook(lookAtPeerMember, prepare)

  return {
    open,
    async close() {
      close()
      peer.close()
    },
    observe: (call) => observeMember(session, seen, call),
    ping: (call) => ping(session, folders, call),
    folders: () => folders.known,
    fence: (call) => fence(session, memory, call),
    async allowWrites(call) {
      await takeWrites(session, schedulerWasOn, call)
      schedulerWasOn = false
    },
    desync: (on, call) => desync(session, on, call),
    formComponent: (call) => formComponent(session, call),
    recordLead: (row, call) => recordLead(session, row, call, clusterStatements.position()),
    observePeer: (other, call) => peer.observe(other, call),
    waitForPeer: (other, call) => waitForMember(session, peer, other, call),
    announce: (presence, call) => announce(session, presence, call, clusterStatements.apart),
    examinePeer: (other, node, call) => examinePeer(other, node, call, prepare),
    heardFrom: (other, call) => heardFrom(session, other, call),
    obstacles: (limits, call) => obstacles(session, limits, call),
    drain: () => refuse('apply what was received'),
    stopReplication: () => refuse('stop replication'),
    forgetPrimary: () => refuse('forget the primary'),
    follow: () => refuse('follow a primary'),
    acknowledgements: () => refuse('see how acknowledgements come in'),
    commitWithPeer: () => refuse('change who acknowledges commits'),
    disconnectReplica: () => refuse('end the connection of a replica'),
    keepTransactions: () => refuse('keep transactions of the binary log'),
  }
}
