/**
 * Does one step. The outcome is a value, never an exception: a failed step is a fact of the history. Invariants: every
 * step has a time limit; writes are allowed only while the VIP is on the interface at that very moment; a withdrawal
 * gets no abort signal.
 */
import { messageOf } from '../core/errors.ts'
import type { Claim } from '../core/lineage.ts'
import { START_AS_REPLICA, START_VARIABLES, type Step, sentenceOf } from '../core/step.ts'
import type { StepRecord } from '../ports/storage.ts'
import type { StartCall } from '../ports/systemd.ts'
import { drainClients } from './drain-clients.ts'
import { LIMITS } from './limits.ts'
import type { Memory } from './memory.ts'
import { type Parts, primaryOf } from './parts.ts'
import { PATHS } from './paths.ts'

export interface Outcome {
  readonly ok: boolean
  readonly detail: string
}

const done = (detail = ''): Outcome => ({ ok: true, detail })
const lossOf = (count: number) => (count === 0 ? '' : `; ${count} transactions were given up (G5 drain)`)
const failed = (detail: string): Outcome => ({ ok: false, detail })

/** What a step changes of this machine's own knowledge; durable when it returns. */
export interface Claims {
  claim(claim: Claim): void
  current(): Claim
  kept(path: string): void
  /** Of a primary component that this member forms: apmode.lead has no row of it yet. */
  unrecorded(is: boolean): void
}

export class Performer {
  readonly #parts: Parts
  readonly #memory: Memory

  readonly #claims: Claims
  /** Transactions that the last drain did not apply, and that the policy gives up (G5). */
  #givenUp = 0

  constructor(parts: Parts, memory: Memory, claims: Claims) {
    this.#parts = parts
    this.#memory = memory
    this.#claims = claims
  }

  /** `signal` is used by grants only. */
  async perform(step: Step, signal: AbortSignal): Promise<StepRecord> {
    const { clock, config, counting } = this.#parts
    const begun = clock.elapsed()
    const closed = this.#closesDatabase(step) ? this.#memory.sight.closes() : null
    let outcome: Outcome
    try {
      outcome = await this.#do(step, step.effect === 'grant' ? signal : undefined)
    } catch (thrown) {
      outcome = failed(messageOf(thrown))
    } finally {
      closed?.()
    }
    const ms = Math.round((clock.elapsed() - begun) * 10) / 10
    const record = { step: step.do, sentence: sentenceOf(step, config), ms, ...outcome }
    counting.did(record)
    return record
  }

