/**
 * The fence: after it the database refuses every client's write, and that was read back from the server.
 * Invariant: `proven` is said only after read_only was read as on, or when nothing listens and no session is left; it ends
 * within its limit whatever the server does. A withdrawal: the call's AbortSignal is not looked at.
 *
 * The usual case is two or three round trips: set, read back and list; kill; list again.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../core/errors.ts'
import { statements } from '../../core/statements.ts'
import type { FenceOutcome } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { DatabaseFailure, ER, failureOf } from './failure.ts'
import type { Link, Row } from './link.ts'
import { addressOf, isWritable } from './observe.ts'
import { isGone, type ServerProcess } from './process.ts'
import { type Countdown, countdown, linkOf, type Session } from './session.ts'

/** What blocks the change gets this long to end by itself before its connections are killed. */
const GRACE_MS = 50
/** How long to wait for killed sessions to be gone; they cannot begin anything new, they only roll back. */
const LEAVE_MS = 300
const KILL_ROUNDS = 3

export interface FenceMemory {
  /** The process behind the last connection; null: never connected. */
  process: ServerProcess | null
  /** This program switched the event scheduler off, so it switches it on again with writes. */
  eventsDisabled: boolean
}

interface Round {
  readonly session: Session
  readonly memory: FenceMemory
  readonly left: Countdown
  /** Thread ids that were ended; the server may list one for a moment longer. */
  readonly ended: Set<string>
  readonly remarks: string[]
}

export async function fence(session: Session, memory: FenceMemory, call: Call): Promise<FenceOutcome> {
  const round: Round = { session, memory, left: countdown(call), ended: new Set(), remarks: [] }
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
      const clients = await setReadOnly(round, link, attempt)
      await killClients(round, link, clients)
      return outcome(true, 'read_only is on')
    } catch (error) {
      const failure = failureOf(error, session.where)
      problem = failure.message
      if (failure.reason === 'down') return await nothingListens(round, outcome, problem)
      if (failure.reason === 'hung') break
      if (failure.lost) await pause(2)
      else attempt++
    }
  }
  return outcome(false, problem === '' ? `no answer within ${call.timeoutMs} ms` : problem)
}

/** Sets read_only and reads it back; returns the sessions to kill. Throws DatabaseFailure. */
async function setReadOnly(round: Round, link: Link, attempt: number): Promise<readonly Row[]> {
  const { session, left } = round
  const helper = await helperOf(session, link)
  // With one connection only nobody could kill what blocks it afterwards: kill before.
  if (helper === null || attempt > 0) await killListed(round, helper ?? link, session)
  const limitMs = left.leftMs() * (attempt === 0 ? 0.5 : 0.8)
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
      await killListed(round, helper, session).catch((error: unknown) => round.remarks.push(messageOf(error)))
    }
  }
  try {
    const [, state, clients] = await change
    if (isWritable(state?.[0]?.read_only)) throw stillOff(session)
    await disableEvents(round, link, state?.[0])
    return clients ?? []
  } catch (error) {
    const failure = failureOf(error, session.where)
    // A change whose client gave up would go on waiting in the server, with everything new queued behind it.
    if (failure.reason === 'hung' || failure.errno === ER.STATEMENT_TIMEOUT) {
      await helper?.run([`KILL QUERY ${link.threadId}`], Math.min(left.leftMs(), GRACE_MS)).catch(() => {})
    }
    throw failure
  }
}

function stillOff(session: Session): DatabaseFailure {
  return new DatabaseFailure('error', `${session.where} says that read_only is off`)
}

/**
 * Ending a session that waits for the peer's acknowledgement would commit what the peer never got: a transaction that
 * nobody was told of, and on no other machine. Such a server is not fenced but killed (G7): its crash recovery as a replica
 * gives those transactions up. Waits once more, since under load there is always somebody who waits for a moment.
 */
