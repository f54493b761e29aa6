/**
 * What the demo shows: headings, sentences, and work with the time it takes. On a terminal a line turns while work goes
 * on; elsewhere the same sentence stands there at once and its time follows. Invariant: nothing is wider than 80 columns
 * but a word that is, and there is colour only on a terminal (no-color.org).
 */
import { stripVTControlCharacters as withoutColour } from 'node:util'
import { type Paint, painter } from '../../src/face/terminal.ts'

const WIDTH = 80
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 100
const CLEAR_LINE = '\r\u001b[2K'

interface Work {
  readonly sentence: string
  readonly begun: number
  /** Something that grows, shown beside the sentence on a terminal. */
  readonly live: () => string
}

export class Screen {
  readonly isTerminal: boolean
  readonly paint: Paint
  #work: Work | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    this.isTerminal = process.stdout.isTTY === true && environment.TERM !== 'dumb'
    this.paint = painter(this.isTerminal, environment)
  }

  get hasColour(): boolean {
    return this.paint('bold', 'x') !== 'x'
  }

  heading(text: string): void {
    this.done()
    const rule = '─'.repeat(Math.max(0, WIDTH - text.length - 4))
    this.#put(`\n${this.paint('bold', `── ${text}`)} ${this.paint('dim', rule)}\n`)
  }

  /** Text as it is, wrapped where it is too long. */
  text(text: string): void {
    this.done()
    this.#put(`${text.split('\n').map(wrapped).join('\n')}\n`)
  }

  /** Work begins; what was under way counts as done. */
  begin(sentence: string, live: () => string = () => ''): void {
    this.done()
    const plain = sentence.replace(/\s*…$/, '')
    this.#work = { sentence: plain, begun: performance.now(), live }
    if (!this.isTerminal) {
      this.#put(`· ${plain} … `)
      return
    }
    let frame = 0
    const turn = () => {
      const mark = this.paint('cyan', FRAMES[frame++ % FRAMES.length] ?? '')
      const extra = live()
      const beside = `${seconds(performance.now() - (this.#work?.begun ?? 0))}${extra === '' ? '' : `, ${extra}`}`
      const room = WIDTH - beside.length - 6
      this.#put(`${CLEAR_LINE}${mark} ${shortened(plain, room)} … ${this.paint('dim', beside)}`)
    }
    turn()
    this.#timer = setInterval(turn, FRAME_MS)
  }

  /** The work under way has ended well; nothing to do when there is none. */
  done(): void {
    this.#end(this.paint('green', '✓'), '')
  }

  /** It has ended badly: `failed`, `interrupted`. */
  cut(word: string): void {
    this.#end(this.paint('red', '✗'), `${word} after `)
  }

  #end(mark: string, word: string): void {
    const work = this.#work
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#work = null
    if (work === null) return
    const extra = work.live()
    const beside = `${word}${seconds(performance.now() - work.begun)}${extra === '' ? '' : `, ${extra}`}`
    if (this.isTerminal) this.#put(`${CLEAR_LINE}${mark} ${work.sentence}  ${this.paint('dim', beside)}\n`)
    else this.#put(`${beside}\n`)
  }

  #put(text: string): void {
    process.stdout.write(text)
  }
}

/** `3.2 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** `1,234`. */
export function counted(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

function shortened(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`
}

/**
 * One line, broken at spaces; what follows is indented to where the line's last column begins (after two spaces or
 * more), so that the lines of `apmode status` stay a table.
 */
export function wrapped(line: string): string {
  if (widthOf(line) <= WIDTH) return line
  const [head = ''] = /^\s*(?:\S+(?: \S+)*\s{2,}(?=\S))?/.exec(withoutColour(line)) ?? []
  const indent = head.length > 30 ? 2 : Math.max(head.length, 2)
  const lines: string[] = []
  let current = ''
  for (const piece of line.split(/(?<=\S)(?= )/)) {
    if (current !== '' && widthOf(current) + widthOf(piece) > WIDTH) {
      lines.push(current)
      current = `${' '.repeat(indent)}${piece.trimStart()}`
    } else current += piece
  }
  return [...lines, current].join('\n')
}

function widthOf(text: string): number {
  return withoutColour(text).length
}
