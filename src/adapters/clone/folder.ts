/**
 * The data folder while it is replaced: old data moves aside and back by renames on its own filesystem, entry by entry, so
 * that the folder itself stays (its owner, its mode, a mount point). Invariant: whatever interrupts it, what is on the disk
 * tells how far it was: a folder with the mark holds an incomplete copy and nothing else, old data is whole under a name
 * without `.moving`, and no whole old data is ever removed but by `removeOld`.
 */
import { existsSync, statSync } from 'node:fs'
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  statfs,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ApmodeError } from '../../core/errors.ts'
import type { DataFolder } from '../../ports/clone.ts'

/** In a data folder: a copy that is not complete. A server does not mind it. */
const MARK = 'apmode-reclone-is-incomplete'
const ASIDE = '.before-reclone-'
const KEPT = '.kept-by-reclone-'
const MOVING = '.moving'

/** A mount point cannot be left by a rename: its old data stays inside, where a server takes it for an odd database. */
function isMount(folder: string): boolean {
  return statSync(folder).dev !== statSync(dirname(folder)).dev
}

/** Where old data is put: beside the folder, or in it. */
function placeOf(folder: string): { readonly in: string; readonly prefix: string } {
  return isMount(folder) ? { in: folder, prefix: '' } : { in: dirname(folder), prefix: basename(folder) }
}

/** The whole paths of old data under this kind of name, oldest first. */
async function olds(folder: string, kinds: readonly string[], moving: boolean): Promise<string[]> {
  const place = placeOf(folder)
  const starts = kinds.map((kind) => `${place.prefix}${kind}`)
  const names = (await readdir(place.in)).filter(
    (name) => starts.some((start) => name.startsWith(start)) && name.endsWith(MOVING) === moving,
  )
  const time = (name: string) => /-(\d{8}T\d{6}Z)/.exec(name)?.[1] ?? ''
  return names.toSorted((a, b) => time(a).localeCompare(time(b))).map((name) => join(place.in, name))
}

/** Everything of a server in the folder; not the mark, not what stands aside, not what a filesystem has at its root. */
async function entries(folder: string): Promise<string[]> {
  const others = [MARK, 'lost+found']
  const aside = (name: string) => isMount(folder) && (name.startsWith(ASIDE) || name.startsWith(KEPT))
  return (await readdir(folder)).filter((name) => !others.includes(name) && !aside(name))
}

export async function survey(folder: string): Promise<Omit<DataFolder, 'obstacles'>> {
  const aside = await olds(folder, [ASIDE], false)
  const all = await olds(folder, [ASIDE, KEPT], false)
  const { bavail, bsize } = await statfs(folder)
  const state = await stateOf(folder)
  const freed = state === 'incomplete' ? await sizeOf(folder) : 0
  return { path: folder, state, aside, old: all.at(-1) ?? null, room: bavail * bsize + freed }
}

async function stateOf(folder: string): Promise<DataFolder['state']> {
  if ((await olds(folder, [ASIDE, KEPT], true)).length > 0) return 'divided'
  if (existsSync(join(folder, MARK))) return 'incomplete'
  // Whatever is not known to be an incomplete copy counts as somebody's data.
  return (await entries(folder)).length > 0 ? 'whole' : 'empty'
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await entries(folder)) {
    const found = await lstat(join(folder, name)).catch(() => null)
    if (found === null) continue
    if (found.isDirectory()) {
      for (const inner of await readdir(join(folder, name), { recursive: true })) {
        bytes += ((await lstat(join(folder, name, inner)).catch(() => null))?.blocks ?? 0) * 512
      }
    } else bytes += found.blocks * 512
  }
  return bytes
}

/** Returns where the old data is now, whole; null: there was none. Goes on with a move that was interrupted. */
export async function setAside(folder: string, keep: boolean, at: Date): Promise<string | null> {
  const state = await stateOf(folder)
  if (state === 'incomplete' || state === 'empty') {
    await clear(folder)
    return await named((await olds(folder, [ASIDE, KEPT], false)).at(-1) ?? null, keep)
  }
  const [begun] = await olds(folder, [ASIDE, KEPT], true)
  const moving = begun ?? (await newAside(folder, keep, at))
  await moveAll(folder, moving)
  await mark(folder)
  const old = moving.slice(0, -MOVING.length)
  await rename(moving, old)
  await syncFolder(dirname(old))
  return await named(old, keep)
}

