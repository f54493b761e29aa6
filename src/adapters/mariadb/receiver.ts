/**
 * Ending the IO thread without waiting for a silent peer.
 *
 * A semi-sync replica's IO thread, when it ends, connects to its primary to end its dump thread there, and STOP SLAVE waits
 * for that: rpl_semi_sync_slave_kill_conn_timeout, seconds, when the primary's machine is dead (measured: 2 s on 10.11).
 * A thread that is just connecting to such a machine makes it wait as well, up to slave_net_timeout.
 * KILL of the thread only marks it: it receives nothing more and holds no lock while it says good-bye to nobody.
 * Invariant: what was left behind is finished here (STOP SLAVE, RESET SLAVE ALL), and never after somebody began to
 * follow again: `settled` is awaited first.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../core/errors.ts'
import { statements } from '../../core/statements.ts'
import { failureOf } from './failure.ts'
import { type Link, openLink, type Target } from './link.ts'
import { type Replica, readReplica } from './replica.ts'
import type { Countdown, Session } from './session.ts'

const ASK =
  'SELECT ID AS id, @@global.rpl_semi_sync_slave_enabled AS semi_sync FROM information_schema.PROCESSLIST ' +
  "WHERE COMMAND = 'Slave_IO'"
/** A primary that answers lets the thread go in a few milliseconds; then the plain way is open. */
const GOODBYE_MS = 15
const BACKGROUND_MS = 60_000

export interface Receiver {
  /** Ends receiving. Afterwards the thread is gone, or `leaving`: ended, and only not yet gone. */
  stop(link: Link, before: Replica, left: Countdown): Promise<Replica | null>
  /** True while the thread that `stop` ended is not yet gone; asks the server. */
  leaving(link: Link, left: Countdown): Promise<boolean>
  /** RESET SLAVE ALL as soon as the thread is gone, in the background. */
  forgetLater(): void
  /** True from `forgetLater` until it is done. */
  readonly forgetting: boolean
  /** Resolves when nothing is left to be done in the background. */
  settled(): Promise<void>
}

export function createReceiver(target: Target, log: Session['log']): Receiver {
  let ended: string | null = null
  let job: Promise<void> | null = null

  const threads = (link: Link, left: Countdown) => link.rows(ASK, left.leftMs())

  const forget = async () => {
    let link: Link | null = null
    try {
      link = await openLink(target, BACKGROUND_MS)
      await link.run([...statements.stopReplication(), ...statements.forgetPrimary()], BACKGROUND_MS)
      log('info', 'The former primary is forgotten now: its receiving thread has gone.')
    } catch (error) {
      log('warn', `The former primary could not be forgotten: ${messageOf(failureOf(error, 'the database'))}.`)
    } finally {
      link?.close()
      ended = null
      job = null
    }
  }

  return {
    async stop(link, before, left) {
      const listed = await threads(link, left)
      const ids = listed.map((row) => Number(row.id))
      const semiSync = listed.some((row) => row.semi_sync === '1' || row.semi_sync === 'ON')
      if (ids.length === 0 || (!semiSync && before.status.io === 'Yes')) {
        await link.run([statements.stopReceiving()], left.leftMs())
        return readReplica(link, left.leftMs())
      }
      await link.run([statements.kill(ids)], left.leftMs())
      ended = String(ids[0])
      const until = performance.now() + GOODBYE_MS
      let replica = await readReplica(link, left.leftMs())
      while (replica !== null && replica.status.io !== 'No' && performance.now() < until) {
        await pause(2)
        replica = await readReplica(link, left.leftMs())
      }
      if (replica === null || replica.status.io === 'No') ended = null
      return replica
    },
    async leaving(link, left) {
      if (ended === null) return false
      const still = (await threads(link, left)).some((row) => row.id === ended)
      if (!still && job === null) ended = null
      return still
    },
    forgetLater() {
      job ??= forget()
    },
    get forgetting() {
      return job !== null
    },
    async settled() {
      await job
    },
  }
}
