/**
 * A long operation beside the queue: its own steps are told and recorded like those of a command, and what it changes of the
 * machine is done in turn, as short jobs. Invariant: the queue is never held while something long is waited for; a step
 * that fails is recorded before it is thrown. It decides nothing.
 */
import { ApmodeError, messageOf } from '../core/errors.ts'
import type { Step } from '../core/step.ts'
import type { StepRecord } from '../ports/storage.ts'
import type { Tell } from './jobs.ts'
import type { Supervisor } from './supervisor.ts'

export class LongWork {
  readonly done: StepRecord[] = []
  readonly tell: Tell
  readonly #supervisor: Supervisor

  constructor(supervisor: Supervisor, tell: Tell) {
    this.#supervisor = supervisor
    this.tell = tell
  }

  /** One step, however long: `work` gives what is worth knowing of it. Throws what `work` throws. */
  async step(name: string, sentence: string, work: () => Promise<string>): Promise<void> {
    const { clock } = this.#supervisor.parts
    const begun = clock.elapsed()
    this.tell({ type: 'begin', step: name, sentence })
    const end = (ok: boolean, detail: string) => {
      const ms = Math.round((clock.elapsed() - begun) * 10) / 10
      this.#record({ step: name, sentence, ms, ok, detail })
    }
    try {
      end(true, await work())
    } catch (thrown) {
      end(false, messageOf(thrown))
      throw thrown
    }
  }

  /** A step of the machine itself, in its turn. Throws ApmodeError `failed` when it did not work. */
  async perform(step: Step): Promise<void> {
    const { settler } = this.#supervisor
    const sentence = settler.sentenceOf(step)
    this.tell({ type: 'begin', step: step.do, sentence })
    // Nothing that comes meanwhile takes it back: nobody serves here.
    const record = await this.inTurn(sentence, () => settler.perform(step, new AbortController().signal))
    this.#record(record)
    if (!record.ok) throw new ApmodeError('failed', `cannot ${sentence}: ${record.detail}`)
  }

  /** Done by others, told already. */
  add(records: readonly StepRecord[]): void {
    this.done.push(...records)
  }

  /** A job of the one queue. Rejects with what it throws, and when the supervisor is stopping. */
  inTurn<T>(name: string, work: (grants: AbortSignal) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (grants: AbortSignal) => work(grants).then(resolve, reject)
      if (this.#supervisor.queue.push({ name, withdraws: true, run })) return
      reject(new ApmodeError('failed', 'the supervisor is stopping'))
    })
  }

  #record(record: StepRecord): void {
    this.done.push(record)
    this.tell({ type: 'step', ...record })
  }
}