/** Whoever asks to keep it in a later run is heard too; nobody's wish to keep it is taken back. */
async function named(old: string | null, keep: boolean): Promise<string | null> {
  if (old === null || !keep || !basename(old).includes(ASIDE)) return old
  const kept = join(dirname(old), basename(old).replace(ASIDE, KEPT))
  await rename(old, kept)
  await syncFolder(dirname(old))
  return kept
}

async function newAside(folder: string, keep: boolean, at: Date): Promise<string> {
  const place = placeOf(folder)
  const time = `${at.toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}Z`
  const path = join(place.in, `${place.prefix}${keep ? KEPT : ASIDE}${time}${MOVING}`)
  const { uid, gid, mode } = statSync(folder)
  await mkdir(path)
  await chown(path, uid, gid)
  await chmod(path, mode & 0o777)
  await syncFolder(place.in)
  return path
}

async function moveAll(from: string, to: string): Promise<void> {
  for (const name of await entries(from)) await move(join(from, name), join(to, name))
  await syncFolder(to)
  await syncFolder(from)
}

/**
 * An overlay filesystem does not rename a folder that comes from its lower layer (EXDEV): such a one moves file by file, and
 * goes on so where that was interrupted (ENOTEMPTY).
 */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const found = await lstat(from)
    if (!found.isDirectory() || !['EXDEV', 'ENOTEMPTY', 'EEXIST'].includes(code ?? '')) throw error
    await mkdir(to, { recursive: true })
    await chown(to, found.uid, found.gid)
    await chmod(to, found.mode & 0o777)
    for (const name of await readdir(from)) await move(join(from, name), join(to, name))
    await syncFolder(to)
    await rmdir(from)
  }
}

/** Throws an incomplete copy away. Throws ApmodeError `refused` for anything else. */
export async function clear(folder: string): Promise<void> {
  const state = await stateOf(folder)
  if (state !== 'incomplete' && state !== 'empty') {
    throw new ApmodeError('refused', `cannot empty ${folder}: it is not known to hold an incomplete copy`)
  }
  await mark(folder)
  for (const name of await entries(folder)) await rm(join(folder, name), { recursive: true, force: true })
}

async function mark(folder: string): Promise<void> {
  await writeFile(join(folder, MARK), 'The data here is not complete: run apmode reclone again.\n')
  await syncFolder(folder)
}

export async function complete(folder: string): Promise<void> {
  await rm(join(folder, MARK), { force: true })
  await syncFolder(folder)
}

/** The other way round; interrupted, it is a move aside that goes on. */
export async function putBack(folder: string, old: string): Promise<void> {
  const [begun] = await olds(folder, [ASIDE, KEPT], true)
  let moving = begun
  if (moving === undefined) {
    if (!(await olds(folder, [ASIDE, KEPT], false)).includes(old)) {
      throw new ApmodeError('storage', `cannot put ${old} back: it is not there`)
    }
    if ((await stateOf(folder)) === 'whole') {
      throw new ApmodeError('refused', `cannot put ${old} back: there is whole data in ${folder}`)
    }
    await clear(folder)
    moving = `${old}${MOVING}`
    await rename(old, moving)
    await syncFolder(dirname(old))
  }
  await complete(folder)
  await moveAll(moving, folder)
  await rmdir(moving)
  await syncFolder(dirname(moving))
}

/** Only what nobody has asked to keep, and only beside whole data. */
export async function removeOld(folder: string): Promise<string[]> {
  if ((await stateOf(folder)) !== 'whole') throw new ApmodeError('refused', `there is no whole data in ${folder}`)
  const old = await olds(folder, [ASIDE], false)
  for (const path of old) await rm(path, { recursive: true, force: true })
  return old
}

/** What Debian's package keeps beside the data for its own upgrades: `debian-10.11.flag`. */
export async function bringFlags(old: string | null, folder: string): Promise<void> {
  if (old === null) return
  for (const name of (await readdir(old)).filter((entry) => /^debian-[\d.]+\.flag$/.test(entry))) {
    await copyFile(join(old, name), join(folder, name))
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}
