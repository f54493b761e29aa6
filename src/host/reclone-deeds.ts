/**
 * The deeds of a reclone, one by one: withdraw, stop, set aside, copy, start, and undo. Invariant: what changes the machine
 * is done in turn, what takes long is not; as long as the data is being replaced the withdrawal stands, whoever else would
 * take it back. It does not decide which comes when.
 */
import { ApmodeError, messageOf } from '../core/errors.ts'
import { lookUp } from '../core/interpret.ts'
import { isDown, type Withdrawal } from '../core/observed.ts'
import { bytesText, progressText } from '../core/reclone.ts'
import { type RecloneStep, recloneSentence } from '../core/reclone-steps.ts'
import type { Mode } from '../core/vocabulary.ts'
import type { CloneOrder, CloneProgress, Cloner, CloneWatch, DataFolder } from '../ports/clone.ts'
import type { Commands } from './commands.ts'
import type { LongWork } from './long-work.ts'
import type { Settled } from './request.ts'
import type { Supervisor } from './supervisor.ts'

/** Renames, the end of what was left running, a look at the disk. */
const MOVE_MS = 120_000
/** Much data is removed file by file. */
const REMOVE_MS = 3600_000
const TELL_MS = 900

export class RecloneDeeds {
  readonly #supervisor: Supervisor
  readonly #commands: Commands
  readonly #cloner: Cloner
  readonly #work: LongWork
  readonly #path: string

  constructor(supervisor: Supervisor, commands: Commands, cloner: Cloner, work: LongWork, folder: DataFolder) {
    this.#supervisor = supervisor
    this.#commands = commands
    this.#cloner = cloner
    this.#work = work
    this.#path = folder.path
  }

