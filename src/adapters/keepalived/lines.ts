/**
 * Cuts what arrives in the FIFO into lines. A half line waits for its rest; a line that grows past the limit is dropped
 * up to its newline, so that a writer without newlines can neither fill the memory nor spoil the line after it.
 */

/** keepalived's lines have at most a few hundred bytes: a name, a state and a priority. */
const LONGEST_LINE = 1024

export class LineCutter {
  private readonly onLine: (line: string) => void
  private readonly onTooLong: (limit: number) => void
  private rest = ''
  private dropping = false

  constructor(onLine: (line: string) => void, onTooLong: (limit: number) => void) {
    this.onLine = onLine
    this.onTooLong = onTooLong
  }

  push(chunk: Buffer): void {
    const pieces = chunk.toString('latin1').split('\n')
    const last = pieces.pop() ?? ''
    for (const piece of pieces) this.end(piece)
    this.rest += last
    if (this.dropping) this.rest = ''
    else if (this.rest.length > LONGEST_LINE) this.drop()
  }

  private end(piece: string): void {
    const line = this.rest + piece
    this.rest = ''
    if (this.dropping) {
      this.dropping = false
      return
    }
    if (line.length > LONGEST_LINE) this.onTooLong(LONGEST_LINE)
    else this.onLine(line)
  }

  private drop(): void {
    this.rest = ''
    this.dropping = true
    this.onTooLong(LONGEST_LINE)
  }
}
