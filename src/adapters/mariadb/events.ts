/**
 * The database's events run on the machine that is writable: ENABLED there, SLAVESIDE_DISABLED on the other, as MariaDB
 * itself marks what comes by replication. One that its owner has DISABLED stays so. The scheduler is OFF elsewhere.
 * Invariant: enabling happens in the background after writes were allowed, and never after `halt`: a fence halts it, ends
 * its session and waits until that is gone. Never replicated (sql_log_bin=0), and never the reason why writes wait.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../core/errors.ts'
import { type EventIdentity, type EventStatus, statements } from '../../core/statements.ts'
import { failureOf } from './failure.ts'
import { type Link, openLink, type Row, type Target, whereOf } from './link.ts'
import type { Countdown, Session } from './session.ts'

/** After writes were allowed: what a promotion still does in these moments goes first. */
const DELAY_MS = 100
const ATTEMPTS = 5
const RETRY_MS = 1000
const STATEMENT_MS = 5000

export interface Events {
  /** Writes are allowed: what was enabled where it came from runs here now. In the background. */
  allow(): void
  /** As `allow`, for a database that was found writable; nothing after `halt` and nothing twice. */
  found(): void
  /** Nothing is enabled from now on until `allow`. Returns the thread that may still be at it; null: none. */
  halt(): string | null
  /** The fence switched the scheduler off: `allow` switches it on even when no event is enabled. */
  schedulerWasOn(): void
  /** Scheduler off, and what is ENABLED runs where it came from. Only on a read-only database. Throws DatabaseFailure. */
  rest(link: Link, left: Countdown): Promise<void>
  /** Resolves when nothing is under way in the background. */
  settled(): Promise<void>
}

export function createEvents(target: Target, log: Session['log']): Events {
  let halted = false
  let begun = false
  let scheduler = false
  let job: Promise<void> | null = null
  let link: Link | null = null

  const enable = async () => {
    const own = await openLink(target, STATEMENT_MS)
    try {
      // No wait between here and the first statement: a halt comes before both or sees the link.
      if (halted) return
      link = own
      const moved = await moveAll(own, 'SLAVESIDE_DISABLED', 'ENABLED', () => (halted ? 0 : STATEMENT_MS))
      const enabled = await own.rows(statements.events('ENABLED'), STATEMENT_MS)
      if (halted || (enabled.length === 0 && !scheduler)) return
      await own.run([statements.enableEvents()], STATEMENT_MS)
      scheduler = false
      log('info', `The event scheduler is on${moved > 0 ? `; ${moved} events run here now` : ''}.`)
    } finally {
      if (link === own) link = null
      own.close()
    }
  }

  const inTheBackground = async () => {
    for (let attempt = 1; attempt <= ATTEMPTS && !halted; attempt++) {
      await pause(attempt === 1 ? DELAY_MS : RETRY_MS, undefined, { ref: false })
      try {
        if (!halted) await enable()
        return
      } catch (error) {
        if (!halted) log('warn', `The events could not be enabled: ${messageOf(failureOf(error, whereOf(target)))}.`)
      }
    }
  }

  const begin = () => {
    begun = true
    const before = job
    const next = (before ?? Promise.resolve()).then(inTheBackground).finally(() => {
      if (job === next) job = null
    })
    job = next
  }

  /** `limitMs`: what the next statement may take; 0 ends it. */
  const moveAll = async (own: Link, from: EventStatus, to: EventStatus, limitMs: () => number): Promise<number> => {
    const found = await own.rows(statements.events(from), limitMs())
    if (found.length > 0) await own.run([statements.eventsStayHere()], limitMs())
    let moved = 0
    for (const event of found.map(identityOf)) {
      if (limitMs() === 0) break
      try {
        await own.run([statements.moveEvent(event, to)], limitMs())
        moved++
      } catch (error) {
        const failure = failureOf(error, own.where)
        if (failure.lost) throw failure
        // One that is over, or broken, does not keep the others from running.
        log('warn', `The event ${event.schema}.${event.name} could not be made ${to}: ${failure.message}.`)
      }
    }
    return moved
  }

  return {
    allow() {
      halted = false
      begin()
    },
    found() {
      if (!halted && !begun) begin()
    },
    halt() {
      halted = true
      begun = false
      return link === null ? null : String(link.threadId)
    },
    schedulerWasOn() {
      scheduler = true
    },
    async rest(looking, left) {
      const [state, enabled] = await looking.run([statements.fenceState(), statements.events('ENABLED')], left.leftMs())
      if (state?.[0]?.event_scheduler === 'ON') {
        await looking.run([statements.disableEvents()], left.leftMs())
        scheduler = true
      }
      if ((enabled ?? []).length === 0) return
      const own = await openLink(target, left.leftMs())
      try {
        await moveAll(own, 'ENABLED', 'SLAVESIDE_DISABLED', () => left.leftMs())
      } finally {
        own.close()
      }
    },
    async settled() {
      while (job !== null) await job
    },
  }
}

function identityOf(row: Row): EventIdentity {
  const text = (column: string) => row[column] ?? ''
  return {
    schema: text('schema'),
    name: text('name'),
    definer: text('definer'),
    charset: text('charset'),
    collation: text('collation'),
  }
}
