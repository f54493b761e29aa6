/**
 * A full screen that belongs to one command: it draws on the terminal's other page, so that what was there comes back. Invariant:
 * however the process ends or is stopped, the terminal is as it was: its page, its cursor, its line breaks.
 */
import type { Terminal } from './terminal.ts'

/** xterm's words (invisible-island.net/xterm/ctlseqs): the other page, no cursor, no line breaks of its own. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
/** Before the text: after it, a line as wide as the terminal would lose its last column. */
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

/** The window and the process around a screen: a test hands in others. */
export interface Around {
  /** Lines of the terminal at this moment. */
  readonly height: number
  onResize(listener: () => void): () => void
  on(event: NodeJS.Signals | 'exit', listener: () => void): unknown
  removeListener(event: NodeJS.Signals | 'exit', listener: () => void): unknown
  /** The process does what the signal means to one that does not listen. */
  raise(signal: NodeJS.Signals): void
}

export function realAround(): Around {
  return {
    get height() {
      return process.stdout.rows || 24
    },
    onResize(listener) {
      process.stdout.on('resize', listener)
      return () => void process.stdout.removeListener('resize', listener)
    },
    on: (event, listener) => process.on(event, listener),
    removeListener: (event, listener) => process.removeListener(event, listener),
    raise: (signal) => void process.kill(process.pid, signal),
  }
}

export class Screen {
  readonly #terminal: Terminal
  readonly #around: Around
  readonly #lines: () => readonly string[]
  readonly #deaf: () => void
  #entered = false

  /** `lines`: what is to be seen now, made for the terminal's size of that moment. */
  constructor(terminal: Terminal, lines: () => readonly string[], around: Around) {
    this.#terminal = terminal
    this.#around = around
    this.#lines = lines
    around.on('exit', this.#leave)
    around.on('SIGTSTP', this.#suspend)
    around.on('SIGCONT', this.draw)
    this.#deaf = around.onResize(this.draw)
    this.draw()
  }

  /** In place, line by line, so that nothing flickers; also after the process was stopped and goes on. */
  readonly draw = (): void => {
    const lines = this.#lines().slice(0, this.#around.height)
    const text = lines.map((line) => `${CLEAR_LINE}${line}`).join('\r\n')
    const below = lines.length < this.#around.height ? `\r\n${CLEAR_BELOW}` : ''
    this.#terminal.out(`${this.#entered ? '' : ENTER}${HOME}${text}${below}`)
    this.#entered = true
  }

  close(): void {
    this.#deaf()
    this.#around.removeListener('exit', this.#leave)
    this.#around.removeListener('SIGTSTP', this.#suspend)
    this.#around.removeListener('SIGCONT', this.draw)
    this.#leave()
  }

  readonly #leave = (): void => {
    if (this.#entered) this.#terminal.out(LEAVE)
    this.#entered = false
  }

  /** Ctrl-Z: without a listener the signal does what it always does, and the next drawing takes the screen again. */
  readonly #suspend = (): void => {
    this.#leave()
    this.#around.removeListener('SIGTSTP', this.#suspend)
    this.#around.raise('SIGTSTP')
    setTimeout(() => this.#around.on('SIGTSTP', this.#suspend), 0)
  }
}
