/**
 * The second half of a fence: the sessions of clients are ended, until nobody is left who may write although read_only is
 * on (READ ONLY ADMIN, SUPER before 10.11, also by a role; a running event of such a definer).
 * Invariant: `holds` is said only after a last look that found no such session but our own; where one was seen, only after
 * none came back for a while. Who does not need to be gone: an ordinary account's session, however often it comes back.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { statements } from '../../core/statements.ts'
import { DatabaseFailure, failureOf } from './failure.ts'
import { type Link, ownThreads, type Row } from './link.ts'
import { addressOf, isWritable } from './observe.ts'
import type { Countdown, Session } from './session.ts'
import { atLeast } from './version.ts'

/** How long to wait for ended ordinary sessions to be gone; they cannot begin anything new, they only roll back. */
const LEAVE_MS = 300
/** A privileged client that connects in a loop is back within this … */
const QUIET_MS = 250
/** … and one that did come back, on a machine that has no time for it, within this. */
const QUIET_AFTER_RETURN_MS = 500
/** The same where there only are such accounts: one that connects for each write may be away in the moment of a look. */
export const GLANCE_MS = 40
const LOOK_EVERY_MS = 2
/** With less than this no look is begun, so that the answer can still name who it was. */
const LAST_LOOK_MS = 20
/** What an installation has and people use by hand; they alone make no fence wait. */
const INSTALLED = new Set(["'root'@'localhost'", "'mysql'@'localhost'", "'mariadb.sys'@'localhost'"])
const LOGGING_IN = 'unauthenticated user'

export interface Round {
  readonly session: Session
  readonly left: Countdown
  /** Our own thread that must end as well: it was enabling events. */
  readonly stray: string | null
  /** Thread ids that were ended; the server may list one for a moment longer. */
  readonly ended: Set<string>
  readonly remarks: string[]
  /** Switches the event scheduler off if this state says that it is on; true when it did. */
  disableEvents(link: Link, state: Row | undefined): Promise<boolean>
}

export interface Verdict {
  readonly holds: boolean
  readonly detail: string
}

/** `listed`: the clients as they were when read_only was read back, `state`: that reading. Throws DatabaseFailure. */
export async function endClients(round: Round, link: Link, listed: readonly Row[], state: Row): Promise<Verdict> {
  const { left, ended, remarks, session } = round
  const begun = performance.now()
  const leaveUntil = begun + Math.min(LEAVE_MS, left.leftMs() / 2)
  const quietMs = Math.min(QUIET_MS, left.leftMs() / 4)
  const quietAfterReturnMs = Math.min(QUIET_AFTER_RETURN_MS, left.leftMs() / 2)
  let returned = false
  const names = new Set<string>()
  const first = others(round, listed)
  let written = ownWrites(state)
  let lastSeen: number | null = null
  let targets = first
  for (;;) {
    const looked = await lookAfterKilling(round, link, targets).catch((error: unknown) => {
      // The time is over in the middle of a look: who it was is known nevertheless.
      if (names.size > 0 && failureOf(error, session.where).reason === 'hung') return null
      throw error
    })
    if (looked === null) return { holds: false, detail: cannotHold(names) }
    const [now, grantees, after] = looked
    // A session of ours that was given up may have had a grant on its way; it is among those that were ended.
    if (isWritable(after?.[0]?.read_only)) throw stillOff(session)
    const accounts = new Set((grantees ?? []).map((row) => row.grantee ?? ''))
    const mayWrite = privilegeTest(accounts)
    const present = others(round, now ?? [])
    const mighty = present.filter((client) => mayWrite(client) || client.id === round.stray)
    for (const client of first.filter(mayWrite)) names.add(nameOf(client))
    returned ||= mighty.some((client) => !ended.has(client.id ?? '') && names.has(nameOf(client)))
    for (const client of mighty.filter(mayWrite)) names.add(nameOf(client))
    const writes = ownWrites(after?.[0])
    const eventsRan = await round.disableEvents(link, after?.[0])
    const somebody = mighty.length > 0 || eventsRan || writes !== written
    if (writes !== written && names.size === 0) {
      remarks.push('somebody wrote although read_only was on')
      returned = true
    }
    written = writes
    if (somebody) lastSeen = performance.now()
    targets = present.filter(
      (client) => !ended.has(client.id ?? '') && (mighty.includes(client) || client.user === LOGGING_IN),
    )
    const leaving = present.filter((client) => ended.has(client.id ?? '') && !mayWrite(client)).length
    const glanceMs = [...accounts].some((account) => !INSTALLED.has(account)) ? GLANCE_MS : 0
    const waitMs = returned ? quietAfterReturnMs : names.size > 0 || lastSeen !== null ? quietMs : glanceMs
    const quiet = !somebody && performance.now() - (lastSeen ?? begun) >= waitMs
    if (quiet && targets.length === 0 && (leaving === 0 || performance.now() >= leaveUntil)) {
      if (leaving > 0) remarks.push(`${leaving} ended sessions still roll back`)
      if (names.size > 0) remarks.push(`${[...names].join(', ')} may write on a read-only database`)
      return { holds: true, detail: 'read_only is on' }
    }
    if (left.leftMs() < LAST_LOOK_MS) return { holds: false, detail: cannotHold(names) }
    if (targets.length === 0) await pause(LOOK_EVERY_MS)
  }
}

async function lookAfterKilling(round: Round, link: Link, targets: readonly Row[]) {
  await kill(round, link, targets)
  const look = [statements.clients(), privilegedAccounts(link), statements.fenceState()]
  return await link.run(look, round.left.leftMs())
}

/** Everybody's sessions but our own, and the events that run. */
export function others(round: Round, clients: readonly Row[]): readonly Row[] {
  const ours = ownThreads(round.session.where)
  return clients.filter(({ id }) => id === round.stray || !ours.has(id ?? ''))
}

export async function kill(round: Round, link: Link, targets: readonly Row[]): Promise<void> {
  if (targets.length === 0) return
  await link.run([statements.kill(targets.map((target) => Number(target.id)))], round.left.leftMs())
  for (const target of targets) round.ended.add(target.id ?? '')
}

export function stillOff(session: Session): DatabaseFailure {
  return new DatabaseFailure('error', `${session.where} says that read_only is off`)
}

export function privilegedAccounts(link: Link): string {
  return statements.privilegedAccounts(!atLeast(link.version, 10, 11))
}

function cannotHold(names: ReadonlySet<string>): string {
  const who = names.size === 0 ? 'somebody' : [...names].join(', ')
  return `read_only is on, but ${who} may write all the same and keeps coming back or does not end`
}

/** By the name alone: which of several accounts of one name a session has is not listed, and the strongest is assumed. */
function privilegeTest(accounts: ReadonlySet<string>): (client: Row) => boolean {
  const names = new Set([...accounts].map((account) => /^'(.*)'@/.exec(account)?.[1] ?? ''))
  const everybody = accounts.has("'PUBLIC'@''")
  return ({ user }) => user !== LOGGING_IN && (everybody || names.has(user ?? ''))
}

function nameOf({ user, host }: Row): string {
  return `${user}@${addressOf(host ?? '')}`
}

/** How far this server's own writes go; what it replicates has other numbers. */
function ownWrites(state: Row | undefined): string {
  const own = state?.server_id ?? ''
  const positions = (state?.binlog_state ?? '').split(',').map((position) => position.trim())
  return positions.filter((position) => position.split('-')[1] === own).join()
}
