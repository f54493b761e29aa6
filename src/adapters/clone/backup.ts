/**
 * The copy of files: mariadb-backup on the other machine, over ssh, unpacked into the empty data folder and prepared there.
 * Faster than a dump for much data, and it needs root's ssh. Invariant: the folder stays marked as incomplete until the
 * server that runs with it has its position; no password is involved, nor a shell on this side.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApmodeError } from '../../core/errors.ts'
import type { CloneOrder, CloneWatch } from '../../ports/clone.ts'
import { startMeter } from './meter.ts'
import { collect, type Launcher, type Owner, start } from './programs.ts'
import type { Remote } from './source.ts'

const STALL_MS = 15 * 60_000
/** Applying the log of a copy that took hours; it tells no progress. */
const PREPARE_MS = 6 * 3600_000
/** Where mariadb-backup says at which GTID the copy was taken: the second in newer versions (11.x). */
const POSITION_FILES = ['xtrabackup_binlog_info', 'mariadb_backup_binlog_info']

export interface BackupPlace {
  readonly launcher: Launcher
  readonly folder: string
  readonly owner: Owner
  readonly ssh: Remote['ssh']
  /** What runs there, as one command line of its shell. */
  readonly backup: string
}

export const BACKUP_THERE = 'mariadb-backup --backup --user=root --stream=xbstream --target-dir=/tmp'

/** Throws ApmodeError `failed`. */
export async function receiveBackup(
  place: BackupPlace,
  { from, transfer }: CloneOrder,
  watch: CloneWatch,
): Promise<void> {
  const { launcher, folder, owner } = place
  const there = start(launcher, {
    argv: [...place.ssh(from), place.backup],
    apart: { name: 'receive', as: null },
  })
  const here = start(launcher, { argv: ['mbstream', '-x', '-C', folder], apart: { name: 'unpack', as: owner } })
  there.stdin.end()
  here.stdout.resume()
  let why: string | null = null
  const end = (reason: string) => {
    why ??= reason
    there.stop()
    here.stop()
  }
  const aborted = () => end('it was stopped')
  if (watch.signal.aborted) aborted()
  watch.signal.addEventListener('abort', aborted, { once: true })
  const meter = startMeter({
    what: `copy the files of ${from.host}`,
    totalBytes: transfer,
    stallMs: STALL_MS,
    onProgress: watch.onProgress,
    onStall: () => end(`nothing has moved for ${STALL_MS / 60_000} minutes`),
  })
  try {
    for await (const chunk of there.stdout) {
      meter.add((chunk as Buffer).length)
      if (here.stdin.write(chunk)) continue
      await Promise.race([new Promise<void>((resolve) => here.stdin.once('drain', resolve)), here.ended])
    }
    await there.ended
    here.stdin.end()
    await here.ended
  } catch (error) {
    if (why !== null) throw new ApmodeError('failed', `cannot copy the files of ${from.host}: ${why}`)
    throw error
  } finally {
    meter.stop()
    watch.signal.removeEventListener('abort', aborted)
    there.stop()
    here.stop()
  }
  await prepare(place, transfer, watch)
}

async function prepare(
  { launcher, folder, owner }: BackupPlace,
  transfer: number | null,
  watch: CloneWatch,
): Promise<void> {
  const meter = startMeter({
    what: 'prepare the copied files',
    totalBytes: transfer,
    stallMs: PREPARE_MS,
    onProgress: watch.onProgress,
    onStall: () => {},
  })
  meter.add(transfer ?? 0)
  try {
    const argv = ['mariadb-backup', '--prepare', `--target-dir=${folder}`]
    const call = { timeoutMs: PREPARE_MS, signal: watch.signal }
    await collect(launcher, { argv, apart: { name: 'prepare', as: owner } }, call)
  } finally {
    meter.stop()
  }
}

/** The third word of the file: `mariadb-bin.000003	1234	0-1-17`. Throws ApmodeError. */
export async function backupPosition(folder: string): Promise<string> {
  for (const name of POSITION_FILES) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => null)
    const position = text?.trim().split(/\s+/)[2]
    if (position !== undefined && /^[\d,-]+$/.test(position)) return position
  }
  throw new ApmodeError('failed', `cannot find the GTID of the copy: neither ${POSITION_FILES.join(' nor ')} says it`)
}
