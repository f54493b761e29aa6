/**
 * Before old data goes aside: the transactions that only this machine has, into a file that a person can read (G6).
 * Invariant: what cannot be kept this way is said, and ends the operation unless a person has decided otherwise: by
 * `--force`, or by keeping the old data itself. The old data is never touched here.
 */
import { statSync } from 'node:fs'
import { divergence, type GtidRange, rangeText } from '../core/divergence.ts'
import { ApmodeError, messageOf } from '../core/errors.ts'
import { isRunning } from '../core/observed.ts'
import { recloneSentence } from '../core/reclone-steps.ts'
import type { RecloneRequest } from '../ports/control.ts'
import type { Database, DatabasePresent } from '../ports/database.ts'
import type { LongWork } from './long-work.ts'
import { primaryOf } from './parts.ts'
import { PATHS } from './paths.ts'
import type { Supervisor } from './supervisor.ts'

/** A server that has just recovered may still be busy. */
const LOOK_MS = 5_000
/** Nobody waits for it behind the queue. */
const KEEP_MS = 10 * 60_000
/** A file of this size may have ended at its limit (64 MiB). */
const LARGE_BYTES = 60 * 1024 * 1024

export async function keepWhatOnlyThisHas(
  supervisor: Supervisor,
  request: RecloneRequest,
  work: LongWork,
): Promise<void> {
  const { database, config } = supervisor.parts
  if (database === null) return
  const sentence = recloneSentence('keep-transactions', config, 'logical', '')
  try {
    await ensureRuns(supervisor, work)
    await work.step('keep-transactions', sentence, () => keep(supervisor, database, request))
  } catch (thrown) {
    const why = messageOf(thrown)
    if (request.force || (request.keepOld && thrown instanceof NotKept)) {
      work.tell({ type: 'note', sentence: `${why}; it goes on all the same` })
      return
    }
    throw new ApmodeError(
      'failed',
      `${why}: what only this machine has would be lost with its old data; apmode reclone --keep-old keeps that, ` +
        '--force does without',
    )
  }
}

/** What it has is known, and cannot be written down: the old data has it. */
class NotKept extends ApmodeError {}

async function ensureRuns({ settler, parts }: Supervisor, work: LongWork): Promise<void> {
  const { units } = await settler.look('anew')
  const unit = units.find(({ kind }) => kind === 'database')
  if (unit === undefined || isRunning(unit)) return
  // Not as a replica of the peer, which would give up what was never acknowledged: it shall be in the file.
  await work.perform({ do: 'start-unit', effect: 'grant', unit: unit.name })
  parts.log.info({}, `${unit.name} was started to keep what only this machine has`)
}

async function keep({ settler, parts }: Supervisor, database: Database, request: RecloneRequest): Promise<string> {
  const primary = primaryOf(parts.config)
  const own = await database.observe({ timeoutMs: LOOK_MS })
  if (!own.answers)
    throw new NotKept('failed', `the database cannot be asked what only this machine has: ${own.detail}`)
  const ranges = primary === null ? [] : await apart(database, own)
  if (ranges.length === 0) return 'there is nothing that the other machine lacks'
  const { lineage } = settler.bond
  if (lineage.keptIn !== null && textOf(lineage.diverged) === textOf(ranges)) return `in ${lineage.keptIn}`
  const path = await database.keepTransactions(ranges, PATHS.diverged, { timeoutMs: KEEP_MS }).catch((thrown) => {
    throw new NotKept('failed', messageOf(thrown))
  })
  if (!request.keepOld && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LARGE_BYTES) {
    throw new NotKept('failed', `${path} is large, and may not hold all of ${textOf(ranges)}`)
  }
  return path

  async function apart(from: Database, { binlogState }: DatabasePresent): Promise<GtidRange[]> {
    // Asked after the own state was read: what came from there, it has.
    const peer = primary === null ? null : await from.observePeer(primary, { timeoutMs: LOOK_MS })
    if (peer === null || !peer.reachable || peer.binlogState === '') {
      throw new ApmodeError('failed', `the other machine cannot be asked what it has: ${peer?.detail ?? ''}`)
    }
    return divergence(binlogState, `${peer.binlogState},${peer.applied}`)
  }
}

const textOf = (ranges: readonly GtidRange[]) => ranges.map(rangeText).join(', ')
