/** What one command of an operator has done so far; several settlings and steps add to it. It does nothing itself. */
import type { CommandResult } from '../ports/control.ts'
import type { StepRecord } from '../ports/storage.ts'
import type { Settled } from './request.ts'

export class Account {
  readonly done: StepRecord[] = []
  readonly notDone: string[] = []
  failed = false

  add(settled: Settled): void {
    this.done.push(...settled.done)
    this.notDone.push(...settled.notDone)
    if (settled.result === 'failed' || settled.result === 'aborted') this.failed = true
  }

  /** What went wrong first; empty: nothing. */
  trouble(): string {
    if (!this.failed) return ''
    const step = this.done.find(({ ok }) => !ok)
    return step === undefined ? `not done: ${this.notDone.join('; ')}` : `${step.sentence}: ${step.detail}`
  }

  result(sentence: string): CommandResult {
    const trouble = this.done.find((step) => !step.ok)
    const why = trouble === undefined ? this.notDone.join('; ') : `${trouble.sentence}: ${trouble.detail}`
    return {
      exit: this.failed ? 1 : 0,
      sentence: this.failed && why !== '' ? `${sentence}; not everything could be done: ${why}` : sentence,
      done: this.done,
      notDone: this.notDone,
    }
  }
}
