/**
 * The supervisor: hears (keepalived, systemd, the interface, the mode file, operators), queues, and lets one job at a
 * time settle. Invariant: nothing outside the queue changes anything. It decides nothing itself: that is `core`.
 */
import { bootUnitOf } from '../core/config.ts'
import { messageOf } from '../core/errors.ts'
import { interpret, lookUp } from '../core/interpret.ts'
import type { Observed } from '../core/observed.ts'
import { isDown, isRunning } from '../core/observed.ts'
import type { State } from '../core/state.ts'
import { START_VARIABLES } from '../core/step.ts'
import type { UnitStatus } from '../ports/systemd.ts'
import type { VrrpEvent } from '../ports/vrrp.ts'
import { Changes } from './changes.ts'
import { Checks } from './checks.ts'
import { FollowUp } from './follow-up.ts'
import { LIMITS } from './limits.ts'
import { BUS_MS, DOUBT_MS } from './pace.ts'
import type { Parts } from './parts.ts'
import { Presence } from './presence.ts'
import { JobQueue } from './queue.ts'
import type { Settled } from './request.ts'
import { Settler } from './settle.ts'
import { modeOf, readStanding, type Standing } from './standing.ts'
import { thoroughnessOf } from './thoroughness.ts'

export class Supervisor {
  readonly queue: JobQueue
  readonly settler: Settler
  readonly followUp: FollowUp
  /** Something of what `known` tells may be different. */
  readonly changes = new Changes()
  readonly #presence: Presence
  readonly parts: Parts
  readonly #standing: Standing
  readonly #checks: Checks
  readonly #stops: (() => void)[] = []
  #drift: NodeJS.Timeout | null = null
  /** Units that ran when systemd last spoke of them. */
  readonly #ran = new Set<string>()
  /** What cannot be done or heard at the moment, by what it is about. */
  readonly problems = new Map<string, string>()
  modeProblem: string | null

