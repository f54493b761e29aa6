/**
 * Replaces a file so that after a crash or a power cut it holds either all of the old or all of the new text, and the
 * new one once this has returned: temporary file in the same folder, fsync, rename, fsync of the folder (0.55 ms; a
 * rename alone may be lost). The temporary file has one fixed name, as one process writes: what an interrupted write
 * left behind is removed by the next.
 */
import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ApmodeError, messageOf } from '../../core/errors.ts'

/** The calls that can fail half way; a test hands in ones that do. */
export type FileCalls = Pick<
  typeof fs,
  'openSync' | 'writeSync' | 'fsyncSync' | 'closeSync' | 'renameSync' | 'rmSync' | 'fchmodSync'
>

export function temporaryOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.apmode-new`)
}

/** Throws ApmodeError `storage`; the file is then as it was. `what` names it in the sentence: `mode file`. */
export function writeDurably(
  what: string,
  path: string,
  text: string,
  permissions = 0o644,
  calls: FileCalls = fs,
): void {
  const temporary = temporaryOf(path)
  try {
    calls.rmSync(temporary, { force: true })
    const file = calls.openSync(temporary, 'wx', permissions)
    try {
      // The umask must not decide who can read it.
      calls.fchmodSync(file, permissions)
      writeAll(file, text, calls)
      calls.fsyncSync(file)
    } finally {
      calls.closeSync(file)
    }
    calls.renameSync(temporary, path)
    syncFolder(dirname(path), calls)
  } catch (error) {
    removeLeftover(path, calls)
    throw new ApmodeError('storage', `cannot write ${what} ${path}: ${reasonOf(error)}`, { cause: error })
  }
}

/** Removes what an interrupted write left beside `path`; never throws: the next write says what is wrong. */
export function removeLeftover(path: string, calls: Pick<FileCalls, 'rmSync'> = fs): void {
  try {
    calls.rmSync(temporaryOf(path), { force: true })
  } catch {
    // The file system is read-only or gone: nothing to be done about it here.
  }
}

function writeAll(file: number, text: string, calls: FileCalls): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) {
    const written = calls.writeSync(file, bytes, at)
    if (written === 0) throw new Error('nothing could be written')
    at += written
  }
}

function syncFolder(folder: string, calls: FileCalls): void {
  const opened = calls.openSync(folder, 'r')
  try {
    calls.fsyncSync(opened)
  } finally {
    calls.closeSync(opened)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'a folder is in its place',
  ENOTEMPTY: 'a folder is in its place',
  EEXIST: 'a folder is in its place',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its path leads through a file',
  ELOOP: 'its symbolic links go round in a circle',
  EIO: 'the disk reports an error',
}

/** An operator's words for a failed file operation, with the system's own code. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  const words = code === null ? undefined : REASONS[code]
  return words === undefined ? messageOf(error) : `${words} (${code})`
}

export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
