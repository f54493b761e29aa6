/**
 * Reads a small file that must be a regular one. Invariant: it never waits (a FIFO in its place) and never fills the
 * memory (a device, a file that grew without end); both are an error with its reason.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Throws the system's error, or one that says what is in the file's place. */
export function readRegularFile(path: string, longestBytes: number): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(file)
    if (stats.isDirectory()) throw Object.assign(new Error('a folder is in its place'), { code: 'EISDIR' })
    if (!stats.isFile()) throw new Error('it is not a regular file')
    const bytes = Buffer.alloc(longestBytes + 1)
    const length = readSync(file, bytes, 0, bytes.length, 0)
    if (length > longestBytes) throw new Error(`it is longer than ${longestBytes} bytes`)
    return bytes.toString('utf8', 0, length)
  } finally {
    closeSync(file)
  }
}
