/**
 * Asks a person on a terminal, one question at a time, on stderr: stdout is for results. Invariant: an end of the input or
 * Ctrl-C is the answer null, never an error, and lines that were typed ahead are not lost.
 */
import { createInterface, type Interface } from 'node:readline'

export interface Asker {
  /** Somebody sits there: stdin and stderr are a terminal. */
  readonly isPerson: boolean
  ask(question: string): Promise<string | null>
  /** Everything that comes in, for a password from a pipe. */
  readAll(): Promise<string>
  close(): void
}

export function realAsker(): Asker {
  let lines: Interface | null = null
  const ahead: string[] = []
  let ended = false
  let waiting: ((line: string | null) => void) | null = null

  const open = (): Interface => {
    const opened = createInterface({ input: process.stdin, output: process.stderr })
    const give = (line: string | null) => {
      const next = waiting
      waiting = null
      if (next !== null) next(line)
      else if (line !== null) ahead.push(line)
    }
    opened.on('line', give)
    opened.on('close', () => {
      ended = true
      give(null)
    })
    // Ctrl-C in a question: the prompt's line ends first.
    opened.on('SIGINT', () => {
      process.stderr.write('\n')
      opened.close()
    })
    return opened
  }

  return {
    isPerson: process.stdin.isTTY === true && process.stderr.isTTY === true,
    async ask(question) {
      lines ??= open()
      lines.setPrompt(question)
      lines.prompt()
      const typed = ahead.shift()
      if (typed !== undefined) return typed
      if (ended) return null
      return new Promise((resolve) => {
        waiting = resolve
      })
    },
    async readAll() {
      const pieces: Buffer[] = []
      for await (const piece of process.stdin) pieces.push(Buffer.from(piece))
      return Buffer.concat(pieces).toString('utf8')
    },
    close: () => lines?.close(),
  }
}
