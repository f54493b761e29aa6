/**
 * The way back of a machine that fell out: its database starts as a replica, proves that it has nothing of its own, follows,
 * and has everything before the rest is started. Invariant: it never becomes fit on the way, and waiting for the data
 * does not occupy the queue: whatever happens meanwhile is acted on, and ends the waiting if it must.
 */

import { CatchingUp } from '../core/catching-up.ts'
import { isWhole } from '../core/cluster.ts'
import { lagBetween } from '../core/gtid.ts'
import { rejoinRefusals, rejoinTrouble } from '../core/rejoin.ts'
import type { CommandResult, RejoinRequest } from '../ports/control.ts'
import type { PeerDetails } from '../ports/database.ts'
import { Account } from './account.ts'
import type { Commands } from './commands.ts'
import { fingerprint } from './fingerprint.ts'
import { asJob, failed, refused, type Tell } from './jobs.ts'
import { primaryOf } from './parts.ts'
import type { Supervisor } from './supervisor.ts'

const LOOK_MS = 1_000
const PROGRESS_MS = 500
const STANDS_BY_MS = 3_000
/** How long a peer may be away before it is said. */
const PATIENCE_MS = 5_000

export class Rejoin {
  readonly #supervisor: Supervisor
  readonly #commands: Commands
  #running = false

  constructor(supervisor: Supervisor, commands: Commands) {
    this.#supervisor = supervisor
    this.#commands = commands
  }

