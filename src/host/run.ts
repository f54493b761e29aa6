/**
 * The steps of one settling, carried out, and what became of them. Invariants: every withdrawal is made, whatever becomes of
 * the others (G7 where one cannot be proven); grants stop at the first that fails, or between two when a withdrawal takes
 * over (G8). It decides no step.
 */
import type { Config } from '../core/config.ts'
import type { Observed } from '../core/observed.ts'
import { escalation } from '../core/plan.ts'
import { type Step, sentenceOf } from '../core/step.ts'
import type { Progress } from '../ports/control.ts'
import type { HistoryEntry, StepRecord } from '../ports/storage.ts'
import type { Performer } from './perform.ts'

export interface RunTools {
  readonly performer: Performer
  readonly config: Config
  readonly tell: (progress: Progress) => void
  /** Aborted when a withdrawal takes over. */
  readonly grants: AbortSignal
  /** A person asked for it and it can be undone: the first withdrawal that fails ends it, and nothing is killed for it. */
  readonly undoable: boolean
}

export class Run {
  readonly done: StepRecord[] = []
  readonly notDone: string[] = []
  result: HistoryEntry['result'] = 'done'
  followed = false
  /** Writes were allowed. */
  opened = false
  stoppedRouter = false
  readonly #tools: RunTools

  constructor(tools: RunTools) {
    this.#tools = tools
  }

  /** Every one of them, whatever becomes of the others. True when there was anything to do. */
  async withdraw(steps: readonly Step[], observed: Observed): Promise<boolean> {
    const { undoable, config } = this.#tools
    for (const [index, step] of steps.entries()) {
      const record = await this.#one(step)
      if (record.ok) continue
      if (undoable) {
        this.result = 'failed'
        this.notDone.push(...steps.slice(index + 1).map((left) => sentenceOf(left, config)))
        break
      }
      const next = escalation(step, observed)
      if (next !== null && (await this.#one(next)).ok) continue
      // Waiting for the peer is best effort: what was not reached is in the record.
      if (step.do !== 'wait-for-peer') this.result = 'failed'
    }
    return steps.length > 0
  }

  /** The way to writes first, alone; then what does not depend on each other side by side: units in their order, files. */
  async grant(steps: readonly Step[]): Promise<void> {
    const written = steps.findIndex((step) => step.do === 'allow-writes') + 1
    await this.#lane(steps.slice(0, written))
    const rest = steps.slice(written)
    const isFiles = (step: Step) => step.do === 'change-files'
    await Promise.all([this.#lane(rest.filter((step) => !isFiles(step))), this.#lane(rest.filter(isFiles))])
  }

  /** One after the other, until one fails or a withdrawal takes over. */
  async #lane(steps: readonly Step[]): Promise<void> {
    const { grants, config } = this.#tools
    for (const [index, step] of steps.entries()) {
      if (grants.aborted || this.result === 'failed') {
        this.notDone.push(...steps.slice(index).map((left) => sentenceOf(left, config)))
        if (this.result === 'done') this.result = 'aborted'
        return
      }
      const record = await this.#one(step)
      if (!record.ok) this.result = grants.aborted ? 'aborted' : 'failed'
      else if (step.do === 'follow') this.followed = true
      else if (step.do === 'allow-writes') this.opened = true
    }
  }

  async #one(step: Step): Promise<StepRecord> {
    const { performer, config, tell, grants } = this.#tools
    tell({ type: 'begin', step: step.do, sentence: sentenceOf(step, config) })
    const record = await performer.perform(step, grants)
    tell({ type: 'step', ...record })
    this.done.push(record)
    const isRouter =
      step.do === 'stop-unit' && config.units.some(({ kind, name }) => kind === 'router' && name === step.unit)
    if (record.ok && isRouter) this.stoppedRouter = true
    return record
  }
}
