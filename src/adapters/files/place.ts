/**
 * Puts several files in their places, for `apmode init`: each durably and at once, all or none, and what was there before
 * stays beside the new one. It remembers (in its record) what it has written, so that a file which a person has changed
 * since is told from one that nobody has touched.
 */
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { ApmodeError } from '../../core/errors.ts'
import type { PresentFile, WantedFile } from '../../core/init/files.ts'
import type { PlacedFile } from '../../ports/setup.ts'
import { codeOf, reasonOf, writeDurably } from './durable.ts'
import { readRegularFile } from './regular.ts'

/** Settings are small; something larger is not what we think it is. */
const LONGEST_BYTES = 1024 * 1024

export interface PlaceOptions {
  /** Path of the record: `/var/lib/apmode/init.json`. */
  readonly record: string
  /** For the names of what is kept; epoch milliseconds. */
  readonly now: () => number
}

export interface Places {
  read(path: string): PresentFile | null
  place(files: readonly WantedFile[]): readonly PlacedFile[]
}

export function places({ record, now }: PlaceOptions): Places {
  const read = (path: string): PresentFile | null => {
    try {
      const text = readRegularFile(path, LONGEST_BYTES)
      return { text, mode: statSync(path).mode & 0o7777, untouched: recorded(record)[path] === sumOf(text) }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null
      throw new ApmodeError('storage', `cannot read ${path}: ${reasonOf(error)}`, { cause: error })
    }
  }
  return {
    read,
    place(files) {
      // 20261121T120000Z
      const stamp = new Date(now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')
      const undo: (() => void)[] = []
      const placed: PlacedFile[] = []
      try {
        for (const file of files) {
          const present = read(file.path)
          const backup = present === null ? null : `${file.path}.old-${stamp}`
          ensureFolder(file.path)
          if (present !== null && backup !== null) {
            writeDurably('a copy of the file', backup, present.text, present.mode)
            keepOwner(file.path, backup)
          }
          undo.unshift(() => takeBack(file.path, backup))
          writeDurably('file', file.path, file.text, file.mode)
          placed.push({ path: file.path, backup })
        }
        const sums = Object.fromEntries(
          files.filter(({ secret }) => !secret).map(({ path, text }) => [path, sumOf(text)]),
        )
        ensureFolder(record)
        writeDurably('record', record, `${JSON.stringify({ ...recorded(record), ...sums }, null, 2)}\n`, 0o600)
      } catch (error) {
        for (const step of undo) step()
        throw error
      }
      return placed
    },
  }
}

/** A record that cannot be read knows nothing: every file is then somebody's own, which is the careful answer. */
function recorded(record: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(readRegularFile(record, LONGEST_BYTES))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const sumOf = (text: string) => createHash('sha256').update(text).digest('hex')

function ensureFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  } catch (error) {
    throw new ApmodeError('storage', `cannot make the folder ${dirname(path)}: ${reasonOf(error)}`, { cause: error })
  }
}

function keepOwner(of: string, to: string): void {
  const { uid, gid, mode } = statSync(of)
  chownSync(to, uid, gid)
  chmodSync(to, mode & 0o7777)
}

/** As it was, as far as that is possible; the error that led here is the one to be told. */
function takeBack(path: string, backup: string | null): void {
  try {
    if (backup === null) rmSync(path, { force: true })
    else renameSync(backup, path)
  } catch {
    // The disk that refused the new file may refuse this too; the copy is still there.
  }
}
