/**
 * The steps of a promotion that concern replication: drain, stop, forget, allow writes.
 * Invariant: nothing here starts a replica of which both threads stand, because that throws its relay log away, and with
 * it what semi-sync had acknowledged (MDEV-4698).
 */
import { ApmodeError } from '../../core/errors.ts'
import { covers, lagBetween } from '../../core/gtid.ts'
import { statements } from '../../core/statements.ts'
import type { Call } from '../../ports/systemd.ts'
import { DatabaseFailure, ER, failureOf } from './failure.ts'
import type { Link } from './link.ts'
import { isWritable } from './observe.ts'
import { anyThreadRuns, type Replica, readReplica, readReplicas } from './replica.ts'
import { type Countdown, operate, type Session } from './session.ts'

/** How long one wait in the server is; between two, the SQL thread is looked at and an abort is heard. */
const SLICE_MS = 100

export interface DrainOutcome {
  readonly complete: boolean
  readonly detail: string
  /** Received and not applied. */
  readonly left: number
}

export async function drain(session: Session, call: Call): Promise<DrainOutcome> {
  let last: Replica | null = null
  return operate(session, 'apply what was received', call, async (link, left) => {
    last = await readReplica(link, left.leftMs())
    if (last === null) return { complete: true, detail: 'it is not a replica', left: 0 }
    if (last.status.io === 'No' && !last.status.sql && !isApplied(last)) return standing(last)
    if (!last.status.sql && last.status.io !== 'No') await link.run([statements.startApplying()], left.leftMs())
    left.check()
    if (last.status.io !== 'No' && !(await session.receiver.leaving(link, left))) {
      last = await session.receiver.stop(link, last, left)
    }
    return await applied(link, last, left, call.signal)
  }).catch((error: unknown) => {
    // The limit is an expected end, and a policy decides what follows; everything else is a failure.
    if (!(error instanceof ApmodeError) || error.code !== 'timeout') throw error
    return { complete: false, detail: `${progress(last)}: ${error.message}`, left: unapplied(last) }
  })
}

async function applied(
  link: Link,
  first: Replica | null,
  left: Countdown,
  signal: AbortSignal | undefined,
): Promise<DrainOutcome> {
  let replica = first
  const goal = first?.status.received ?? ''
  while (replica !== null && !isApplied(replica)) {
    left.check()
    if (!replica.status.sql) return standing(replica)
    if (replica.usesGtid) {
      const limitMs = Math.min(SLICE_MS, left.leftMs())
      const waiting = link.rows(statements.waitFor(goal, limitMs), left.leftMs() + SLICE_MS)
      const [row] = await unlessAborted(waiting, signal)
      if (row?.outcome === '0') break
    } else {
      await link.rows(`SELECT SLEEP(${SLICE_MS / 10_000})`, left.leftMs() + SLICE_MS)
    }
    replica = await readReplica(link, left.leftMs())
  }
  return {
    complete: true,
    detail: goal === '' ? 'nothing was waiting' : `everything up to ${goal} is applied`,
    left: 0,
  }
}

/**
 * Only a wait may be left like this, because nothing depends on how it ends. A statement that changes something is always
 * waited for, also when its call was aborted: a `read_only=0` still on its way must not overtake the fence that follows.
 */
async function unlessAborted<T>(waiting: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await waiting
  let leave = () => {}
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(new ApmodeError('failed', 'aborted by a newer event'))
    signal.addEventListener('abort', leave, { once: true })
  })
  waiting.catch(() => {})
  try {
    return await Promise.race([waiting, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

function isApplied(replica: Replica): boolean {
  return replica.usesGtid ? covers(replica.status.gtid, replica.status.received) : replica.offsetsAgree
}

function standing(replica: Replica): DrainOutcome {
  const why = replica.status.errno === 0 ? 'the SQL thread stands' : `the SQL thread stopped: ${replica.status.error}`
  return { complete: false, detail: `${progress(replica)}: ${why}`, left: unapplied(replica) }
}

function unapplied(replica: Replica | null): number {
  return replica === null ? 0 : lagBetween(replica.status.gtid, replica.status.received)
}

function progress(replica: Replica | null): string {
  if (replica === null) return 'nothing is known about the relay log'
  return `applied up to ${replica.status.gtid || 'nothing'} of ${replica.status.received || 'nothing'} received`
}

export async function stopReplication(session: Session, call: Call): Promise<void> {
  await operate(session, 'stop replication', call, async (link, left) => {
    const replica = await readReplica(link, left.leftMs())
    if (replica === null || anyThreadRuns([replica]) === undefined) return
    const receives = replica.status.io !== 'No'
    if (receives && !(await session.receiver.leaving(link, left))) await session.receiver.stop(link, replica, left)
    // STOP SLAVE would wait for a thread that only says good-bye.
    const leaving = receives && (await session.receiver.leaving(link, left))
    await link.run(leaving ? [statements.stopApplying()] : statements.stopReplication(), left.leftMs())
  })
}

export async function forgetPrimary(session: Session, call: Call): Promise<void> {
  await operate(session, 'forget the primary', call, async (link, left) => {
    const replica = await readReplica(link, left.leftMs())
    if (replica === null) return
    left.check()
    if (!replica.status.sql && replica.status.io !== 'No' && (await session.receiver.leaving(link, left))) {
      session.receiver.forgetLater()
      return
    }
    try {
      await link.run(statements.forgetPrimary(), left.leftMs())
    } catch (error) {
      const failure = failureOf(error, link.where)
      if (failure.errno !== ER.SLAVE_MUST_STOP) throw failure
      throw new ApmodeError('refused', 'a replication thread still runs')
    }
  })
}

export async function commitWithPeer(session: Session, on: boolean, call: Call): Promise<void> {
  await operate(session, 'change who acknowledges commits', call, async (link, left) => {
    left.check()
    await link.run(statements.commitWithPeer(on), left.leftMs())
  })
}

export async function disconnectReplica(session: Session, address: string, call: Call): Promise<void> {
  await operate(session, 'end the connection of a replica', call, async (link, left) => {
    left.check()
    await link.run([statements.disconnectReplica(address)], left.leftMs())
  })
}

export async function allowWrites(session: Session, call: Call): Promise<void> {
  await operate(session, 'allow writes', call, async (link, left) => {
    const running = anyThreadRuns(await readReplicas(link, left.leftMs()))
    const harmless = running?.status.sql === false && (await session.receiver.leaving(link, left))
    if (running !== undefined && !harmless) {
      const { source, io, sql } = running.status
      throw new ApmodeError('refused', `it still replicates from ${source} (IO ${io}, SQL ${sql ? 'Yes' : 'No'})`)
    }
    left.check()
    const state = (await link.run(statements.allowWrites(), left.leftMs())).at(-1)?.[0]
    if (!isWritable(state?.read_only)) {
      throw new DatabaseFailure('error', `${link.where} still says read_only=${state?.read_only ?? 'nothing'}`)
    }
  })
}