async function commitsAreStuck(helper: Link, change: Promise<unknown>, left: Countdown): Promise<boolean> {
  const waiting = async () => {
    const [row] = await helper.rows(statements.waitingCommits(), left.leftMs())
    return Number(row?.Value ?? 0) > 0
  }
  if (!(await waiting())) return false
  const again = pause(Math.min(GRACE_MS, left.leftMs() / 3), 'slow' as const)
  return (await Promise.race([change.then(done, done), again])) === 'slow' && (await waiting())
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

/** Events of privileged definers would write on a read-only server. */
async function disableEvents(round: Round, link: Link, state: Row | undefined): Promise<void> {
  if (state?.event_scheduler !== 'ON') return
  await link.run([statements.disableEvents()], round.left.leftMs())
  round.memory.eventsDisabled = true
  round.remarks.push('the event scheduler was switched off')
}

async function killListed(round: Round, link: Link, session: Session): Promise<void> {
  const [clients] = await link.run([statements.clients()], round.left.leftMs())
  await kill(round, link, others(clients ?? [], session))
}

/**
 * Ends the sessions of clients: whoever holds READ ONLY ADMIN could write on. Such an account is named, and ended again, a
 * few times, when it comes back: read_only does not bind it, only taking the privilege away does.
 */
async function killClients(round: Round, link: Link, listed: readonly Row[]): Promise<void> {
  const { session, left, ended } = round
  const waitUntil = performance.now() + Math.min(LEAVE_MS, left.leftMs() / 2)
  const privileged = new Set<string>()
  const wasEnded = (client: Row) => ended.has(client.id ?? '')
  const first = others(listed, session)
  let targets: readonly Row[] = first.filter((client) => !wasEnded(client))
  for (let kills = 0; ; ) {
    if (targets.length > 0) {
      await kill(round, link, targets)
      kills++
    }
    if (ended.size === 0) return
    const [now, grantees, state] = await link.run(
      [statements.clients(), statements.privilegedAccounts(), statements.fenceState()],
      left.leftMs(),
    )
    // A session of ours that was given up may have had a grant on its way; it is among those that were ended.
    if (isWritable(state?.[0]?.read_only)) throw stillOff(session)
    const mayWrite = (client: Row) => userNames(grantees ?? []).has(client.user ?? '')
    const present = others(now ?? [], session)
    targets = present.filter((client) => !wasEnded(client) && mayWrite(client))
    for (const client of [...first, ...targets].filter(mayWrite)) {
      privileged.add(`${client.user}@${addressOf(client.host ?? '')}`)
    }
    if (targets.length > 0 && kills < KILL_ROUNDS) continue
    const leaving = present.filter(wasEnded).length
    if (leaving > 0 && performance.now() < waitUntil) {
      targets = []
      await pause(2)
      continue
    }
    if (leaving > 0) round.remarks.push(`${leaving} ended sessions still roll back`)
    const back = targets.length > 0 ? ' and keeps coming back' : ''
    if (privileged.size > 0) {
      round.remarks.push(`${[...privileged].join(', ')} may write on a read-only database${back}`)
    }
    return
  }
}

/** The user names in `'name'@'host'`. */
function userNames(grantees: readonly Row[]): ReadonlySet<string> {
  return new Set(grantees.map((row) => /^'(.*)'@/.exec(row.grantee ?? '')?.[1] ?? ''))
}

async function kill(round: Round, link: Link, targets: readonly Row[]): Promise<void> {
  if (targets.length === 0) return
  await link.run([statements.kill(targets.map((target) => Number(target.id)))], round.left.leftMs())
  for (const target of targets) round.ended.add(target.id ?? '')
}

/** Everybody's sessions but our own. */
function others(clients: readonly Row[], session: Session): readonly Row[] {
  const ours = new Set(Object.values(session.lanes).map((lane) => String(lane.current?.threadId ?? '')))
  return clients.filter((client) => !ours.has(client.id ?? ''))
}

async function nothingListens(
  round: Round,
  outcome: (proven: boolean, detail: string) => FenceOutcome,
  detail: string,
): Promise<FenceOutcome> {
  const server = round.memory.process
  while (server !== null && !isGone(server)) {
    if (round.left.leftMs() === 0) return outcome(false, `${detail}, but process ${server.pid} still has clients`)
    await pause(2)
  }
  return outcome(true, detail)
}
