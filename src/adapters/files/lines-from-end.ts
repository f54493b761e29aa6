/**
 * The lines of a file, the last one first, read in blocks from its end, so that the newest few of a long history cost
 * little. A file that is missing or cannot be read has no lines. A line without end (what a power cut leaves of a file may
 * be zeroes) is left out, and never held as a whole.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

const BLOCK_BYTES = 64 * 1024
const LONGEST_LINE_BYTES = 1024 * 1024
const NEWLINE = 10

export function* linesFromEnd(path: string, blockBytes = BLOCK_BYTES, longest = LONGEST_LINE_BYTES): Generator<string> {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return
  }
  try {
    // The bytes of a line whose beginning has not been reached yet; bytes, as a block may cut a character.
    let tail: Buffer = Buffer.alloc(0)
    let tooLong = false
    const stats = fstatSync(file)
    for (let end = stats.isFile() ? stats.size : 0; end > 0; ) {
      const start = Math.max(0, end - blockBytes)
      const block = Buffer.alloc(end - start)
      readSync(file, block, 0, block.length, start)
      end = start
      let bytes: Buffer = Buffer.concat([block, tail])
      for (let at = bytes.lastIndexOf(NEWLINE); at >= 0; at = bytes.lastIndexOf(NEWLINE)) {
        if (at + 1 < bytes.length && !tooLong) yield bytes.toString('utf8', at + 1)
        tooLong = false
        bytes = bytes.subarray(0, at)
      }
      tooLong ||= bytes.length > longest
      tail = tooLong ? Buffer.alloc(0) : bytes
    }
    if (tail.length > 0) yield tail.toString('utf8')
  } catch {
    // What could be read was given.
  } finally {
    closeSync(file)
  }
}