  /** Whether clients lose the right to write with this step. */
  #closesDatabase(step: Step): boolean {
    if (step.do === 'fence' || step.do === 'kill-database' || step.do === 'remove-vip') return true
    const isDatabase = ({ kind, name }: { kind: string; name: string }) =>
      kind === 'database' && step.do === 'stop-unit' && name === step.unit
    return this.#parts.config.units.some(isDatabase)
  }

  async #do(step: Step, signal: AbortSignal | undefined): Promise<Outcome> {
    const { config, systemd, network, unfitFile } = this.#parts
    const limited = (timeoutMs: number) => (signal === undefined ? { timeoutMs } : { timeoutMs, signal })
    switch (step.do) {
      case 'declare-unfit':
        unfitFile.write(true)
        return done()
      case 'declare-fit':
        unfitFile.write(false)
        return done()
      case 'remove-vip':
        await network.removeVip(limited(LIMITS.vip))
        return network.holdsVip() ? failed('the VIP is still there') : done()
      case 'start-unit':
        return this.#start(step, limited(config.unitTimeoutMs))
      case 'stop-unit':
        this.#memory.downExpected.add(step.unit)
        this.#memory.starts.stopped(step.unit)
        return this.#job(await systemd.stop(step.unit, limited(config.unitTimeoutMs)))
      case 'kill-database':
        // What the peer never acknowledged does not count, should systemd start it again.
        if (this.#claims.current() === 'shared') {
          await systemd.keepVariable(START_AS_REPLICA, limited(LIMITS.systemdLook)).catch(() => {})
          this.#memory.startsAsReplica = true
        }
        await systemd.kill(step.unit, limited(LIMITS.kill))
        this.#memory.fenced = true
        return done('its process is gone')
      case 'mask-files':
        return this.#files(await systemd.changeFiles({ mask: step.mask }, limited(LIMITS.unitFiles)))
      case 'change-files':
        return this.#files(
          await systemd.changeFiles(
            { unmask: step.unmask, disable: step.disable, enable: step.enable },
            limited(LIMITS.unitFiles),
          ),
        )
      default:
        return this.#sql(step, limited)
    }
  }

  async #start(step: Extract<Step, { do: 'start-unit' }>, call: StartCall): Promise<Outcome> {
    // Until it runs, what it says of itself interrupts nothing.
    this.#memory.downExpected.add(step.unit)
    const variable = step.as === undefined ? {} : { variable: START_VARIABLES[step.as] }
    let outcome: Outcome
    try {
      outcome = this.#job(await this.#parts.systemd.start(step.unit, { ...call, ...variable }))
    } catch (thrown) {
      outcome = failed(messageOf(thrown))
    } finally {
      this.#memory.downExpected.delete(step.unit)
    }
    // One that was broken off says nothing about the unit.
    if (call.signal?.aborted !== true) this.#tried(step.unit, outcome)
    return outcome
  }

  #tried(unit: string, { ok, detail }: Outcome): void {
    const { config, clock } = this.#parts
    const { kind, runs } = config.units.find(({ name }) => name === unit) ?? {}
    if (kind === 'router') this.#memory.starts.routerTried()
    if (runs !== 'holder') return
    if (ok) this.#memory.starts.started(unit, clock.elapsed())
    else this.#memory.starts.failed(unit, detail, clock.elapsed())
  }

  #job(outcome: { result: string; detail: string }): Outcome {
    return outcome.result === 'done' ? done() : failed(outcome.detail === '' ? outcome.result : outcome.detail)
  }

  #files(failures: readonly { unit: string; wanted: string; reason: string }[]): Outcome {
    if (failures.length === 0) return done()
    return failed(failures.map(({ unit, wanted, reason }) => `${unit} is not ${wanted}: ${reason}`).join('; '))
  }

  async #sql(
    step: Exclude<Step, { do: 'declare-unfit' | 'declare-fit' | 'remove-vip' | 'start-unit' | 'stop-unit' }>,
    limited: (timeoutMs: number) => { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Outcome> {
    const { database, config, network } = this.#parts
    const primary = primaryOf(config)
    if (database === null) return failed('there is no database on this machine')
    switch (step.do) {
      case 'fence': {
        const outcome = await database.fence(limited(step.limitMs ?? config.database.fenceTimeoutMs))
        this.#memory.fenced = outcome.proven
        return { ok: outcome.proven, detail: outcome.detail }
      }
      case 'wait-for-peer': {
        if (primary === null) return done()
        // Bounded, and best effort: what the peer does not have by then it cannot be given any more.
        const outcome = await database.waitForPeer(primary, limited(step.limitMs))
        return { ok: outcome.complete, detail: outcome.detail }
      }
      case 'cut-replication':
      case 'stop-replication':
        await database.stopReplication(limited(LIMITS.statement))
        return done()
      case 'drain': {
        const { complete, detail, left } = await database.drain(limited(config.database.drainTimeoutMs))
        this.#givenUp = complete ? 0 : left
        const forced = this.#claims.current() === 'forced'
        if (complete || (config.database.drainPolicy === 'refuse' && !forced)) return { ok: complete, detail }
        const who = forced ? 'as a person has forced it' : 'as drain_policy says'
        return done(`G5 drain: ${left} transactions are given up, ${who}; ${detail}`)
      }
      case 'forget-primary':
        await database.forgetPrimary(limited(LIMITS.statement))
        return done()
      case 'offer-lead': {
        const lead = await database.recordLead({ node: config.node.name, reason: step.reason }, limited(LIMITS.offer))
        return done(`epoch ${lead.epoch}`)
      }
      case 'record-lead': {
        const lead = await database.recordLead(
          { node: config.node.name, reason: `${step.reason}${lossOf(this.#givenUp)}` },
          limited(LIMITS.statement),
        )
        this.#claims.unrecorded(false)
        return done(`epoch ${lead.epoch}`)
      }
      case 'commit-with-peer':
      case 'commit-alone':
        // Before: from then on the peer could take over, or could not any more (G2).
        this.#claims.claim(step.do === 'commit-with-peer' ? 'shared' : 'alone')
        await database.commitWithPeer(step.do === 'commit-with-peer', limited(LIMITS.statement))
        if (step.do === 'commit-alone' && config.peer !== null) {
          await database.disconnectReplica(config.peer.address, limited(LIMITS.statement))
        }
        return done()
      case 'desync':
      case 'resync':
        await database.desync(step.do === 'desync', limited(LIMITS.statement))
        return done()
      case 'drain-clients':
        return drainClients(database, this.#parts.clock, step.limitMs)
      case 'form-component':
        if (step.anywhere !== true && !network.holdsVip()) return failed('the VIP has left the interface')
        // Before: whatever becomes of this, the row that tells its past from the peer's must follow (G6).
        this.#claims.unrecorded(true)
        await database.formComponent(limited(LIMITS.statement))
        // A person's word was for this one.
        this.#claims.claim('none')
        return done()
      case 'allow-writes':
        if (step.anywhere !== true && !network.holdsVip()) return failed('the VIP has left the interface')
        this.#memory.fenced = false
        await database.allowWrites(limited(LIMITS.statement))
        this.#memory.sight.opened()
        return done()
      case 'follow':
        if (primary === null) return failed('no peer is configured')
        await database.follow(primary, limited(LIMITS.statement))
        return done()
      case 'keep-transactions': {
        const path = await database.keepTransactions(step.ranges, PATHS.diverged, limited(LIMITS.keep))
        this.#claims.kept(path)
        return done(path)
      }
      case 'kill-database':
      case 'mask-files':
      case 'change-files':
        return failed('not a statement')
    }
  }
}
