/**
 * Files as `apmode doctor` looks at them: who can change them, what is in them, how much room there is. It reads and never
 * writes. A path that is not there is a value; what cannot be read throws the errors of node:fs.
 */
import { open, realpath, stat, statfs } from 'node:fs/promises'
import type { PathFact } from '../../core/doctor/look.ts'

const MIB = 1024 * 1024

export async function pathFact(path: string): Promise<PathFact | null> {
  try {
    const found = await stat(path)
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : found.isFIFO() ? 'fifo' : 'other'
    return { path, kind, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid, changedAtMs: found.mtimeMs }
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw thrown
  }
}

/** The last `most` bytes of a regular file. */
export async function endOf(path: string, most: number): Promise<string> {
  const found = await stat(path)
  // Opening a FIFO would wait for somebody to write.
  if (!found.isFile()) throw new Error(`${path} is no regular file`)
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(Math.min(most, found.size))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, Math.max(0, found.size - buffer.length))
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** What an ordinary user has, as the database is one. */
export async function freeSpace(folder: string): Promise<{ freeMb: number; freeFiles: number | null }> {
  const { bavail, bsize, files, ffree } = await statfs(folder)
  return { freeMb: (bavail * bsize) / MIB, freeFiles: files === 0 ? null : ffree }
}

export { realpath }
