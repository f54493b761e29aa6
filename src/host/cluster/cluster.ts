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
import type { UnitConfig } from '../../core/config.ts'
import type { Position } from '../../core/galera-state.ts'
import type { Observed } from '../../core/observed.ts'
import { type Ended, endedSentence } from '../../core/parted.ts'
import type { MemberView } from '../../ports/cluster.ts'
import type { BootstrapRequest, CommandResult } from '../../ports/control.ts'
import { Account } from '../account.ts'
import { asJob, refused, type Tell } from '../jobs.ts'
import type { Services } from '../services.ts'
import type { Supervisor } from '../supervisor.ts'
import { hooksRefusal } from './ask-hooks.ts'
import { Candidate } from './candidate.ts'
import { FILE_MS, FirstMember } from './first-member.ts'
import { OwnPosition } from './own-position.ts'
import { NO_WORDS, PATIENCE_MS, survey, type Words } from './survey.ts'
import { wordsOf } from './words.ts'

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
  readonly #first: FirstMember

  constructor(supervisor: Supervisor, tools: ClusterTools) {
    this.#supervisor = supervisor
    this.#tools = tools
    this.#own = new OwnPosition(supervisor.parts)
    this.#first = new FirstMember(supervisor, tools.services)
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
    return { ...view, ...this.#ending(NO_WORDS), forming: view.forming || goesOn }
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
      return { ...this.#own.view(observed), ...this.#ending(words), forming: false }
    }
    return outlookOf(await survey(parts, own, { words, patienceMs, tell }))
  }

  /** Waits, beside the queue, until it is known where everybody stands, should this machine's database not run. */
  async ready(tell: Tell): Promise<void> {
    if (await this.#isDown()) await this.outlook(NO_WORDS, tell, PATIENCE_MS)
  }

  async #isDown(): Promise<boolean> {
    return this.here && (await this.#first.isDown())
  }

  /** Why the database is not started, where it does not run; null: it joins, or begins, or there is no cluster. */
  async joinRefusal(tell: Tell): Promise<CommandResult | null> {
    if (!(await this.#isDown())) return null
    const outlook = await this.outlook(NO_WORDS, tell, 0)
    if ((await this.#beginsAt(outlook)) !== null) return null
    const why = this.#joinRefusal(outlook)
    return why === null ? null : { ...refused(GUARD, `nothing was started: ${why}`), members: outlook.rows }
  }

  #joinRefusal(outlook: Outlook): string | null {
    const ended = this.#ended
    if (ended !== null && outlook.verdict.kind !== 'primary') return endedSentence(ended)
    return joinRefusal(outlook, this.#supervisor.parts.config.node.name)
  }

  get #ended(): Ended | null {
    return this.#supervisor.settler.bond.member.saved.member?.ended ?? null
  }

  /** `words`: whoever gives up the machine that went on says that the data of this one counts. */
  #ending({ without }: Words): Pick<MemberView, 'ended'> {
    const ended = this.#ended
    return ended === null || without.includes(ended.node) ? {} : { ended: true }
  }

  /**
   * Where the data of this machine stands, if it may begin by itself: nobody has more, or it was the only member when its database
   * ended, so that nobody can have gone on without it. null: it joins, or must not begin.
   */
  async #beginsAt(outlook: Outlook): Promise<Position | null> {
    const { settler, parts } = this.#supervisor
    const { verdict, rows, forming } = outlook
    if (this.#ended !== null) return null
    const foremost = beginsAt(outlook, parts.config.node.name)
    if (foremost !== null) return foremost
    // Also beside a silent machine: whoever answers and has more has gone on, because a person said so.
    const ahead = aheadOf(rows, parts.config.node.name)
    if (verdict.kind === 'primary' || ahead.length > 0 || forming.length > 0) return null
    if (!(await parts.cluster?.files.wasAlone({ timeoutMs: FILE_MS }))) return null
    const { uuid, seqno } = this.#own.view(await settler.look('anew'))
    return uuid === null || seqno === null ? null : { uuid, seqno }
  }

  /** `units`: all of them if not given; the database as the first member where this machine begins. Whoever asks meanwhile is told. */
  async start(account: Account, tell: Tell, grants: AbortSignal, units?: readonly UnitConfig[]): Promise<void> {
    const { services } = this.#tools
    try {
      const position = await this.#begins(account, tell)
      if (account.failed) return
      if (position === null) await services.start(account, tell, grants, undefined, units)
      else await this.#first.start(position, account, tell, grants, units)
    } finally {
      this.#own.forming = false
    }
  }

  /** After `joinRefusal` refused nothing. From where it begins; null: it joins. */
  async #begins(account: Account, tell: Tell): Promise<Position | null> {
    if (!(await this.#isDown())) return null
    this.#own.forming = true
    const seen = await this.outlook(NO_WORDS, tell, 0)
    const position = await this.#beginsAt(seen)
    if (position !== null) return position
    this.#own.forming = false
    if (seen.verdict.kind === 'primary') return null
    account.failed = true
    account.notDone.push(`start the database: ${this.#joinRefusal(seen)}`)
    return null
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
    // One that has ended comes here only by a person's word.
    this.#supervisor.settler.bond.member.change({ ended: null })
    const account = new Account()
    const { services, whereNow } = this.#tools
    if (forms === 'component') {
      await services.step({ do: 'form-component', effect: 'grant', anywhere: true }, account, tell, grants)
      if (!account.failed) await services.start(account, tell, grants, 'first member')
    } else {
      await this.#first.start(position, account, tell, grants)
    }
    const formed = [`this machine has formed the primary component from ${position.seqno}`, ...lost].join('; ')
    return { ...account.result(account.failed ? whereNow() : formed), members: outlook.rows }
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
