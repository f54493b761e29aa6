/**
 * What an operator asks for, as jobs of the one queue: set, start, stop, restart. Refusals come before anything is
 * changed. Invariant: maintenance of a machine that serves begins with handing its lead over.
 */
import { isLastMember, isTogether } from '../core/cluster.ts'
import { lineageReasons } from '../core/lineage.ts'
import type { Observed } from '../core/observed.ts'
import { meaningOf, rowFor } from '../core/posture.ts'
import type { State } from '../core/state.ts'
import type { UnitKind } from '../core/vocabulary.ts'
import type { CommandResult, HandoverRequest, SetRequest, UnitCommand } from '../ports/control.ts'
import { Account } from './account.ts'
import { Cluster } from './cluster/cluster.ts'
import { forcedRefusal } from './cluster/forced.ts'
import { Handover } from './handover.ts'
import { asJob, refused, type Tell } from './jobs.ts'
import type { Settled } from './request.ts'
import { Services } from './services.ts'
import type { Supervisor } from './supervisor.ts'

/** How long an answered `start` waits for keepalived's first word, so that the answer says where the machine ended. */
const FIRST_WORD_MS = 8_000
const LOOK_EVERY_MS = 20
const MAINTENANCE = { purpose: 'maintenance', kill: false, timeoutMs: null } as const

/** Whoever takes a machine out is never asked, nor is one who insists. */
export function asksHooks({ mode, force }: SetRequest, state: State): boolean {
  return mode !== 'm' && !force && mode !== state.mode
}

