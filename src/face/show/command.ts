/**
 * How a command's work looks: on a terminal the steps as they end, and the running one with its time; elsewhere the same
 * lines at the end. Progress goes to stderr, so that stdout holds the result alone.
 */
import type { CommandResult, Progress } from '../../ports/control.ts'
import type { StepRecord } from '../../ports/storage.ts'
import type { Paint, Terminal } from '../terminal.ts'
import { duration } from './columns.ts'
import { showMembers } from './members.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 100
/** A step that is quicker needs no announcement. */
const PATIENCE_MS = 300
const CLEAR_LINE = '\r\u001b[2K'

export class LiveProgress {
  private readonly terminal: Terminal
  private readonly paint: Paint
  private timer: NodeJS.Timeout | null = null
  private shown = false

  constructor(terminal: Terminal, paint: Paint) {
    this.terminal = terminal
    this.paint = paint
  }

  show(progress: Progress): void {
    this.stop()
    switch (progress.type) {
      case 'begin':
        this.spin(progress.sentence)
        break
      case 'step':
        this.terminal.err(`${stepLine(progress, this.paint)}\n`)
        break
      case 'progress':
        this.spin(progress.sentence, 0)
        break
      case 'note':
        this.terminal.err(`${this.paint('dim', '·')} ${progress.sentence}\n`)
        break
    }
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer)
    this.timer = null
    if (this.shown) this.terminal.err(CLEAR_LINE)
    this.shown = false
  }

  /** `patienceMs`: what ends sooner is not shown. */
  private spin(sentence: string, patienceMs = PATIENCE_MS): void {
    const since = performance.now()
    let frame = 0
    this.timer = setInterval(() => {
      const elapsed = performance.now() - since
      if (elapsed < patienceMs) return
      const mark = FRAMES[frame++ % FRAMES.length] ?? ''
      this.terminal.err(
        `${CLEAR_LINE}${this.paint('cyan', mark)} ${sentence}${patienceMs > 0 ? ` … ${duration(elapsed)}` : ''}`,
      )
      this.shown = true
    }, FRAME_MS)
  }
}

export function stepLine({ ok, sentence, ms, detail }: StepRecord, paint: Paint): string {
  const mark = ok ? paint('green', '✓') : paint('red', '✗')
  return `${mark} ${sentence}  ${paint('dim', duration(ms))}${ok || detail === '' ? '' : `: ${detail}`}`
}

/** `steps` false: they have been shown live. */
export function showResult(result: CommandResult, paint: Paint, steps: boolean): string {
  const lines = steps ? result.done.map((step) => stepLine(step, paint)) : []
  // What was done is told by its steps; who has what matters where nothing was.
  if (result.done.length === 0) lines.push(...showMembers(result.members ?? [], paint))
  lines.push(...result.notDone.map((sentence) => `${paint('yellow', '–')} not done: ${sentence}`))
  if (result.refusedBy !== undefined) lines.push(`${paint('red', 'refused by')} ${result.refusedBy}`)
  lines.push(result.sentence)
  return `${lines.join('\n')}\n`
}
