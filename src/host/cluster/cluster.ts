/**
 * A Galera cluster whose databases do not run: what `apmode bootstrap` and `apmode start` look at, refuse and do. Invariants: a
 * component is formed only by a machine that is proven to have everything that counts; of two that begin at the same moment at
 * least one gives up, since each says that it begins before it asks the others.
 */
import {
  aheadOf,
  beginsAt,
  bootstrapRefusal,
  formsSentence,
  joinRefusal,
  type Outlook,
  outlookOf,
} from '../../core/bootstrap.ts'
import { messageOf } from '../../core/errors.ts'
import type { Position } from '../../core/galera-state.ts'
import { databaseUnitOf, isDown, type Observed } from '../../core/observed.ts'
import type { StartsAs } from '../../core/step.ts'
import type { MemberView } from '../../ports/cluster.ts'
import type { BootstrapRequest, CommandResult } from '../../ports/control.ts'
import { Account } from '../account.ts'
import { asJob, refused, type Tell } from '../jobs.ts'
import type { Services } from '../services.ts'
import type { Supervisor } from '../supervisor.ts'
import { hooksRefusal } from './ask-hooks.ts'
import { Candidate } from './candidate.ts'
import { OwnPosition } from './own-position.ts'
import { ALLOW } from './planned.ts'
import { NO_WORDS, PATIENCE_MS, survey, type Words } from './survey.ts'
import { wordsOf } from './words.ts'

const FILE_MS = 10_000
const GUARD = 'bootstrap'
const OTHER_ENGINE = 'only the machines of a Galera cluster are bootstrapped (engine = "galera")'

export interface ClusterTools {
  readonly services: Services
  readonly whereNow: () => string
  /** Waits for keepalived's first word. */
  readonly afterStart: (result: CommandResult, tell: Tell) => Promise<CommandResult>
}

export class Cluster {
  readonly #supervisor: Supervisor
  readonly #tools: ClusterTools
  readonly #own: OwnPosition

  constructor(supervisor: Supervisor, tools: ClusterTools) {
    this.#supervisor = supervisor
    this.#tools = tools
    this.#own = new OwnPosition(supervisor.parts)
    if (!this.here) return
    const candidate = new Candidate(supervisor, this.#own, () => this.outlook(NO_WORDS, () => {}, 0))
    const see = () => {
      this.#see(supervisor.settler.last?.observed ?? null, false)
      candidate.see()
    }
    supervisor.changes.on(see)
    see()
  }

  get here(): boolean {
    return this.#supervisor.parts.cluster !== null
  }

  /** What this machine tells the others, from memory; null: there is no cluster. */
  view(): MemberView | null {
    if (!this.here) return null
    const { last } = this.#supervisor.settler
    this.#see(last?.observed ?? null, true)
    const view = this.#own.view(last?.observed ?? null)
    // One that runs without a component and is fit goes on alone as soon as it has the VIP.
    const goesOn = view.component === 'non-Primary' && last?.judgement.unfit.length === 0
    return { ...view, forming: view.forming || goesOn }
  }

  #see(observed: Observed | null, asked: boolean): void {
    const { mode } = this.#supervisor.settler.state
    // In maintenance somebody may be at work on the data; before the first mode nobody is.
    const mayRecover = mode !== 'm' && mode !== 'unreadable'
    if (observed !== null) this.#own.see(observed, { mayRecover, asked })
  }

