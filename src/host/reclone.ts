/**
 * A fresh copy of the data from the machine that leads. Refuse early; take this machine out of the pair, durably; keep what
 * only it has; set its old data aside; copy; come back; remove the old data. Invariants: until the copy is whole this
 * machine is unfit and follows nobody, over any restart; there is always one whole set of data here, or a sentence that says
 * where it is; what fails before the copy is whole is undone. The copy itself never occupies the queue.
 */
import { ApmodeError, messageOf } from '../core/errors.ts'
import { recloneChecks, recloneSteps } from '../core/reclone-steps.ts'
import type { Cloner, DataFolder } from '../ports/clone.ts'
import type { CommandResult, PlannedStep, RecloneRequest } from '../ports/control.ts'
import type { Commands } from './commands.ts'
import { refused, type Tell } from './jobs.ts'
import { LongWork } from './long-work.ts'
import { primaryOf } from './parts.ts'
import { RecloneDeeds } from './reclone-deeds.ts'
import { keepWhatOnlyThisHas } from './reclone-keep.ts'
import { lookBeforeReclone, methodOf, type Prospect } from './reclone-look.ts'
import type { Supervisor } from './supervisor.ts'

export interface RecloneTools {
  readonly cloner: Cloner
  readonly commands: Commands
  /** How a machine comes back into the pair; 0 when it has everything. `force`: although the configurations differ. */
  readonly rejoin: (force: boolean, tell: Tell) => Promise<CommandResult>
}

export interface ReclonePlanned {
  readonly checks: readonly string[]
  readonly steps: readonly PlannedStep[]
  readonly refusal: CommandResult | null
}

export class Reclone {
  readonly #supervisor: Supervisor
  readonly #tools: RecloneTools
  #running = false

  constructor(supervisor: Supervisor, tools: RecloneTools) {
    this.#supervisor = supervisor
    this.#tools = tools
  }

  /** What it would do; changes nothing. */
  async plan(request: RecloneRequest): Promise<ReclonePlanned> {
    const { config } = this.#supervisor.parts
    const method = methodOf(request)
    const { reasons, folder, source } = await lookBeforeReclone(this.#supervisor, this.#tools.cloner, request)
    const checks = recloneChecks(config, method)
    if (folder === null || reasons.length > 0) return { checks, steps: [], refusal: no(reasons) }
    const steps = recloneSteps(config, { method, keepOld: request.keepOld, folder, bytes: source?.bytes ?? null })
    return { checks, steps, refusal: null }
  }

  /** It goes on when its caller goes away; a second one is refused meanwhile. Never rejects. */
  async run(request: RecloneRequest, tell: Tell): Promise<CommandResult> {
    if (this.#running) return refused('reclone', 'apmode reclone is at work already: apmode status shows it')
    this.#running = true
    const work = new LongWork(this.#supervisor, tell)
    try {
      const prospect = await lookBeforeReclone(this.#supervisor, this.#tools.cloner, request)
      const { folder } = prospect
      if (folder === null) return no(prospect.reasons)
      const { commands, cloner } = this.#tools
      const deeds = new RecloneDeeds(this.#supervisor, commands, cloner, work, folder)
      if (prospect.reasons.length > 0) return await this.#refuse(prospect, folder, deeds, work)
      await this.#replace(request, prospect, folder, deeds, work)
      return await this.#comeBack(request.force, deeds, work)
    } catch (thrown) {
      this.#supervisor.parts.log.warn({}, `reclone failed: ${messageOf(thrown)}`)
      return { exit: 1, sentence: messageOf(thrown), done: work.done, notDone: [] }
    } finally {
      this.#running = false
    }
  }

  /** Until the copy is whole, or everything is as it was. */
  async #replace(
    request: RecloneRequest,
    { source, runs }: Prospect,
    folder: DataFolder,
    deeds: RecloneDeeds,
    work: LongWork,
  ): Promise<void> {
    const { parts, settler } = this.#supervisor
    const from = primaryOf(parts.config)
    if (from === null) throw new ApmodeError('failed', 'cannot clone: there is no peer')
    const order = { method: methodOf(request), from, transfer: source?.transfer ?? null }
    const { mode } = settler.state
    parts.log.info(
      {},
      `reclone: the data of this machine is to be replaced by a copy of ${from.host}'s (${order.method})`,
    )
    try {
      await deeds.withdraw()
      if (folder.state === 'whole') await keepWhatOnlyThisHas(this.#supervisor, request, work)
      await deeds.stop()
      await deeds.setAside(request.keepOld)
      await deeds.fill(order)
      await deeds.start()
      await deeds.load(order)
      await deeds.complete()
    } catch (thrown) {
      const undone = await deeds.undo({ runs, mode: mode === 'm' ? 'm' : null })
      throw new ApmodeError('failed', `${messageOf(thrown)}; ${undone}`)
    }
  }

  /** The copy is whole, and counts whatever follows. */
  async #comeBack(force: boolean, deeds: RecloneDeeds, work: LongWork): Promise<CommandResult> {
    const { settler, parts } = this.#supervisor
    await deeds.release()
    // What only the old data had is forgotten now.
    await settler.bond.compared()
    const back = await this.#tools.rejoin(force, work.tell)
    work.add(back.done)
    if (back.exit !== 0) {
      const { old } = await this.#tools.cloner.folder({ timeoutMs: 60_000 }).catch(() => ({ old: null }))
      const where = old === null ? '' : `; the old data is in ${old}`
      return { ...back, done: work.done, sentence: `the copy is whole, but ${back.sentence}${where}` }
    }
    const left = await deeds.removeOld()
    const sentence = `the data is a fresh copy of ${parts.config.peer?.name}'s: ${back.sentence}${left}`
    parts.log.info({}, `reclone: ${sentence}`)
    return { ...back, done: work.done, sentence }
  }

  /**
   * Nothing is begun; but what an earlier run has left is put in order: half a copy that cannot be completed now is undone,
   * and old data beside a copy that follows is removed.
   */
  async #refuse(
    { reasons, needless, runs }: Prospect,
    { state, aside }: DataFolder,
    deeds: RecloneDeeds,
    work: LongWork,
  ): Promise<CommandResult> {
    const begun = this.#supervisor.settler.withdrawal?.stage === 'data'
    if (begun || state === 'incomplete' || state === 'divided') {
      const undone = await deeds.undo({ runs, mode: null })
      return { exit: 1, sentence: `${reasons.join('; ')}; ${undone}`, done: work.done, notDone: [] }
    }
    if (!needless || aside.length === 0) return no(reasons)
    const left = await deeds.removeOld()
    const sentence = `it follows: what an earlier apmode reclone has left was to be removed${left}`
    return { exit: 0, sentence, done: work.done, notDone: [] }
  }
}

function no(reasons: readonly string[]): CommandResult {
  return refused('reclone', `nothing was touched: ${reasons.join('; ')}`)
}
