/**
 * What a Galera member has left on its disk: grastate.dat, and the position in its logs. Invariants: nothing of the data is ever
 * changed but one line of grastate.dat, which holds all of the old or all of the new text after a power cut; a position is
 * recovered by the server's own program, as its unit does at each start.
 */
import { readFileSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ApmodeError, messageOf } from '../../core/errors.ts'
import {
  hasHistory,
  isAloneIn,
  type Position,
  parseRecovered,
  parseSaved,
  positionText,
  type SavedPosition,
  withSafeToBootstrap,
} from '../../core/galera-state.ts'
import type { ClusterFiles } from '../../ports/cluster.ts'
import type { Call } from '../../ports/systemd.ts'
import { output } from './programs.ts'

export interface ClusterFilesOptions {
  /** The unit of the database: where it is started, it waits for a recovery to end. */
  readonly unit: string
  /** Given to the server's programs before anything else: where their options are, for tests. */
  readonly defaults?: readonly string[]
  /** False: programs are plain children (where no systemd runs). */
  readonly units?: boolean
}

const DEFAULT_FOLDER = '/var/lib/mysql'

export function createClusterFiles({ unit, defaults = [], units = true }: ClusterFilesOptions): ClusterFiles {
  /** As the server's own option files say. */
  async function folder(call: Call): Promise<string> {
    const options = await output(['my_print_defaults', ...defaults, '--mysqld'], call)
    const found = [...options.matchAll(/^--(?:loose[-_])?datadir=(.+)$/gm)].at(-1)?.[1]
    return found ?? DEFAULT_FOLDER
  }

  return {
    async saved(call) {
      return readSaved(join(await folder(call), 'grastate.dat'))?.position ?? null
    },

    async recover(call) {
      const data = await folder(call)
      const owner = ownerOf(data)
      const text = await output(['galera_recovery', ...defaults], call, { owner, before: unit, units })
      const found = parseRecovered(text)
      if (typeof found === 'string') throw new ApmodeError('failed', `galera_recovery: ${found}`)
      return found
    },

    async forgetView(call) {
      const path = join(await folder(call), 'gvwstate.dat')
      try {
        await rm(path, { force: true })
        await syncFolder(dirname(path))
      } catch (error) {
        throw new ApmodeError('storage', `cannot remove ${path}: ${messageOf(error)}`, { cause: error })
      }
    },

    async wasAlone(call) {
      const data = await folder(call)
      if (readSaved(join(data, 'grastate.dat'))?.position.safeToBootstrap === true) return true
      const path = join(data, 'gvwstate.dat')
      try {
        return isAloneIn(readFileSync(path, 'utf8'))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
        throw new ApmodeError('storage', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
      }
    },

    async forbidBootstrap(call) {
      const path = join(await folder(call), 'grastate.dat')
      const saved = readSaved(path)
      if (saved?.position.safeToBootstrap === true) await replace(path, withSafeToBootstrap(saved.text, false))
    },

    async allowBootstrap(expected, call) {
      const path = join(await folder(call), 'grastate.dat')
      const saved = readSaved(path)
      // Without the file a server bootstraps at once.
      if (saved === null) return
      if (!isOf(saved.position, expected)) {
        const [found, wanted] = [positionText(saved.position), positionText(expected)]
        throw new ApmodeError('refused', `cannot let it bootstrap: ${path} says ${found}, expected ${wanted}`)
      }
      if (saved.position.safeToBootstrap !== true) await replace(path, withSafeToBootstrap(saved.text))
    },
  }
}

/** The same history, and the number is this one, or is in the logs alone. */
function isOf(saved: SavedPosition, expected: Position): boolean {
  if (!hasHistory(saved)) return true
  return saved.uuid === expected.uuid && (saved.seqno === -1 || saved.seqno === expected.seqno)
}

function readSaved(path: string): { readonly text: string; readonly position: SavedPosition } | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new ApmodeError('storage', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
  const position = parseSaved(text)
  if (typeof position !== 'string') return { text, position }
  throw new ApmodeError('storage', `cannot understand ${path}: ${position}; move it away when it is damaged`)
}

function ownerOf(folder: string): { readonly uid: number; readonly gid: number } {
  try {
    const { uid, gid } = statSync(folder)
    return { uid, gid }
  } catch (error) {
    throw new ApmodeError('storage', `cannot look at the data folder ${folder}: ${messageOf(error)}`, { cause: error })
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

/** Temporary file, fsync, rename, fsync of the folder; owner and mode stay. */
async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.apmode-new`
  try {
    const { uid, gid, mode } = statSync(path)
    await rm(temporary, { force: true })
    const file = await open(temporary, 'wx', mode & 0o777)
    try {
      await file.chown(uid, gid)
      // The umask must not decide who can write it.
      await file.chmod(mode & 0o777)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw new ApmodeError('storage', `cannot write ${path}: ${messageOf(error)}`, { cause: error })
  }
}
