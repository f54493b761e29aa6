/**
 * The copy over a SQL connection: mariadb-dump of the other server, streamed into the own one, which is fresh, read-only
 * and follows nobody. Invariant: the first statement gives the server a position that no primary has, the true one is set
 * by the last; so a server that is loaded by half can never follow. Nothing of it gets into the own binary log.
 *
 * What is not transactional (MyISAM, Aria) is copied as it is at that moment, without a lock on the other side.
 */
import { ApmodeError } from '../../core/errors.ts'
import { gtidsOf } from '../../core/gtid.ts'
import { literal } from '../../core/statements.ts'
import type { CloneOrder, CloneWatch } from '../../ports/clone.ts'
import type { Primary } from '../../ports/database.ts'
import { createDumpReader } from './dump-words.ts'
import { type Meter, startMeter } from './meter.ts'
import { collect, type Launcher, type Running, start } from './programs.ts'
import { FROM_DESCRIPTOR, withPassword } from './secret.ts'
import { toServer } from './source.ts'
import { type Local, sqlArgv } from './where.ts'

/** Nothing moved: a server that builds the index of a large table may be silent for minutes. */
const STALL_MS = 15 * 60_000
const ASK_MS = 10_000

/** Tables that are each server's own: how far it replicates, and what every installation has anyway. */
const OWN_TABLES = [
  ...['mysql.gtid_slave_pos', 'mysql.gtid_slave_pos_InnoDB', 'mysql.gtid_slave_pos_RocksDB'],
  ...['mysql.help_category', 'mysql.help_keyword', 'mysql.help_relation', 'mysql.help_topic'],
  // Made again by `--events`, with this server as their origin: what apmode moves between the machines then.
  'mysql.event',
  // What each machine says of itself, and this one goes on saying while the copy is loaded.
  'apmode.node',
]

export function dumpArgv(from: Primary): string[] {
  return [
    'mariadb-dump',
    FROM_DESCRIPTOR,
    ...toServer(from),
    '--all-databases',
    // One consistent snapshot, and its position in the binary log, without a lock (START TRANSACTION WITH CONSISTENT
    // SNAPSHOT and binlog_snapshot_%); the position stays a comment: `load` sets it when everything else is done.
    ...['--single-transaction', '--master-data=2', '--gtid'],
    ...['--routines', '--triggers', '--events'],
    // One statement at a time: whoever loads must never be so long at one that the other server gives up writing.
    '--skip-no-autocommit',
    ...['--quick', '--max-allowed-packet=1G', '--default-character-set=utf8mb4'],
    ...OWN_TABLES.map((table) => `--ignore-table=${table}`),
  ]
}

/** `position`: one of the other server, for its domains. No server has the number 4294967295 (server_id, 32 bits) and writes with it. */
export function prelude(position: string): string[] {
  const domains = new Set(['0', ...gtidsOf(position).map(({ domain }) => domain)])
  const nowhere = [...domains].map((domain) => `${domain}-4294967295-1`).join(',')
  return [
    'SET SESSION sql_log_bin=0, innodb_strict_mode=0, max_statement_time=0',
    'SET GLOBAL read_only=1',
    'STOP ALL SLAVES',
    'RESET SLAVE ALL',
    `SET GLOBAL gtid_slave_pos=${literal(nowhere)}`,
    // A power cut makes it begin anew anyway.
    'SET @flush=@@global.innodb_flush_log_at_trx_commit',
    'SET GLOBAL innodb_flush_log_at_trx_commit=2',
  ]
}

export function finale(position: string): string[] {
  return [
    // From here on the accounts are the other server's.
    'FLUSH LOCAL PRIVILEGES',
    'FLUSH LOCAL TABLES',
    'SET GLOBAL innodb_flush_log_at_trx_commit=@flush',
    ...positionStatements(position),
  ]
}

/** An old binary log, which may be outside of the data folder, would say that this server has diverged. */
export function positionStatements(position: string): string[] {
  return ['RESET MASTER', `SET GLOBAL gtid_slave_pos=${literal(position)}`]
}

export const batch = (statements: readonly string[]) => statements.map((statement) => `${statement};\n`).join('')

export interface DumpPlace {
  readonly local: Local
  readonly launcher: Launcher
  readonly runFolder: string
}

/** Throws ApmodeError `failed` with what either program complained of, or when it is stopped. */
export async function loadDump(place: DumpPlace, order: CloneOrder, watch: CloneWatch): Promise<void> {
  const { from, transfer } = order
  await withPassword(from.passwordFile, place.runFolder, async (descriptor) => {
    const before = await positionOf(place, from, descriptor)
    const dump = start(place.launcher, { argv: dumpArgv(from), descriptor })
    const into = start(place.launcher, { argv: sqlArgv(place.local.socket) })
    dump.stdin.end()
    into.stdout.resume()
    let why: string | null = null
    const end = (reason: string) => {
      why ??= reason
      dump.stop()
      into.stop()
    }
    const aborted = () => end('it was stopped')
    if (watch.signal.aborted) aborted()
    watch.signal.addEventListener('abort', aborted, { once: true })
    const meter = startMeter({
      what: `copy the data of ${from.host}`,
      totalBytes: transfer,
      stallMs: STALL_MS,
      onProgress: watch.onProgress,
      onStall: () => end(`nothing has moved for ${STALL_MS / 60_000} minutes`),
    })
    try {
      await pump(dump, into, meter, before)
    } catch (error) {
      if (why !== null) throw new ApmodeError('failed', `cannot copy the data of ${from.host}: ${why}`)
      throw error
    } finally {
      meter.stop()
      watch.signal.removeEventListener('abort', aborted)
      dump.stop()
      into.stop()
    }
  })
}

/** Where the other server is now: which domains there are. */
function positionOf({ launcher }: DumpPlace, from: Primary, descriptor: number): Promise<string> {
  const argv = ['mariadb', FROM_DESCRIPTOR, ...toServer(from), '--batch', '--skip-column-names', '--raw']
  return collect(launcher, { argv, descriptor }, { timeoutMs: ASK_MS }, 'SELECT @@global.gtid_binlog_pos;')
}

/** `before`: a position of the other server. */
async function pump(dump: Running, into: Running, meter: Meter, before: string): Promise<void> {
  const reader = createDumpReader()
  const write = async (data: Buffer | string) => {
    if (into.stdin.write(data)) return
    // Whoever ends early never drains.
    await Promise.race([new Promise<void>((resolve) => into.stdin.once('drain', resolve)), into.ended])
  }
  await write(batch(prelude(before)))
  for await (const chunk of dump.stdout) {
    reader.take(chunk as Buffer)
    meter.add((chunk as Buffer).length)
    await write(chunk as Buffer)
  }
  await dump.ended
  if (!reader.complete()) throw new ApmodeError('failed', 'cannot copy the data: the dump ended before its last line')
  const position = reader.position()
  if (position === null) {
    throw new ApmodeError('failed', 'cannot copy the data: the dump does not say at which GTID it was taken')
  }
  await write(batch(finale(position)))
  into.stdin.end()
  await into.ended
}
