/**
 * The Database port on MariaDB: puts the operations of this folder together on kept connections to the local server
 * (root by unix_socket, no password). It decides nothing: what to do and when is the host's business.
 * Invariant: each call ends within its own limit, whatever the server or the network does.
 */
import { ApmodeError, messageOf } from '../../core/errors.ts'
import { statements } from '../../core/statements.ts'
import type { Database } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { acknowledgements } from './acknowledgements.ts'
import { createEvents } from './events.ts'
import { exportTransactions } from './export.ts'
import { failureOf } from './failure.ts'
import { fence } from './fence.ts'
import { follow } from './follow.ts'
import type { Log } from './kept.ts'
import { recordLead } from './lead.ts'
import type { Target } from './link.ts'
import { keepLocal } from './local.ts'
import { isWritable, observe, type Seen } from './observe.ts'
import { obstacles } from './obstacles.ts'
import { lookAtPrimary, peerLook, waitForReplica } from './peer.ts'
import { type Folders, ping } from './ping.ts'
import { announce, examinePeer, heardFrom } from './presence.ts'
import { allowWrites, commitWithPeer, disconnectReplica, drain, forgetPrimary, stopReplication } from './promote.ts'
import { countdown, linkOf } from './session.ts'

/** What only a member of a Galera cluster can do. */
const refuse = (deed: string) =>
  Promise.reject(new ApmodeError('refused', `cannot ${deed}: this database is in no Galera cluster (engine "mariadb")`))

/** How long giving the events to the primary may hold up following it. */
const REST_MS = 1000

export interface MariadbOptions {
  /** The server's Unix socket. */
  readonly socket: string
  readonly log?: Log
}

export function createMariadb(options: MariadbOptions): Database {
  const log: Log = options.log ?? (() => {})
  const target: Target = { kind: 'local', socket: options.socket }
  const events = createEvents(target, log)
  const { session, memory, open, close } = keepLocal({ socket: options.socket, log, events, firstTry: 0.5 })
  const seen: Seen = { replication: null, lead: null }
  const folders: Folders = { known: [] }
  const peer = peerLook(lookAtPrimary)

  /** Before it follows: what the primary says of its events later is then newer. Not done, it is only not the same on both. */
  const rest = async (call: Call) => {
    events.halt()
    const left = countdown(call)
    try {
      const link = await linkOf(session, 'act', left.leftMs())
      const [state] = await link.rows(statements.fenceState(), left.leftMs())
      if (!isWritable(state?.read_only)) await events.rest(link, left)
    } catch (error) {
      log('warn', `The events could not be given to the primary: ${messageOf(failureOf(error, session.where))}.`)
    }
  }

  return {
    open,
    async close() {
      close()
      peer.close()
    },
    async observe(call) {
      const status = await observe(session, seen, call)
      // A supervisor that was started anew, before the one before it had enabled the events.
      if (status.answers && status.writable && status.lead !== null && status.replication === null) events.found()
      return status
    },
    ping: (call) => ping(session, folders, call),
    folders: () => folders.known,
    fence: (call) => fence(session, memory, call),
    drain: (call) => drain(session, call),
    stopReplication: (call) => stopReplication(session, call),
    forgetPrimary: (call) => forgetPrimary(session, call),
    recordLead: (row, call) => recordLead(session, row, call),
    acknowledgements: (call) => acknowledgements(session, call),
    async keepTransactions(ranges, folder, call) {
      return (await exportTransactions(session, { socket: options.socket, ranges, folder }, call)).path
    },
    commitWithPeer: (on, call) => commitWithPeer(session, on, call),
    disconnectReplica: (address, call) => disconnectReplica(session, address, call),
    async allowWrites(call) {
      await allowWrites(session, call)
      events.allow()
    },
    async follow(primary, call) {
      const left = countdown(call)
      await rest({ timeoutMs: Math.min(REST_MS, call.timeoutMs / 2) })
      await follow(session, primary, { ...call, timeoutMs: left.leftMs() })
    },
    desync: () => refuse('fall behind on purpose'),
    formComponent: () => refuse('form a primary component'),
    observePeer: (primary, call) => peer.observe(primary, call),
    announce: (presence, call) => announce(session, presence, call),
    examinePeer: (primary, node, call) => examinePeer(primary, node, call),
    heardFrom: (other, call) => heardFrom(session, other, call),
    obstacles: (limits, call) => obstacles(session, limits, call),
    waitForPeer: (primary, call) => waitForReplica(session, primary, call),
  }
}
