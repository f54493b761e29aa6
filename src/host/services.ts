/**
 * The service units, one after the other, each followed by a look: an operator's start and stop, within a job. Invariant:
 * `stop` fences before the VIP leaves; `start` starts keepalived last and only when the machine is fit.
 */
import type { UnitConfig } from '../core/config.ts'
import { messageOf } from '../core/errors.ts'
import { lookUp } from '../core/interpret.ts'
import { isDown, isRunning } from '../core/observed.ts'
import type { StartsAs, Step } from '../core/step.ts'
import type { Account } from './account.ts'
import type { Tell } from './jobs.ts'
import { LIMITS } from './limits.ts'
import type { Settled } from './request.ts'
import type { Supervisor } from './supervisor.ts'

export class Services {
  readonly #supervisor: Supervisor

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor
  }

  /** `as`: how the database starts, where that is known already. */
  async start(
    account: Account,
    tell: Tell,
    grants: AbortSignal,
    as?: StartsAs,
    units: readonly UnitConfig[] = this.#supervisor.parts.config.units,
  ): Promise<void> {
    for (const unit of units) {
      if (!(await this.startUnit(unit, account, tell, grants, as))) return
    }
  }

  /** False: what comes after it is not started. */
  async startUnit(
    unit: UnitConfig,
    account: Account,
    tell: Tell,
    grants: AbortSignal,
    as?: StartsAs,
  ): Promise<boolean> {
    const { settler } = this.#supervisor
    const { name, kind, runs } = unit
    if (runs === 'holder' && settler.state.vrrp !== 'master') return true
    const observed = await settler.look('anew')
    const seen = observed.units.find((candidate) => candidate.name === name)
    if (seen === undefined || isRunning(seen)) return true
    if (kind === 'router') {
      account.add(await this.check('start', tell, grants, { type: 'started' }))
      // What is only a matter of waiting for the peer is waited for with keepalived running, in FAULT.
      const { unfit = [], waits = [] } = settler.last?.judgement ?? {}
      const broken = unfit.filter((reason) => !waits.includes(reason))
      if (broken.length > 0) {
        account.failed = true
        account.notDone.push(`start ${name}: this machine is unfit (${broken.join('; ')})`)
        return false
      }
    }
    if (kind === 'database' && as === undefined && !(await this.#forgetsView(account))) return false
    const how: StartsAs | null =
      kind !== 'database' ? null : (as ?? ((await this.#startsAsReplica()) ? 'replica' : null))
    const step: Step = { do: 'start-unit', effect: 'grant', unit: name, ...(how === null ? {} : { as: how }) }
    if (!(await this.step(step, account, tell, grants))) return false
    if (kind !== 'router') account.add(await this.check('start', tell, grants))
    return !account.failed
  }

  /** A member that joins: the component that it remembers, perhaps of itself alone, is not formed again. */
  async #forgetsView(account: Account): Promise<boolean> {
    try {
      await this.#supervisor.parts.cluster?.files.forgetView({ timeoutMs: LIMITS.statement })
      return true
    } catch (thrown) {
      account.failed = true
      account.notDone.push(`start the database: ${messageOf(thrown)}`)
      return false
    }
  }

  /**
   * A peer that has the lead, or may have it (it was attached, and cannot be asked now): what this machine had and the peer
   * never acknowledged does not count.
   */
  async #startsAsReplica(): Promise<boolean> {
    const { settler, parts } = this.#supervisor
    if (parts.config.database.engine !== 'mariadb' || parts.config.database.durability !== 'semi-sync') return false
    const { peer, lineage } = await settler.look('everything')
    const stillOurs = peer?.writable === false && peer.leadKnown && peer.lead?.node === parts.config.node.name
    return peer?.writable === true || (lineage.claim === 'shared' && !stillOurs)
  }

  async stop(account: Account, tell: Tell, grants: AbortSignal): Promise<void> {
    const { settler, parts } = this.#supervisor
    // Data that is being replaced stays withdrawn, whatever is stopped meanwhile.
    const before = settler.withdrawal?.stage === 'data' ? settler.withdrawal : null
    if (before === null)
      settler.withdraw({ stage: 'vip', sentence: 'an operator stops the services', offer: null, follows: false })
    try {
      account.add(await this.check('stop', tell, grants))
      for (const { name, kind } of [...parts.config.units].reverse()) {
        const observed = await settler.look('anew')
        const unit = observed.units.find((candidate) => candidate.name === name)
        if (unit === undefined || unit.active === null || isDown(unit)) continue
        await this.step({ do: 'stop-unit', effect: 'withdraw', unit: name }, account, tell, grants)
        if (kind === 'router') account.add(await this.check('stop', tell, grants))
      }
    } finally {
      settler.withdraw(before)
    }
    // When it comes back, it has nothing to hand over.
    settler.bond.led = false
    if (!account.failed) account.add(await this.check('stopped', tell, grants))
  }

  /** Looks whether all is as it must be, within a job. */
  async check(event: string, tell: Tell, grants: AbortSignal, decided?: { type: 'started' }): Promise<Settled> {
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

  async step(step: Step, account: Account, tell: Tell, grants: AbortSignal): Promise<boolean> {
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
}