  /** All machines, asked now. */
  async outlook(words: Words, tell: Tell, patienceMs: number): Promise<Outlook> {
    const { parts, settler } = this.#supervisor
    const own = async () => {
      const observed = await settler.look('anew')
      this.#see(observed, true)
      return { ...this.#own.view(observed), forming: false }
    }
    return outlookOf(await survey(parts, own, { words, patienceMs, tell }))
  }

  /** Waits, beside the queue, until it is known where everybody stands, should this machine's database not run. */
  async ready(tell: Tell): Promise<void> {
    if (await this.#isDown()) await this.outlook(NO_WORDS, tell, PATIENCE_MS)
  }

  async #isDown(): Promise<boolean> {
    const unit = this.here ? databaseUnitOf(await this.#supervisor.settler.look('anew')) : undefined
    return unit !== undefined && isDown(unit)
  }

  /** Why the database is not started, where it does not run; null: it joins, or begins, or there is no cluster. */
  async joinRefusal(tell: Tell): Promise<CommandResult | null> {
    if (!(await this.#isDown())) return null
    const outlook = await this.outlook(NO_WORDS, tell, 0)
    if ((await this.#beginsAt(outlook)) !== null) return null
    const why = joinRefusal(outlook, this.#supervisor.parts.config.node.name)
    return why === null ? null : { ...refused(GUARD, `nothing was started: ${why}`), members: outlook.rows }
  }

  /**
   * Where the data of this machine stands, if it may begin by itself: nobody has more, or it was the only member when its database
   * ended, so that nobody can have gone on without it. null: it joins, or must not begin.
   */
  async #beginsAt(outlook: Outlook): Promise<Position | null> {
    const { settler, parts } = this.#supervisor
    const { verdict, rows, forming } = outlook
    const foremost = beginsAt(outlook, parts.config.node.name)
    if (foremost !== null) return foremost
    // Also beside a silent machine: whoever answers and has more has gone on, because a person said so.
    const ahead = aheadOf(rows, parts.config.node.name)
    if (verdict.kind === 'primary' || ahead.length > 0 || forming.length > 0) return null
    if (!(await parts.cluster?.files.wasAlone({ timeoutMs: FILE_MS }))) return null
    const { uuid, seqno } = this.#own.view(await settler.look('anew'))
    return uuid === null || seqno === null ? null : { uuid, seqno }
  }

  /** All units; the database as the first member where this machine begins. Whoever asks meanwhile is told. */
  async start(account: Account, tell: Tell, grants: AbortSignal): Promise<void> {
    const { services } = this.#tools
    try {
      const as = await this.#startsAs(account, tell)
      if (!account.failed) await services.start(account, tell, grants, as)
    } finally {
      this.#own.forming = false
    }
  }

  /** After `joinRefusal` refused nothing. undefined: it joins. */
  async #startsAs(account: Account, tell: Tell): Promise<StartsAs | undefined> {
    if (!(await this.#isDown())) return undefined
    this.#own.forming = true
    const seen = await this.outlook(NO_WORDS, tell, 0)
    const position = await this.#beginsAt(seen)
    if (position !== null) {
      await this.#allow(position, account, tell)
      return 'first member'
    }
    this.#own.forming = false
    if (seen.verdict.kind === 'primary') return undefined
    account.failed = true
    account.notDone.push(`start the database: ${joinRefusal(seen, this.#supervisor.parts.config.node.name)}`)
    return undefined
  }

  /** Changes nothing. Throws ApmodeError `usage`. */
  async plan(request: BootstrapRequest, tell: Tell = () => {}, patienceMs = PATIENCE_MS): Promise<Prospect> {
    if (!this.here)
      return { outlook: null, refusal: refused(GUARD, `nothing was touched: ${OTHER_ENGINE}`), forms: 'start' }
    const outlook = await this.outlook(wordsOf(request, this.#supervisor.parts.config), tell, patienceMs)
    return { outlook, refusal: this.#refusal(outlook), forms: (await this.#isDown()) ? 'start' : 'component' }
  }

  /** Throws ApmodeError `usage` before anything is begun. */
  async run(request: BootstrapRequest, tell: Tell): Promise<CommandResult> {
    const { queue } = this.#supervisor
    // Whatever takes long is waited for beside the queue.
    const { refusal } = await this.plan(request, tell)
    if (refusal !== null) return refusal
    const result = await asJob(queue, { name: 'bootstrap', withdraws: false }, tell, async (grants) => {
      this.#own.forming = true
      try {
        return await this.#run(request, tell, grants)
      } finally {
        this.#own.forming = false
      }
    })
    if (result.exit !== 0) return result
    const after = await this.#tools.afterStart(result, tell)
    return { ...after, sentence: `${result.sentence}; ${after.sentence}` }
  }

  async #run(request: BootstrapRequest, tell: Tell, grants: AbortSignal): Promise<CommandResult> {
    const no = (await this.#isDown()) ? null : await hooksRefusal(this.#supervisor.settler, tell, grants)
    if (no !== null) return no
    const { outlook, refusal, forms } = await this.plan(request, tell, 0)
    if (refusal !== null || outlook?.verdict.kind !== 'newest') return refusal ?? refused(GUARD, 'nobody may')
    const { position, lost } = outlook.verdict
    const account = new Account()
    const { services, whereNow } = this.#tools
    if (forms === 'component') {
      await services.step({ do: 'form-component', effect: 'grant', anywhere: true }, account, tell, grants)
    } else {
      await this.#allow(position, account, tell)
    }
    if (!account.failed) await services.start(account, tell, grants, 'first member')
    if (account.failed && forms === 'start') await this.#forbid()
    const formed = [`this machine has formed the primary component from ${position.seqno}`, ...lost].join('; ')
    return { ...account.result(account.failed ? whereNow() : formed), members: outlook.rows }
  }

  /** Nothing came of it: a later start must not take the mark for one of Galera's own. */
  async #forbid(): Promise<void> {
    const { cluster, log } = this.#supervisor.parts
    if (!(await this.#isDown())) return
    await cluster?.files
      .forbidBootstrap({ timeoutMs: FILE_MS })
      .catch((thrown: unknown) => log.warn({}, messageOf(thrown)))
  }

  async #allow(position: Position, account: Account, tell: Tell): Promise<void> {
    const { cluster, clock } = this.#supervisor.parts
    const begun = clock.elapsed()
    tell({ type: 'begin', step: ALLOW.step, sentence: ALLOW.sentence })
    let detail = ''
    try {
      await cluster?.files.allowBootstrap(position, { timeoutMs: FILE_MS })
    } catch (thrown) {
      detail = messageOf(thrown)
    }
    const ok = detail === ''
    const record = { ...ALLOW, ms: Math.round((clock.elapsed() - begun) * 10) / 10, ok, detail }
    account.done.push(record)
    if (!ok) account.failed = true
    tell({ type: 'step', ...record })
  }

  #refusal({ verdict, rows, forming }: Outlook): CommandResult | null {
    const { settler, parts } = this.#supervisor
    const { mode } = settler.state
    const self = parts.config.node.name
    const why =
      mode !== 'ap' && mode !== 's'
        ? `nothing is started in mode ${mode}: apmode set ap first`
        : forming.length > 0
          ? formsSentence(forming)
          : bootstrapRefusal(verdict, self)
    return why === null ? null : { ...refused(GUARD, `nothing was touched: ${why}`), members: rows }
  }
}

export interface Prospect {
  readonly outlook: Outlook | null
  readonly refusal: CommandResult | null
  /** By a start of the database, or in one that runs without a primary component. */
  readonly forms: 'start' | 'component'
}
