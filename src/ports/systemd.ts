/** What the program needs from systemd. Types only; `adapters/systemd` talks D-Bus, `test/fakes` keeps a small world. */
import type { ActiveState, UnitFileState } from '../core/vocabulary.ts'

export interface UnitStatus {
  /** The name that was asked for. */
  readonly name: string
  /** The unit's primary name (`Id`): differs from `name` for an alias (`mysql.service` → `mariadb.service`). */
  readonly id: string
  readonly active: ActiveState
  /** systemd's SubState: `running`, `exited`, `auto-restart`, … */
  readonly sub: string
  /** Of the file behind `id`. */
  readonly file: UnitFileState
  /** LoadState: `loaded`, `not-found`, `masked`, … */
  readonly load: string
  /** True while a job (start, stop, restart) of this unit waits or runs. */
  readonly jobPending: boolean
  readonly mainPid: number
}

/** JobRemoved's own words (org.freedesktop.systemd1(5)), and `unknown-unit` when there was nothing to start. */
export type JobResult = 'done' | 'canceled' | 'timeout' | 'failed' | 'dependency' | 'skipped' | 'unknown-unit'

export interface JobOutcome {
  /** `done` is reported only when the unit's ActiveState agrees afterwards; otherwise `failed`. */
  readonly result: JobResult
  /** A sentence for the log when it is not `done`: systemd's own words and the unit's Result property. */
  readonly detail: string
}

export interface FileChanges {
  readonly enable?: readonly string[]
  readonly disable?: readonly string[]
  readonly mask?: readonly string[]
  readonly unmask?: readonly string[]
}

/** What could not be changed as asked, unit by unit; empty when everything is as asked. */
export interface FileChangeFailure {
  readonly unit: string
  readonly wanted: 'enabled' | 'disabled' | 'masked' | 'unmasked'
  readonly reason: string
}

export interface Call {
  /** The call gives up after this, with ApmodeError code `timeout`. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** A variable that the processes of a unit see in this one start. */
export interface StartVariable {
  readonly name: string
  readonly value: string
}

export interface StartCall extends Call {
  readonly variable?: StartVariable
}

export interface Systemd {
  /** Connects and subscribes; keeps reconnecting until `close`. Resolves once connected, or rejects at the time limit (it goes on trying). */
  open(call: Call): Promise<void>
  /** From now on a lost bus is not waited for: what needs it fails at once. For the end of a machine, which ends the bus too. */
  stopWaiting(): void
  close(): void
  readonly connected: boolean
  /** The status of each of the units, in the order asked for. One unknown to systemd has active `missing`. */
  observe(units: readonly string[], call: Call): Promise<UnitStatus[]>
  start(unit: string, call: StartCall): Promise<JobOutcome>
  /** Takes the variable away if it was left behind with this very value by a supervisor that was killed during a start. */
  forgetVariable(variable: StartVariable, call: Call): Promise<void>
  /** Units that start from now on see it, until it is forgotten. */
  keepVariable(variable: StartVariable, call: Call): Promise<void>
  stop(unit: string, call: Call): Promise<JobOutcome>
  /** SIGKILL to every process of the unit (KillUnit "all"); resolves when the unit has no main process any more. */
  kill(unit: string, call: Call): Promise<void>
  /** disable, mask, unmask, enable: one D-Bus call each, then one Reload; afterwards each unit's file is looked at again. */
  changeFiles(changes: FileChanges, call: Call): Promise<FileChangeFailure[]>
  /** Manager's SystemState: `running`, `degraded`, `stopping`, … */
  systemState(call: Call): Promise<string>
  /** Called at once when systemd reports a change of one of the watched units, with what it says now. Returns the unsubscription. */
  watch(units: readonly string[], listener: (status: UnitStatus) => void): () => void
  /** Called when the bus is lost (`false`) and when it is back and everything is subscribed again (`true`). */
  onConnection(listener: (connected: boolean) => void): () => void
}
