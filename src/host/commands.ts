/**
 * What an operator asks for, as jobs of the one queue: set, start, stop, restart. Refusals come before anything is
 * changed. Invariant: `stop` fences before the VIP leaves; `start` starts keepalived last and only when the machine is fit.
 */
import { ApmodeError, messageOf } from '../core/errors.ts'
import { lookUp } from '../core/interpret.ts'
import { lineageReasons } from '../core/lineage.ts'
import { isDown, isRunning } from '../core/observed.ts'
import { rowFor } from '../core/posture.ts'
import type { State } from '../core/state.ts'
import type { Step } from '../core/step.ts'
import type { UnitKind } from '../core/vocabulary.ts'
import type { CommandResult, Progress, SetRequest, UnitCommand } from '../ports/control.ts'
import { Account } from './account.ts'
import type { Settled } from './request.ts'
import type { Supervisor } from './supervisor.ts'

/** How long an answered `start` waits for keepalived's first word, so that the answer says where the machine ended. */
const FIRST_WORD_MS = 8_000
const LOOK_EVERY_MS = 20

type Tell = (progress: Progress) => void

const refused = (guard: string, sentence: string): CommandResult => ({
  exit: 3,
  sentence,
  done: [],
  notDone: [],
  refusedBy: guard,
})

export class Commands {
  readonly #supervisor: Supervisor

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor
  }

  set(request: SetRequest, tell: Tell): Promise<CommandResult> {
    return this.#job(`set ${request.mode}`, request.mode === 'm' || request.mode === 's', tell, async (grants) => {
      const no = await this.refusal(request)
      if (no !== null) return no
      const account = new Account()
      const settled = await this.#supervisor.settler.settle(
        {
          event: `set ${request.mode}`,
          source: 'operator',
          planned: true,
          alwaysRecord: true,
          needsDurableMode: true,
          forced: request.mode === 's' && request.force,
          onProgress: tell,
          decide: (observed) => ({ type: 'set', mode: request.mode, holder: observed.vip }),
        },
        grants,
      )
      this.#supervisor.modeProblem = null
      account.add(settled)
      if (request.now && !account.failed) {
        if (request.mode === 'm') await this.#stop(account, tell, grants)
        else await this.#start(account, tell, grants)
      }
      this.#supervisor.followUp.after(settled)
      return account.result(this.#whereNow())
    }).then((result) => (request.now && request.mode !== 'm' ? this.#afterStart(result, tell) : result))
  }

  units(command: UnitCommand, tell: Tell): Promise<CommandResult> {
    if (command === 'restart') return this.#restart(tell)
    return this.#job(command, command === 'stop', tell, async (grants) => {
      const no = this.unitRefusal(command, this.#supervisor.settler.state)
      if (no !== null) return no
      const account = new Account()
      if (command === 'stop') await this.#stop(account, tell, grants)
      else await this.#start(account, tell, grants)
      return account.result(this.#whereNow())
    }).then((result) => (command === 'start' ? this.#afterStart(result, tell) : result))
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

  /** Why a `set` is refused; null: it is not. Changes nothing. */
  async refusal(request: SetRequest): Promise<CommandResult | null> {
    const { settler } = this.#supervisor
    if (request.mode !== 's' || settler.state.mode === 's' || request.force) return null
    const observed = await settler.look('everything')
    const { config } = this.#supervisor.parts
    const [reason] = lineageReasons({ ...settler.state, mode: 's' }, observed, config)
    if (observed.peer?.writable !== true && reason !== undefined) return refused(reason.split(':')[0] ?? '', reason)
    if (observed.peer?.writable !== true) return null
    return refused(
      'G3 no second writer',
      "the peer's database accepts writes: this machine would be a second writer; " +
        'put the peer into maintenance first (apmode set m there), or apmode set s --force',
    )
  }

  /** Why units are not started; null: they are. */
  unitRefusal(command: UnitCommand | 'notify', state: State): CommandResult | null {
    if (command === 'stop' || command === 'notify' || state.mode === 'ap' || state.mode === 's') return null
    const why = rowFor(state).sentence
    return refused('mode', `nothing is started in mode ${state.mode} (${why}): apmode set ap --now, or set s --now`)
  }

  #job(
    name: string,
    withdraws: boolean,
    tell: Tell,
    work: (grants: AbortSignal) => Promise<CommandResult>,
  ): Promise<CommandResult> {
    const { queue } = this.#supervisor
    if (queue.running !== null) tell({ type: 'note', sentence: `waiting for ${queue.running.name} to end` })
    return new Promise((resolve) => {
      const accepted = queue.push({
        name,
        withdraws,
        run: async (grants) => {
          try {
            resolve(await work(grants))
          } catch (thrown) {
            resolve({ exit: 1, sentence: messageOf(thrown), done: [], notDone: [] })
            if (!(thrown instanceof ApmodeError)) throw thrown
          }
        },
      })
      if (!accepted) resolve({ exit: 1, sentence: 'the supervisor is stopping', done: [], notDone: [] })
    })
  }

  async #start(account: Account, tell: Tell, grants: AbortSignal): Promise<void> {
    const { settler, parts } = this.#supervisor
    for (const { name, kind, runs } of parts.config.units) {
      if (runs === 'holder' && settler.state.vrrp !== 'master') continue
      const observed = await settler.look('anew')
      const unit = observed.units.find((candidate) => candidate.name === name)
      if (unit === undefined || isRunning(unit)) continue
      if (kind === 'router') {
        account.add(await this.#check('start', tell, grants, { type: 'started' }))
        // What is only a matter of waiting for the peer is waited for with keepalived running, in FAULT.
        const { unfit = [], waits = [] } = settler.last?.judgement ?? {}
        const broken = unfit.filter((reason) => !waits.includes(reason))
        if (broken.length > 0) {
          account.failed = true
          account.notDone.push(`start ${name}: this machine is unfit (${broken.join('; ')})`)
          return
        }
      }
      const asReplica = kind === 'database' && (await this.#startsAsReplica())
      if (!(await this.#step({ do: 'start-unit', effect: 'grant', unit: name, asReplica }, account, tell, grants)))
        return
      if (kind !== 'router') account.add(await this.#check('start', tell, grants))
      if (account.failed) return
    }
  }

  /**
   * A peer that has the lead, or may have it (it was attached, and cannot be asked now): what this machine had and the peer
   * never acknowledged does not count.
   */
  async #startsAsReplica(): Promise<boolean> {
    const { settler, parts } = this.#supervisor
    if (parts.config.database.engine === 'none' || parts.config.database.durability !== 'semi-sync') return false
    const { peer, lineage } = await settler.look('everything')
    const stillOurs = peer?.writable === false && peer.leadKnown && peer.lead?.node === parts.config.node.name
    return peer?.writable === true || (lineage.claim === 'shared' && !stillOurs)
  }

  async #stop(account: Account, tell: Tell, grants: AbortSignal): Promise<void> {
    const { settler, parts } = this.#supervisor
    settler.withdraw({ stage: 'vip', sentence: 'an operator stops the services', offer: null })
    try {
      account.add(await this.#check('stop', tell, grants))
      for (const { name, kind } of [...parts.config.units].reverse()) {
        const observed = await settler.look('anew')
        const unit = observed.units.find((candidate) => candidate.name === name)
        if (unit === undefined || unit.active === null || isDown(unit)) continue
        await this.#step({ do: 'stop-unit', effect: 'withdraw', unit: name }, account, tell, grants)
        if (kind === 'router') account.add(await this.#check('stop', tell, grants))
      }
    } finally {
      settler.withdraw(null)
    }
    // When it comes back, it has nothing to hand over.
    settler.bond.led = false
    if (!account.failed) account.add(await this.#check('stopped', tell, grants))
  }

  async #check(event: string, tell: Tell, grants: AbortSignal, decided?: { type: 'started' }): Promise<Settled> {
    return this.#supervisor.settler.settle(
      {
        event,
        source: 'operator',
        planned: true,
        onProgress: tell,
        decide: (observed, state) => decided ?? lookUp(state, observed, this.#supervisor.parts.config),
      },
      grants,
    )
  }

  async #step(step: Step, account: Account, tell: Tell, grants: AbortSignal): Promise<boolean> {
    const { settler } = this.#supervisor
    const sentence = settler.sentenceOf(step)
    if (step.effect === 'grant' && grants.aborted) {
      account.failed = true
      account.notDone.push(sentence)
      return false
    }
    tell({ type: 'begin', step: step.do, sentence })
    const record = await settler.perform(step, grants)
    tell({ type: 'step', ...record })
    account.done.push(record)
    if (!record.ok) account.failed = true
    return record.ok
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
    return { ...result, sentence: this.#whereNow() }
  }

  #has(kind: UnitKind): boolean {
    return this.#supervisor.parts.config.units.some((unit) => unit.kind === kind)
  }

  #whereNow(): string {
    const { state } = this.#supervisor.settler
    return `mode ${state.mode}, role ${state.role}, VRRP ${state.vrrp}: ${rowFor(state).sentence}`
  }
}
