/**
 * Writes transactions of the local binary log to a file, as SQL that a person can read and apply again: what only this
 * machine has is not lost with it (G6). By mariadb-binlog over the server's socket, so that encrypted logs work too.
 * Invariant: the file appears whole or not at all, is readable by root alone, and nothing but numbers and names that the
 * server gave is in an argument. It changes nothing in the database.
 *
 * Two passes: the first only looks where the transactions are, because mariadb-binlog prints a setting (`use`, sql_mode)
 * only when it changes, so that nothing can be cut out of its output; the second prints each stretch by its offsets.
 */
import { constants } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type GtidRange, rangeText } from '../../core/divergence.ts'
import { ApmodeError, messageOf } from '../../core/errors.ts'
import { literal, statements } from '../../core/statements.ts'
import type { Call } from '../../ports/systemd.ts'
import { findStretches, type Stretch } from './export-find.ts'
import { printBinlog } from './export-program.ts'
import { cannot, DatabaseFailure } from './failure.ts'
import { type Countdown, countdown, linkOf, type Session } from './session.ts'

export interface ExportOrder {
  /** The local server's. */
  readonly socket: string
  readonly ranges: readonly GtidRange[]
  /** Created (0700) when it is missing. */
  readonly folder: string
  /** 64 MiB if not given. */
  readonly mostBytes?: number
}

export interface Exported {
  readonly path: string
  /** Transactions found in the binary log; those that were purged from it are missing. */
  readonly count: number
  /** False: the file ends at its size limit. */
  readonly complete: boolean
}

const MOST_BYTES = 64 * 1024 * 1024

/** Throws ApmodeError: `failed` when none of them is in the binary log any more, `storage`, `timeout`, `unreachable`. */
export async function exportTransactions(session: Session, order: ExportOrder, call: Call): Promise<Exported> {
  const left = countdown(call)
  const what = `keep ${order.ranges.map(rangeText).join(', ')}`
  try {
    const files = await logsOf(session, order.ranges, left)
    const stretches: Stretch[] = []
    for (const file of files) {
      left.check()
      stretches.push(...(await findStretches(order.socket, file, order.ranges, left)))
    }
    const count = stretches.reduce((sum, stretch) => sum + stretch.count, 0)
    if (count === 0) throw new ApmodeError('failed', 'none of them is in the binary log any more')
    return { ...(await write(order, stretches, count, left)), count }
  } catch (error) {
    if (error instanceof DatabaseFailure) throw cannot(what, error, session.where)
    const code = error instanceof ApmodeError ? error.code : 'storage'
    throw new ApmodeError(code, `cannot ${what}: ${messageOf(error)}`)
  }
}

/** The binary logs that can hold the ranges, oldest first: back to the one that begins before each of them. */
async function logsOf(session: Session, ranges: readonly GtidRange[], left: Countdown): Promise<string[]> {
  const link = await linkOf(session, 'observe', left.leftMs())
  const rows = await link.rows(statements.binaryLogs(), left.leftMs())
  const files: string[] = []
  for (const { Log_name: name } of rows.toReversed()) {
    if (typeof name !== 'string') continue
    files.unshift(name)
    left.check()
    const [row] = await link.rows(statements.binaryLogStart(literal(name)), left.leftMs())
    if (row?.position !== null && ranges.every((range) => beginsBefore(row?.position ?? '', range))) break
  }
  return files
}

function beginsBefore(position: string, { domain, after }: GtidRange): boolean {
  const own = position.split(',').map((part) => part.trim().split('-'))
  const sequence = own.find(([itsDomain]) => itsDomain === domain)?.[2]
  return sequence === undefined || BigInt(sequence) <= after
}

async function write(
  order: ExportOrder,
  stretches: readonly Stretch[],
  count: number,
  left: Countdown,
): Promise<Omit<Exported, 'count'>> {
  await mkdir(order.folder, { recursive: true, mode: 0o700 })
  const at = new Date().toISOString()
  const path = join(order.folder, `${at.replaceAll(':', '').replace(/\.\d+Z$/, 'Z')}_${nameOf(order.ranges)}.sql`)
  const draft = join(order.folder, `.${basename(path)}.${process.pid}`)
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants
  const file = await open(draft, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600)
  let complete = true
  let bytes = 0
  const most = order.mostBytes ?? MOST_BYTES
  const append = async (chunk: Buffer) => {
    const part = chunk.subarray(0, Math.max(most - bytes, 0))
    bytes += chunk.length
    if (part.length > 0) await file.writeFile(part)
    complete &&= part.length === chunk.length
    return complete
  }
  try {
    await file.chmod(0o600)
    await file.writeFile(headOf(order.ranges, count, at))
    for (const { file: log, from, to } of stretches) {
      if (!complete) break
      const argv = ['--verbose', `--start-position=${from}`, `--stop-position=${to}`, log]
      await printBinlog(order.socket, argv, append, left)
    }
    if (!complete) await file.writeFile(`\n-- It ends here: the limit of ${most} bytes is reached.\n`)
    await file.sync()
    await file.close()
    await rename(draft, path)
    const folder = await open(order.folder, constants.O_RDONLY)
    await folder.sync().finally(() => folder.close())
    return { path, complete }
  } catch (error) {
    await file.close().catch(() => {})
    await rm(draft, { force: true })
    throw error
  }
}

function nameOf(ranges: readonly GtidRange[]): string {
  const first = ranges[0]
  const more = ranges.length > 1 ? `_and_${ranges.length - 1}_more` : ''
  return first === undefined
    ? 'nothing'
    : `${rangeText(first)
        .replace('…', '_')
        .replaceAll(/[^\d_-]/g, '')}${more}`
}

function headOf(ranges: readonly GtidRange[], count: number, at: string): string {
  const wanted = ranges.reduce((sum, { after, last }) => sum + (last - after), 0n)
  return [
    `-- Transactions that only this machine has, found by apmode at ${at}: ${ranges.map(rangeText).join(', ')}`,
    `-- ${count} of them are in its binary log and in this file${wanted > BigInt(count) ? ` (of up to ${wanted})` : ''}.`,
    '-- For a person to read, and to apply what is wanted by hand, on the machine that is writable: read it first.',
    '',
    '',
  ].join('\n')
}
