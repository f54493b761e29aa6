/**
 * Does the disk below a folder still take writes: a small file is written and synced to the disk; it stays there, since
 * making and removing it costs more than writing it. What an ordinary user has no room for counts as full, since root may write into the reserve and a database may not.
 * Invariant: one attempt at a time for each probe: a hung disk holds the threads that wait for it.
 */
import { constants } from 'node:fs'
import { open, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import type { Probe } from '../../ports/probe.ts'

const NAME = '.apmode-probe'
const BLOCK = Buffer.alloc(16 * 1024)
/** Less than this is full: a binary log that grows by one event needs room for its page. */
const LEAST_BYTES = 256 * 1024

/** `folders` is asked at each attempt; none: nothing is known, so nothing is wrong. */
export function diskProbe(folders: () => readonly string[]): Probe {
  let busy: Promise<string | null> | null = null
  return {
    about: 'the disk of the database',
    attempt(signal) {
      busy ??= attempt(folders()).finally(() => {
        busy = null
      })
      return Promise.race([busy, given(signal)])
    },
  }
}

function given(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const late = () => resolve('a small write does not end')
    if (signal.aborted) late()
    else signal.addEventListener('abort', late, { once: true })
  })
}

async function attempt(folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    try {
      const { bavail, bsize } = await statfs(folder)
      if (bavail * bsize < LEAST_BYTES) return `${folder}: no space left on the device`
      await writeOnce(join(folder, NAME))
    } catch (thrown) {
      return `${folder}: ${messageOf(thrown)}`
    }
  }
  return null
}

async function writeOnce(path: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  try {
    await file.write(BLOCK, 0, BLOCK.length, 0)
    await file.datasync()
  } finally {
    await file.close()
  }
}
