/**
 * The fence: after it the database refuses every client's write, and that was read back from the server.
 * Invariant: `proven` is said only after read_only was read as on and nobody is left whom it does not bind
 * (privileged.ts), or when nothing listens and no session is left; it ends within its limit whatever the server does.
 * A withdrawal: the call's AbortSignal is not looked at.
 *
 * The usual case is two or three round trips: set, read back and list; kill; list again.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../core/errors.ts'
import { statements } from '../../core/statements.ts'
import type { FenceOutcome } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { countersOf } from './acknowledgements.ts'
import type { Events } from './events.ts'
import { DatabaseFailure, ER, failureOf } from './failure.ts'
import type { Link, Row } from './link.ts'
import { isWritable } from './observe.ts'
import { endClients, kill, others, type Round, stillOff } from './privileged.ts'
import { isGone, type ServerProcess } from './process.ts'
import { type Countdown, countdown, linkOf, type Session } from './session.ts'

/** What blocks the change gets this long to end by itself before its connections are killed. */
const GRACE_MS = 50
const LATER_TRY = 0.8

export interface FenceMemory {
  /** The process behind the last connection; null: never connected. */
  process: ServerProcess | null
  readonly events: Events
  /** What the first try gets of the limit: what it may have to wait for must fit into it. */
  readonly firstTry: number
}

export async function fence(session: Session, memory: FenceMemory, call: Call): Promise<FenceOutcome> {
  const stray = memory.events.halt()
  const left = countdown(call)
  const round: Round = {
    session,
    left,
    stray,
    ended: new Set(),
    remarks: [],
    async disableEvents(link, state) {
      if (state?.event_scheduler !== 'ON') return false
      await link.run([statements.disableEvents()], left.leftMs())
      memory.events.schedulerWasOn()
      round.remarks.push('the event scheduler was switched off')
      return true
    },
  }
  const outcome = (proven: boolean, detail: string): FenceOutcome => ({
    proven,
    killed: round.ended.size,
    detail: [detail, ...round.remarks].join('; '),
  })
  let problem = ''
  // Twice, because a blocker may have come back; a connection that died says nothing (a server that shuts down ends them
  // all before it is down) and does not count.
  for (let attempt = 0; attempt < 2 && round.left.leftMs() > 0; ) {
    try {
      const link = await linkOf(session, 'fence', round.left.leftMs())
      const { state, clients } = await setReadOnly(round, link, attempt === 0 ? memory.firstTry : LATER_TRY, attempt)
      const { holds, detail } = await endClients(round, link, clients, state)
      return outcome(holds, detail)
    } catch (error) {
      const failure = failureOf(error, session.where)
      problem = failure.message
      if (failure.reason === 'down') return await nothingListens(round, memory, outcome, problem)
      if (failure.reason === 'hung') break
      if (failure.lost) await pause(2)
      else attempt++
    }
  }
  return outcome(false, problem === '' ? `no answer within ${call.timeoutMs} ms` : problem)
}

interface ReadBack {
  readonly state: Row
  /** The sessions at that moment. */
  readonly clients: readonly Row[]
}

/** Sets read_only, reads it back and stops the event scheduler. Throws DatabaseFailure. */
async function setReadOnly(round: Round, link: Link, share: number, attempt: number): Promise<ReadBack> {
  const { session, left } = round
  const helper = await helperOf(session, link)
  // With one connection only nobody could kill what blocks it afterwards: kill before.
  if (helper === null || attempt > 0) await killListed(round, helper ?? link)
  const limitMs = left.leftMs() * share
  const change = link.run(statements.fence(limitMs), Math.min(limitMs * 1.1, left.leftMs()))
  change.catch(() => {})
  if (helper !== null) {
    const slow = await Promise.race([change.then(done, done), pause(Math.min(GRACE_MS, limitMs / 3), 'slow' as const)])
    if (slow === 'slow' && (await commitsAreStuck(helper, change, left))) {
      await helper.run([`KILL QUERY ${link.threadId}`], Math.min(left.leftMs(), GRACE_MS)).catch(() => {})
      throw new DatabaseFailure('hung', 'commits wait for an acknowledgement of the peer that does not come')
    }
    if (slow === 'slow') {
      round.remarks.push('something blocked it, and the connections of clients were ended for that')
      await killListed(round, helper).catch((error: unknown) => round.remarks.push(messageOf(error)))
    }
  }
  try {
    const [, state, clients] = await change
    if (isWritable(state?.[0]?.read_only)) throw stillOff(session)
    await round.disableEvents(link, state?.[0])
    return { state: state?.[0] ?? {}, clients: clients ?? [] }
  } catch (error) {
    const failure = failureOf(error, session.where)
    // A change whose client gave up would go on waiting in the server, with everything new queued behind it.
    if (failure.reason === 'hung' || failure.errno === ER.STATEMENT_TIMEOUT) {
      await helper?.run([`KILL QUERY ${link.threadId}`], Math.min(left.leftMs(), GRACE_MS)).catch(() => {})
    }
    throw failure
  }
}

/**
 * Ending a session that waits for the peer's acknowledgement would commit what the peer never got: a transaction that
 * nobody was told of, and on no other machine. Such a server is not fenced but killed (G7): its crash recovery as a replica
 * gives those transactions up. Looks twice, since under load there is always somebody who waits for a moment: while
 * acknowledgements come in, it is something else that blocks.
 */
async function commitsAreStuck(helper: Link, change: Promise<unknown>, left: Countdown): Promise<boolean> {
  const look = async () => countersOf(await helper.rows(statements.acknowledgements(), left.leftMs()))
  const before = await look()
  if (before.waiting === 0) return false
  const again = pause(Math.min(2 * GRACE_MS, left.leftMs() / 3), 'slow' as const)
  if ((await Promise.race([change.then(done, done), again])) !== 'slow') return false
  const after = await look()
  return after.waiting > 0 && after.received === before.received
}

function done(): 'done' {
  return 'done'
}

/** A second connection for the kills; null when the server has none left for us. */
async function helperOf(session: Session, main: Link): Promise<Link | null> {
  const { current } = session.lanes.kill
  if (current !== null && current !== main) return current
  try {
    const link = await linkOf(session, 'kill', GRACE_MS)
    return link === main ? null : link
  } catch {
    return null
  }
}

async function killListed(round: Round, link: Link): Promise<void> {
  const [clients] = await link.run([statements.clients()], round.left.leftMs())
  await kill(round, link, others(round, clients ?? []))
}

async function nothingListens(
  round: Round,
  memory: FenceMemory,
  outcome: (proven: boolean, detail: string) => FenceOutcome,
  detail: string,
): Promise<FenceOutcome> {
  const server = memory.process
  while (server !== null && !isGone(server)) {
    if (round.left.leftMs() === 0) return outcome(false, `${detail}, but process ${server.pid} still has clients`)
    await pause(2)
  }
  return outcome(true, detail)
}