  /** Saved before anything else; then the mode in which the database may be stopped and started. */
  withdraw(): Promise<void> {
    const { settler, parts } = this.#supervisor
    const out = () =>
      this.#work.inTurn('reclone', async (grants) => {
        settler.withdraw(this.#withdrawal())
        const settled = await settler.settle(
          {
            event: 'reclone',
            source: 'operator',
            planned: true,
            alwaysRecord: true,
            decide: (observed, state) => lookUp(state, observed, parts.config),
          },
          grants,
        )
        mustHaveWorked(settled)
      })
    return this.#step('withdraw', async () => {
      await out()
      if (settler.state.mode !== 'ap') await this.enter('ap')
      return ''
    })
  }

  /** The mode, with its unit files. Throws ApmodeError. */
  async enter(mode: Mode): Promise<void> {
    const settled = await this.#work.inTurn('reclone', (grants) => this.#commands.decide(mode, this.#work.tell, grants))
    mustHaveWorked(settled)
  }

  /** Nothing but this machine's own look decides from here on. */
  async release(): Promise<void> {
    await this.#work.inTurn('reclone', async () => this.#supervisor.settler.withdraw(null))
  }

  async stop(): Promise<void> {
    const unit = await this.#unit()
    if (unit !== undefined && !isDown(unit)) {
      await this.#work.perform({ do: 'stop-unit', effect: 'withdraw', unit: unit.name })
    }
    await this.#cloner.settle({ timeoutMs: MOVE_MS })
  }

  async start(): Promise<void> {
    const unit = await this.#unit()
    if (unit !== undefined && isDown(unit)) {
      await this.#work.perform({ do: 'start-unit', effect: 'grant', unit: unit.name })
    }
  }

  setAside(keep: boolean): Promise<void> {
    return this.#step('set-aside', async () => {
      const old = await this.#cloner.setAside(keep, { timeoutMs: MOVE_MS })
      return old ?? 'there is none'
    })
  }

  fill(order: CloneOrder): Promise<void> {
    return this.#step('fill', () => this.#copy(order, (watch) => this.#cloner.fill(order, watch)), order)
  }

  load(order: CloneOrder): Promise<void> {
    return this.#step('load', () => this.#copy(order, (watch) => this.#cloner.load(order, watch)), order)
  }

  complete(): Promise<void> {
    return this.#step('complete', () => this.#cloner.complete({ timeoutMs: MOVE_MS }).then(() => ''))
  }

  /** What is on the disk decides what there is to undo. As a sentence; never throws. */
  async undo(before: { readonly runs: boolean; readonly mode: Mode | null }): Promise<string> {
    let back = false
    try {
      const { state, old } = await this.#cloner.folder({ timeoutMs: MOVE_MS })
      if (state !== 'whole') {
        if (old === null && state !== 'divided') return 'there is no old data to put back: apmode reclone again'
        await this.stop()
        await this.#step('put-back', () =>
          this.#cloner.putBack(old ?? '', { timeoutMs: MOVE_MS }).then(() => this.#path),
        )
        back = true
      }
    } catch (thrown) {
      return `the old data could not be put back (${messageOf(thrown)}): apmode reclone again`
    }
    const said = back ? 'the old data is back' : 'the data was not touched'
    try {
      if (back || before.runs) await this.start()
      await this.release()
      if (before.mode === 'm') await this.enter('m')
      this.#supervisor.check('reclone', 'operator')
      return said
    } catch (thrown) {
      return `${said}, but ${messageOf(thrown)}`
    }
  }

  /** Not to be rid of it is no failure of the whole: what is left, as a part of a sentence. */
  async removeOld(): Promise<string> {
    try {
      const { aside } = await this.#cloner.folder({ timeoutMs: MOVE_MS })
      const remove = async () => (await this.#cloner.removeOld({ timeoutMs: REMOVE_MS })).join(', ')
      if (aside.length > 0) await this.#step('remove-old', remove)
      const { old } = await this.#cloner.folder({ timeoutMs: MOVE_MS })
      return old === null ? '' : `; old data is kept in ${old}`
    } catch (thrown) {
      return `; the old data could not be removed: ${messageOf(thrown)}`
    }
  }

  async #unit() {
    const { units } = await this.#supervisor.settler.look('anew')
    return units.find(({ kind }) => kind === 'database')
  }

  #step(
    name: RecloneStep,
    does: () => Promise<string>,
    { method }: Pick<CloneOrder, 'method'> = LOGICAL,
  ): Promise<void> {
    return this.#work.step(name, recloneSentence(name, this.#supervisor.parts.config, method, this.#path), does)
  }

  /** Outside of the queue. */
  async #copy(order: CloneOrder, does: (watch: CloneWatch) => Promise<void>): Promise<string> {
    const { clock } = this.#supervisor.parts
    let toldAt = Number.NEGATIVE_INFINITY
    let moved = 0
    const onProgress = (progress: CloneProgress) => {
      moved = Math.max(moved, progress.doneBytes)
      if (clock.elapsed() - toldAt < TELL_MS) return
      toldAt = clock.elapsed()
      this.#insist()
      this.#work.tell({ type: 'progress', sentence: progressText(progress) })
    }
    await does({ onProgress, signal: new AbortController().signal })
    this.#insist()
    return moved === 0 ? '' : `${bytesText(moved)} from ${order.from.host}`
  }

  /** Another command may have taken it back with its own. */
  #insist(): void {
    const { settler } = this.#supervisor
    if (settler.withdrawal?.stage !== 'data') settler.withdraw(this.#withdrawal())
  }

  #withdrawal(): Withdrawal {
    const from = this.#supervisor.parts.config.peer?.name ?? 'the peer'
    const sentence = `its data is being replaced by a copy of ${from}'s (interrupted: apmode reclone again)`
    return { stage: 'data', sentence, offer: null, follows: false }
  }
}

const LOGICAL = { method: 'logical' } as const

/** What is kept in a file is this operation's own step. */
function mustHaveWorked({ done }: Pick<Settled, 'done'>): void {
  const trouble = done.find(({ ok, step }) => !ok && step !== 'keep-transactions')
  if (trouble !== undefined) throw new ApmodeError('failed', `cannot ${trouble.sentence}: ${trouble.detail}`)
}