  constructor(parts: Parts) {
    this.parts = parts
    this.#standing = readStanding(parts)
    this.modeProblem = this.#standing.problem
    this.#checks = new Checks(parts, (sentence, failed) => this.check(sentence, 'check', failed))
    this.settler = new Settler(parts, this.#standing.state, this.#standing, {
      checks: () => this.#checks.observed,
      onChange: () => this.changes.tell(),
    })
    this.settler.mode.being = this.#standing.interrupted
    this.#presence = new Presence(parts)
    this.settler.onSettled = ({ unfit }) => {
      this.#presence.tell({ ...this.settler.state, fit: unfit.length === 0, reasons: unfit.join('; ') })
      this.changes.tell()
    }
    this.followUp = new FollowUp(parts, this.settler, () => this.check('check', 'supervisor'))
    this.queue = new JobQueue((job, thrown) => {
      parts.log.error({ err: thrown, job: job.name }, `${job.name} failed: ${messageOf(thrown)}`)
      this.followUp.failed()
    })
  }

  /** Subscribes to everything and looks where the machine stands; resolves when that first look is done. */
  async start(): Promise<void> {
    const { systemd, network, modeFile, config, database, witness, log } = this.parts
    if (this.modeProblem !== null) log.warn({}, `fenced until \`apmode set\`: ${this.modeProblem}`)
    database?.open()
    witness?.open()
    this.#stops.push(
      systemd.watch(this.settler.observer.unitNames, (status) => this.#onUnit(status)),
      systemd.onConnection((connected) => this.#onBus(connected)),
      network.watch(() => this.check('interface', 'network')),
      modeFile.watch(() => this.#onModeFile()),
    )
    // Queued before anything is waited for: whatever is heard from now on comes after the first look.
    const looked = new Promise<void>((resolve) => {
      this.queue.push({
        name: 'start of the supervisor',
        withdraws: true,
        run: async (grants) => {
          try {
            await systemd.open({ timeoutMs: BUS_MS }).catch((thrown: unknown) => {
              this.problems.set('systemd', `systemd does not answer: ${messageOf(thrown)}`)
            })
            await this.settler.startBond((sentence, withdraws) => this.check(sentence, 'supervisor', withdraws))
            for (const variable of Object.values(START_VARIABLES))
              await systemd.forgetVariable(variable, { timeoutMs: LIMITS.systemdLook }).catch(() => {})
            await this.#resume(grants)
          } finally {
            resolve()
          }
        },
      })
    })
    await looked
    this.#checks.start(this.settler, () => this.queue.running === null)
    this.#drift = setInterval(() => this.check('drift', 'supervisor'), config.driftIntervalMs)
  }

  async close(): Promise<void> {
    this.#checks.stop()
    this.settler.bond.stop()
    this.parts.witness?.close()
    this.parts.vipHolder?.close()
    this.followUp.stop()
    this.#presence.stop()
    if (this.#drift !== null) clearInterval(this.#drift)
    for (const stop of this.#stops.splice(0)) stop()
    // With the machine the bus ends too: what is under way must not wait for it to come back.
    this.parts.systemd.stopWaiting()
    await this.queue.close()
    this.settler.saveState()
    await this.parts.database?.close()
    this.parts.systemd.close()
  }

  /** keepalived's word, from the FIFO or from `apmode notify`. Returns at once. */
  hear(event: VrrpEvent): void {
    const { state } = event
    // Heard while an operation takes this machine out: it is what that asked for, whenever its turn comes.
    const asked = this.settler.withdrawal !== null
    this.queue.push({
      name: `keepalived's ${state.toUpperCase()}`,
      // Of a keepalived that apmode stops or starts itself, no word interrupts anything.
      withdraws: state !== 'master' && !asked && !this.#routerIsBeingChanged(),
      // The last word of a burst counts. A FAULT is never lost behind a later word: it has a key of its own.
      key: state === 'fault' || state === 'stop' ? `vrrp ${state}` : 'vrrp',
      run: async (grants) => {
        const settled = await this.#settle(state, grants, event.source, asked)
        if (settled.to.vrrp !== state) this.followUp.in(DOUBT_MS)
      },
    })
  }

  #routerIsBeingChanged(): boolean {
    const router = this.parts.config.units.find(({ kind }) => kind === 'router')
    return router !== undefined && this.settler.observer.memory.downExpected.has(router.name)
  }

  /** Looks whether everything is as it must be. Returns at once. */
  check(event: string, source: string, withdraws = false): void {
    // Something fails here: could the peer take over? The answer is on its way while that is found out (G4).
    if (withdraws) void this.settler.bond.word.ask()
    this.queue.push({
      name: event,
      withdraws,
      key: 'check',
      run: async (grants) => {
        await this.#settle(event, grants, source)
      },
    })
  }

  /** A fresh look for `status`, in its turn; resolves when it was made. */
  refresh(): Promise<void> {
    return new Promise((resolve) => {
      const accepted = this.queue.push({
        name: 'status',
        withdraws: false,
        run: (grants) =>
          this.#settle('look', grants, 'operator').then(
            () => resolve(),
            () => resolve(),
          ),
      })
      if (!accepted) resolve()
    })
  }

  async #settle(event: string, grants: AbortSignal, source = 'supervisor', asked?: boolean): Promise<Settled> {
    const heard = (['master', 'backup', 'fault', 'stop'] as const).find((word) => word === event)
    const settled = await this.settler.settle(
      {
        event,
        source,
        look: thoroughnessOf(event, source),
        decide: (observed: Observed, state: State) =>
          heard === undefined
            ? lookUp(state, observed, this.parts.config)
            : interpret(heard, state, observed, this.parts.config, asked),
      },
      grants,
    )
    this.followUp.after(settled)
    return settled
  }

  /** The first look. What the supervisor before this one did and could not tell any more is told now. */
  async #resume(grants: AbortSignal): Promise<void> {
    const { parts, settler } = this
    const { interrupted, state } = this.#standing
    if (interrupted !== null)
      parts.log.warn({}, `a change to mode ${interrupted} was begun and not finished: it is now`)
    const before = parts.history.newest(1).at(-1)?.to ?? null
    const cameFrom = before === null || before.mode === state.mode ? null : { ...before, vrrp: 'init' as const }
    const event = interrupted === null && cameFrom === null ? 'look' : 'resume'
    const decide = (observed: Observed, now: State) => lookUp(now, observed, parts.config)
    this.followUp.after(
      await settler.settle({ event, source: 'supervisor', look: thoroughnessOf(event, ''), cameFrom, decide }, grants),
    )
  }

  #onUnit(status: UnitStatus): void {
    this.settler.observer.told(status)
    if (status.name === bootUnitOf(this.parts.config)) return
    // systemd also repeats itself, after a reload for one: only a unit that ran can die.
    const ran = this.#ran.has(status.name)
    if (isRunning(status)) this.#ran.add(status.name)
    else this.#ran.delete(status.name)
    const down =
      isDown(status) || status.sub === 'auto-restart' || (status.active === 'deactivating' && !status.jobPending)
    if (down) void this.settler.bond.word.ask()
    const died = ran && down && !this.settler.observer.memory.downExpected.has(status.name)
    this.check(`${status.name} is ${status.active}`, 'systemd', died)
  }

  #onBus(connected: boolean): void {
    if (connected) this.problems.delete('systemd')
    else this.problems.set('systemd', 'the connection to systemd is lost, trying again')
    this.parts.log[connected ? 'info' : 'warn']({}, connected ? 'connected to systemd' : 'systemd is not to be reached')
    if (connected) this.check('connected to systemd', 'systemd')
  }

  #onModeFile(): void {
    const record = this.parts.modeFile.read()
    const mode = record.being ?? modeOf(record.mode)
    if (mode !== null && mode === this.settler.state.mode && record.being === null) return
    this.modeProblem = mode === null ? (record.problem ?? 'the mode file was removed') : null
    this.queue.push({
      name: 'mode file changed by hand',
      withdraws: true,
      key: 'mode file',
      run: async (grants) => {
        const settled = await this.settler.settle(
          {
            event: mode === null ? 'mode file lost' : `set ${mode}`,
            source: 'mode file',
            decide: (observed) => (mode === null ? { type: 'lose-mode' } : { type: 'set', mode, holder: observed.vip }),
          },
          grants,
        )
        this.followUp.after(settled)
      },
    })
  }
}