export class Commands {
  readonly handover: Handover
  readonly services: Services
  readonly cluster: Cluster
  readonly #supervisor: Supervisor

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor
    this.handover = new Handover(supervisor)
    this.services = new Services(supervisor)
    this.cluster = new Cluster(supervisor, {
      services: this.services,
      whereNow: () => this.whereNow(),
      afterStart: (result, tell) => this.#afterStart(result, tell),
    })
  }

  async set(request: SetRequest, tell: Tell): Promise<CommandResult> {
    const starts = request.now && request.mode !== 'm'
    if (starts) await this.cluster.ready(tell)
    const job = { name: `set ${request.mode}`, withdraws: request.mode !== 'ap' }
    return asJob(this.#supervisor.queue, job, tell, async (grants) => {
      const no =
        (await this.refusal(request)) ??
        (starts ? await this.cluster.joinRefusal(tell) : null) ??
        (await this.#hooksRefusal(request, tell, grants))
      if (no !== null) return no
      const account = new Account()
      if (request.mode === 'm' && !request.force && this.serves(await this.#supervisor.settler.look('anew'))) {
        // A disk that takes no mode is found out before the lead is gone.
        const { mode } = this.#supervisor.settler.state
        if (mode === 'ap' || mode === 's') this.#supervisor.parts.modeFile.write(mode)
        const handed = await this.handover.run(MAINTENANCE, tell, grants)
        if (handed.exit !== 0) return handed
        account.done.push(...handed.done)
      }
      const settled = await this.decide(request.mode, tell, grants, request.force)
      account.add(settled)
      if (request.now && !account.failed) {
        if (request.mode === 'm') await this.services.stop(account, tell, grants)
        else await this.cluster.start(account, tell, grants)
      }
      this.#supervisor.followUp.after(settled)
      return account.result(this.whereNow())
    }).then((result) => (starts ? this.#afterStart(result, tell) : result))
  }

  handOver({ kill, timeoutMs }: HandoverRequest, tell: Tell): Promise<CommandResult> {
    const order = { purpose: 'handover', kill, timeoutMs } as const
    return asJob(this.#supervisor.queue, { name: 'handover', withdraws: false }, tell, async (grants) => {
      return (await this.handover.refusal(order)) ?? this.handover.run(order, tell, grants)
    })
  }

  async units(command: UnitCommand, tell: Tell): Promise<CommandResult> {
    if (command === 'restart') return this.#restart(tell)
    if (command === 'start') await this.cluster.ready(tell)
    const job = { name: command, withdraws: command === 'stop' }
    return asJob(this.#supervisor.queue, job, tell, async (grants) => {
      const no =
        this.unitRefusal(command, this.#supervisor.settler.state) ??
        (command === 'start' ? await this.cluster.joinRefusal(tell) : null)
      if (no !== null) return no
      const account = new Account()
      if (command === 'stop') await this.services.stop(account, tell, grants)
      else await this.#startAll(account, tell, grants)
      return account.result(this.whereNow())
    }).then((result) => (command === 'start' ? this.#afterStart(result, tell) : result))
  }

  async #startAll(account: Account, tell: Tell, grants: AbortSignal): Promise<void> {
    const { starts } = this.#supervisor.settler.observer.memory
    const again = starts.gaveUp
    starts.forget()
    // keepalived runs already, and nothing else would make this machine fit now.
    if (again) account.add(await this.services.check('start', tell, grants))
    if (!account.failed) await this.cluster.start(account, tell, grants)
  }

  /**
   * Two jobs, not one: what keepalived says on its way down (FAULT, STOP) waits between them, and is heard while it is
   * still down. Heard after the start it would be believed, and a holder would fall out of the pair.
   */
  async #restart(tell: Tell): Promise<CommandResult> {
    const no = this.unitRefusal('restart', this.#supervisor.settler.state)
    if (no !== null) return no
    const stopped = await this.units('stop', tell)
    if (stopped.exit !== 0) return stopped
    const started = await this.units('start', tell)
    return { ...started, done: [...stopped.done, ...started.done] }
  }

  /** Why a `set` is refused; null: it is not. Looks, and changes nothing. */
  async refusal(request: SetRequest): Promise<CommandResult | null> {
    const { settler } = this.#supervisor
    if (request.force) return request.mode === 's' ? forcedRefusal(this.#supervisor, this.cluster) : null
    if (request.mode === 'm') return this.#maintenanceRefusal()
    if (request.mode === 'ap') return this.#pairRefusal()
    if (settler.state.mode === 's') return null
    const observed = await settler.look('everything')
    const { config } = this.#supervisor.parts
    const [reason] = lineageReasons({ ...settler.state, mode: 's' }, observed, config)
    if (observed.peer?.writable !== true && reason !== undefined) return refused(reason.split(':')[0] ?? '', reason)
    if (observed.peer?.writable !== true || isTogether(observed, config)) return null
    return refused(
      'G3 no second writer',
      "the peer's database accepts writes: this machine would be a second writer; " +
        'put the peer into maintenance first (apmode set m there), or apmode set s --force',
    )
  }

  /** The hooks' own no; asked last, and not for a plan. */
  async #hooksRefusal(request: SetRequest, tell: Tell, grants: AbortSignal): Promise<CommandResult | null> {
    const { hooks, state } = this.#supervisor.settler
    if (!asksHooks(request, state)) return null
    const facts = { event: `set ${request.mode}`, from: state, to: { ...state, mode: request.mode } }
    const veto = await hooks.askForChange(facts, grants, tell)
    return veto === null ? null : refused(veto.by, `${veto.sentence}; nothing was touched (--force asks no hook)`)
  }

  /** This machine serves, and in `s` somebody is there who could serve instead. */
  serves(observed: Observed): boolean {
    const { mode } = this.#supervisor.settler.state
    const { peer } = this.#supervisor.parts.config
    if (peer === null || observed.database?.answers !== true || !observed.database.writable || !observed.vip)
      return false
    return mode === 'ap' || (mode === 's' && observed.peerAttached)
  }

  async #maintenanceRefusal(): Promise<CommandResult | null> {
    const { settler, parts } = this.#supervisor
    const observed = await settler.look('anew')
    const no = isLastMember(settler.state, observed, parts.config)
      ? refused('', 'no other machine is in the primary component')
      : this.serves(observed)
        ? await this.handover.refusal(MAINTENANCE)
        : null
    if (no === null) return null
    const why = no.sentence.replace(/^nothing was touched: /, '')
    return refused(
      'handover',
      `nobody could serve instead, nothing was touched: ${why}; apmode set m --force goes all the same`,
    )
  }

  /** Whoever is alone is not a pair again before its peer is there. */
  async #pairRefusal(): Promise<CommandResult | null> {
    const { settler, parts } = this.#supervisor
    if (settler.state.mode !== 's' || parts.config.peer === null) return null
    const observed = await settler.look('anew')
    const own = observed.database
    if (own?.answers !== true || !own.writable || observed.peerAttached) return null
    const { name } = parts.config.peer
    return refused(
      'pair',
      `${name} is not attached, nothing was touched: apmode rejoin on ${name} first, or apmode set ap --force`,
    )
  }

  /** Why units are not started; null: they are. */
  unitRefusal(command: UnitCommand | 'notify', state: State): CommandResult | null {
    if (command === 'stop' || command === 'notify' || state.mode === 'ap' || state.mode === 's') return null
    const why = this.#meaningOf(state)
    return refused('mode', `nothing is started in mode ${state.mode} (${why}): apmode set ap --now, or set s --now`)
  }

  /** The mode itself, within a job. */
  async decide(mode: SetRequest['mode'], tell: Tell, grants: AbortSignal, force = false): Promise<Settled> {
    const settled = await this.#supervisor.settler.settle(
      {
        event: `set ${mode}`,
        source: 'operator',
        planned: true,
        alwaysRecord: true,
        needsDurableMode: true,
        forced: mode === 's' && force,
        onProgress: tell,
        decide: (observed) => ({ type: 'set', mode, holder: observed.vip }),
      },
      grants,
    )
    this.#supervisor.modeProblem = null
    return settled
  }

  /** keepalived's first word comes after `start` has ended; the answer waits a moment for it. */
  async #afterStart(result: CommandResult, tell: Tell): Promise<CommandResult> {
    if (result.exit !== 0 || !this.#has('router')) return result
    const { settler, queue, parts } = this.#supervisor
    const { clock } = parts
    const begun = clock.elapsed()
    tell({ type: 'note', sentence: 'waiting for keepalived' })
    // An active machine whose peer is not writable is BACKUP for three adverts only.
    const waits = () => settler.state.vrrp === 'backup' && (settler.last?.judgement.holds.length ?? 0) > 0
    const settledDown = () => settler.state.vrrp !== 'init' && queue.running === null && !waits()
    while (!settledDown() && clock.elapsed() - begun < FIRST_WORD_MS) await clock.sleep(LOOK_EVERY_MS)
    return { ...result, sentence: this.whereNow() }
  }

  #has(kind: UnitKind): boolean {
    return this.#supervisor.parts.config.units.some((unit) => unit.kind === kind)
  }

  /** Where the machine stands, as the answer of a command. */
  whereNow(): string {
    const { state } = this.#supervisor.settler
    return `mode ${state.mode}, role ${state.role}, VRRP ${state.vrrp}: ${this.#meaningOf(state)}`
  }

  #meaningOf(state: State): string {
    return meaningOf(rowFor(state), this.#supervisor.parts.config.database.engine)
  }
}