  /** Why not; null: nothing stands against it. Looks, and changes nothing. */
  async refusal(force: boolean): Promise<CommandResult | null> {
    const { settler, parts } = this.#supervisor
    const observed = await settler.look('everything')
    const facts = { observed, peer: await this.#peer(), configuration: fingerprint(parts.config) }
    const reasons = rejoinRefusals(settler.state, facts, parts.config, force)
    return reasons.length === 0 ? null : refused('rejoin', `nothing was touched: ${reasons.join('; ')}`)
  }

  async run(request: RejoinRequest, tell: Tell): Promise<CommandResult> {
    if (this.#running) return refused('rejoin', 'apmode rejoin is at work already: apmode status shows how far it is')
    this.#running = true
    try {
      return await this.#run(request, tell)
    } finally {
      this.#running = false
      const { settler } = this.#supervisor
      if (settler.withdrawal?.sentence === COMES_BACK.sentence) settler.withdraw(null)
    }
  }

  async #run(request: RejoinRequest, tell: Tell): Promise<CommandResult> {
    const { queue, parts } = this.#supervisor
    const until = parts.clock.elapsed() + (request.timeoutMs ?? Number.POSITIVE_INFINITY)
    const account = new Account()
    await this.#commands.cluster.ready(tell)
    const began = await asJob(queue, { name: 'rejoin', withdraws: true }, tell, (grants) =>
      this.#begin(request, account, tell, grants),
    )
    if (began.exit !== 0) return began
    // Without a database there is nothing to catch up with.
    const waited = parts.database === null ? null : await this.#catchUp(until, tell)
    if (waited !== null) return { ...waited, done: account.done, notDone: account.notDone }
    this.#supervisor.settler.withdraw(null)
    const rest = await this.#commands.units('start', tell)
    const done = [...account.done, ...rest.done]
    if (rest.exit !== 0) return { ...rest, done }
    await this.#standsBy()
    return { ...rest, done, sentence: `${this.#commands.whereNow()}; ${await this.#next()}` }
  }

  /** Mode `ap`, the database as a read-only replica, G6, and following. */
  async #begin(request: RejoinRequest, account: Account, tell: Tell, grants: AbortSignal): Promise<CommandResult> {
    const { settler, parts } = this.#supervisor
    await this.#answers(tell)
    // Of more than two nobody else tells whether there is a component to come back into.
    const no = (await this.refusal(request.force)) ?? (await this.#commands.cluster.joinRefusal(tell))
    if (no !== null) return no
    // A member of a cluster gets what it lacks before its database answers; it is kept from nothing then.
    const clustered = parts.config.database.engine === 'galera'
    if (!clustered) settler.withdraw(COMES_BACK)
    if (settler.state.mode !== 'ap') account.add(await this.#commands.decide('ap', tell, grants))
    if (parts.database === null && !account.failed) settler.yielded()
    if (parts.database === null) return account.result('this machine is a member of the pair')
    const database = parts.config.units.find(({ kind }) => kind === 'database')
    if (database !== undefined && !account.failed) {
      await this.#commands.cluster.start(account, tell, grants, [database])
    }
    if (clustered && !account.failed) settler.yielded()
    if (clustered || account.failed) return account.result('this machine is not back yet')
    // Two looks tell whether it has anything of its own (G6), before anything is replicated over it.
    await settler.bond.compared()
    const trouble = await this.#trouble()
    if (trouble?.startsWith('G6') !== true) {
      settler.withdraw({ ...COMES_BACK, follows: true })
    }
    account.add(await this.#commands.services.check('rejoin', tell, grants))
    if (trouble?.startsWith('G6') === true) account.failed = true
    const now = await this.#trouble()
    if (now !== null && account.failed) return { ...account.result(now), exit: 1, sentence: now }
    return account.result('this machine does not follow yet')
  }

  /** A network that has just come back takes a moment. */
  async #answers(tell: Tell): Promise<void> {
    const { settler, parts } = this.#supervisor
    const until = parts.clock.elapsed() + PATIENCE_MS
    const there = async () => (await settler.look('everything')).peer?.reachable === true
    if (parts.database === null || parts.config.peer === null || (await there())) return
    tell({ type: 'note', sentence: `waiting for the database of ${parts.config.peer.name}` })
    while (parts.clock.elapsed() < until && !(await there())) await parts.clock.sleep(PROGRESS_MS)
  }

  /** null: it has everything. */
  async #catchUp(until: number, tell: Tell): Promise<CommandResult | null> {
    const { settler, parts } = this.#supervisor
    const { clock } = parts
    const progress = new CatchingUp()
    for (;;) {
      await settler.bond.look()
      const { database, peer } = await settler.look('everything')
      if (settler.state.mode !== 'ap') return failed(`stopped: the mode is ${settler.state.mode} now`)
      const trouble = await this.#trouble()
      if (trouble !== null) return failed(`not complete: ${trouble}`)
      const cluster = database?.answers === true ? database.cluster : null
      if (settler.bond.lineage.lease || (cluster !== null && isWhole(cluster))) return null
      const known = database?.answers === true && database.replication !== null && peer?.reachable === true
      const has = known ? (database.replication?.gtid ?? '') : ''
      const sentence = known
        ? progress.look({ at: clock.elapsed(), remaining: lagBetween(has, peer.binlogPosition) })
        : cluster === null
          ? 'waiting for both databases to answer'
          : `${cluster.component}, ${cluster.state}, ${cluster.queue} write sets wait`
      tell({ type: 'progress', sentence: `catching up: ${sentence}` })
      if (clock.elapsed() > until) {
        return {
          ...failed(`still catching up (${sentence}); it goes on by itself, and apmode rejoin finishes it later`),
          exit: 5,
        }
      }
      await clock.sleep(PROGRESS_MS)
    }
  }

  /** keepalived that ran already is still in FAULT for a moment. */
  async #standsBy(): Promise<void> {
    const { settler, parts } = this.#supervisor
    const until = parts.clock.elapsed() + STANDS_BY_MS
    while (settler.state.vrrp === 'fault' && parts.clock.elapsed() < until) await parts.clock.sleep(PROGRESS_MS / 10)
  }

  async #trouble(): Promise<string | null> {
    const { settler, parts } = this.#supervisor
    return rejoinTrouble(await settler.look('anew'), parts.config)
  }

  /** What is left to do, on the other machine. */
  async #next(): Promise<string> {
    const { peer } = this.#supervisor.parts.config
    if (this.#supervisor.parts.database === null) return 'where another machine is in mode s, there: apmode set ap'
    const presence = (await this.#peer())?.presence ?? null
    if (presence?.mode === 's') return `now, on ${peer?.name}: apmode set ap`
    return presence?.mode === 'ap' ? 'nothing is left to do' : `see apmode status on ${peer?.name}`
  }

  async #peer(): Promise<PeerDetails | null> {
    const { database, config } = this.#supervisor.parts
    const primary = primaryOf(config)
    if (database === null || primary === null || config.peer === null) return null
    return database.examinePeer(primary, config.peer.name, { timeoutMs: LOOK_MS }).catch(() => null)
  }
}

const COMES_BACK = {
  stage: 'vip',
  sentence: 'it comes back into the pair (apmode rejoin)',
  offer: null,
  follows: false,
} as const
