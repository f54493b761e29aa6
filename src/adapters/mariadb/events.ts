/**
 * The database's events run on the machine that is writable: ENABLED there, SLAVESIDE_DISABLED on the other, as MariaDB
 * itself marks what comes by replication. The scheduler is OFF elsewhere. One that its owner has DISABLED stays so; since
 * MariaDB marks that one like the others on a replica, the lead notes it in a table that replicates.
 * Invariant: enabling happens in the background after writes were allowed, and never after `halt`: a fence halts it, ends
 * its session and waits until that is gone. Never replicated (sql_log_bin=0), and never the reason why writes wait.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../core/errors.ts'
import { type EventIdentity, type EventStatus, eventStatements } from '../../core/event-statements.ts'
import { statements } from '../../core/statements.ts'
import { ER, failureOf } from './failure.ts'
import { type Link, openLink, type Row, type Target, whereOf } from './link.ts'
import type { Countdown, Session } from './session.ts'

/** After writes were allowed: what a promotion still does in these moments goes first. */
const DELAY_MS = 100
const ATTEMPTS = 5
const RETRY_MS = 1000
const STATEMENT_MS = 5000
/** How soon it is noted what an owner has disabled. */
const NOTE_EVERY_MS = 5000

export interface Events {
  /** Writes are allowed: what was enabled where it came from runs here now. In the background. */
  allow(): void
  /** As `allow`, for a lead that was found writable; nothing after `halt`. Every few seconds: what owners have disabled. */
  found(): void
  /** Nothing is enabled from now on until `allow`. Returns the thread that may still be at it; null: none. */
  halt(): string | null
  /** The fence switched the scheduler off: `allow` switches it on even when no event is enabled. */
  schedulerWasOn(): void
  /** Scheduler off, and what is ENABLED runs where it came from. Only on a read-only database. Throws DatabaseFailure. */
  rest(link: Link, left: Countdown): Promise<void>
}

export function createEvents(target: Target, log: Session['log']): Events {
  let halted = false
  let begun = false
  let scheduler = false
  let notedAt = 0
  let job: Promise<void> | null = null
  let link: Link | null = null

  const onOwnLink = async (work: (own: Link) => Promise<void>) => {
    const own = await openLink(target, STATEMENT_MS)
    try {
      // No wait between here and the first statement: a halt comes before both or sees the link.
      if (halted) return
      link = own
      await work(own)
    } finally {
      if (link === own) link = null
      own.close()
    }
  }

  const enable = async (own: Link) => {
    const disabled = new Set((await noted(own)).map(noteOf))
    const moved = await moveAll(
      own,
      'SLAVESIDE_DISABLED',
      (event) => (disabled.has(noteOf(event)) ? 'DISABLED' : 'ENABLED'),
      () => (halted ? 0 : STATEMENT_MS),
    )
    const enabled = await own.rows(eventStatements.events('ENABLED'), STATEMENT_MS)
    if (halted || (enabled.length === 0 && !scheduler)) return
    await own.run([statements.enableEvents()], STATEMENT_MS)
    scheduler = false
    log('info', `The event scheduler is on${moved > 0 ? `; ${moved} events run here now` : ''}.`)
  }

  const note = async (own: Link) => {
    const disabled = (await own.rows(eventStatements.events('DISABLED'), STATEMENT_MS)).map(identityOf)
    const before = (await noted(own)).map(noteOf)
    if (halted || before.join() === disabled.map(noteOf).join()) return
    for (const text of eventStatements.createDisabledEvents()) {
      if (halted) return
      await own.run([text], STATEMENT_MS)
    }
    await own.run(eventStatements.noteDisabledEvents(disabled), STATEMENT_MS)
  }

  const inTheBackground = async () => {
    for (let attempt = 1; attempt <= ATTEMPTS && !halted; attempt++) {
      await pause(attempt === 1 ? DELAY_MS : RETRY_MS, undefined, { ref: false })
      try {
        if (!halted) await onOwnLink(enable)
        return
      } catch (error) {
        if (!halted) log('warn', `The events could not be enabled: ${messageOf(failureOf(error, whereOf(target)))}.`)
      }
    }
  }

  const after = (work: () => Promise<void>) => {
    const next = (job ?? Promise.resolve()).then(work).finally(() => {
      if (job === next) job = null
    })
    job = next
  }

  const begin = () => {
    begun = true
    notedAt = performance.now()
    after(inTheBackground)
  }

  const noteSometimes = () => {
    if (job !== null || performance.now() - notedAt < NOTE_EVERY_MS) return
    notedAt = performance.now()
    after(() =>
      onOwnLink(note).catch((error: unknown) => {
        if (!halted) log('warn', `Disabled events could not be noted: ${messageOf(failureOf(error, whereOf(target)))}.`)
      }),
    )
  }

  /** `limitMs`: what the next statement may take; 0 ends it. */
  const moveAll = async (
    own: Link,
    from: EventStatus,
    toOf: (event: EventIdentity) => EventStatus,
    limitMs: () => number,
  ): Promise<number> => {
    const found = await own.rows(eventStatements.events(from), limitMs())
    if (found.length > 0) await own.run([eventStatements.eventsStayHere()], limitMs())
    let moved = 0
    for (const event of found.map(identityOf)) {
      if (limitMs() === 0) break
      const to = toOf(event)
      try {
        // By itself: mysql2 encodes what it sends in the character set that the last answer spoke of.
        await own.run(['SET NAMES utf8mb4'], limitMs())
        await own.run(eventStatements.moveEvent(event, to), limitMs())
        if (to === 'ENABLED') moved++
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
      if (halted) return
      if (!begun) begin()
      else noteSometimes()
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
      const [state, enabled] = await looking.run(
        [statements.fenceState(), eventStatements.events('ENABLED')],
        left.leftMs(),
      )
      if (state?.[0]?.event_scheduler === 'ON') {
        await looking.run([statements.disableEvents()], left.leftMs())
        scheduler = true
      }
      if ((enabled ?? []).length === 0) return
      const own = await openLink(target, left.leftMs())
      try {
        await moveAll(
          own,
          'ENABLED',
          () => 'SLAVESIDE_DISABLED',
          () => left.leftMs(),
        )
      } finally {
        own.close()
      }
    },
  }
}

type Noted = Pick<EventIdentity, 'schema' | 'name' | 'altered'>

/** One that was changed since it was noted (a replica has the primary's time) is another one. */
function noteOf({ schema, name, altered }: Noted): string {
  return JSON.stringify([schema, name, altered])
}

async function noted(link: Link): Promise<readonly Noted[]> {
  try {
    return (await link.rows(eventStatements.disabledEvents(), STATEMENT_MS)).map(identityOf)
  } catch (error) {
    const { errno } = failureOf(error, link.where)
    if (errno === ER.NO_SUCH_TABLE || errno === ER.BAD_DATABASE) return []
    throw error
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
    altered: Number(text('altered')),
  }
}
