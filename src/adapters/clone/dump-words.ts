/**
 * What of a dump's text counts: the position at which it was taken, and whether it is whole. Pure. Invariant: only comments
 * at its very beginning and its very end are believed (mariadb-dump says the position in one of them: newer versions
 * at the end), because the text of a procedure may have lines that look the same. Rows have none: their line ends are escaped.
 */

const HEAD_BYTES = 8 * 1024
const TAIL_BYTES = 4 * 1024

export interface DumpReader {
  take(chunk: Buffer): void
  /** The GTID position; null: not found. */
  position(): string | null
  /** It has said its last word. */
  complete(): boolean
}

export function createDumpReader(): DumpReader {
  let head = ''
  let tail = ''
  return {
    take(chunk) {
      if (head.length < HEAD_BYTES) head += chunk.toString('latin1', 0, HEAD_BYTES - head.length)
      tail = (tail + chunk.toString('latin1', Math.max(chunk.length - TAIL_BYTES, 0))).slice(-TAIL_BYTES)
    },
    position() {
      const said = /^-- SET GLOBAL gtid_slave_pos='([\d,\s-]*)';$/gm
      // The head's words end with the first database.
      const [words = ''] = head.split('\n-- Current Database:')
      return [...words.matchAll(said), ...tail.matchAll(said)].at(-1)?.[1] ?? null
    },
    complete: () => /^-- Dump completed/m.test(tail),
  }
}
