/**
 * Runs inside a machine of the lab, under the Node that the package brought: starts programs in turn (A B C A B C …) and
 * says how long each took from its start to its end. Invariant: one program runs at a time; what belongs to a turn and is
 * not measured (`before`, the pause) is done first. One JSON line for each measured run.
 * It stands alone: nothing of the checkout is there.
 */
import { spawnSync } from 'node:child_process'

export interface TimedProgram {
  readonly name: string
  readonly argv: readonly string[]
  /** Run first, not measured. */
  readonly before?: readonly string[]
}

export interface TimedOrder {
  readonly programs: readonly TimedProgram[]
  readonly rounds: number
  /** Rounds that are run before the first measured one. */
  readonly warmUp: number
  /** Before each run, so that what the last one set going has come to rest. */
  readonly pauseMs: number
  readonly limitMs: number
}

export interface TimedRun {
  readonly round: number
  readonly name: string
  readonly ms: number
  readonly code: number | null
  /** What a failed one said. */
  readonly said: string
}

if (process.argv[2] !== undefined) runAll(JSON.parse(process.argv[2]) as TimedOrder)

function runAll(order: TimedOrder): void {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  for (let round = -order.warmUp; round < order.rounds; round += 1) {
    for (const { name, argv, before } of order.programs) {
      if (before !== undefined) start(before, order.limitMs)
      Atomics.wait(cell, 0, 0, order.pauseMs)
      const begun = process.hrtime.bigint()
      const ended = start(argv, order.limitMs)
      const ms = Number(process.hrtime.bigint() - begun) / 1e6
      const said = ended.status === 0 ? '' : String(ended.stderr).slice(-500)
      if (round < 0 && ended.status === 0) continue
      const run: TimedRun = { round, name, ms, code: ended.status, said }
      process.stdout.write(`${JSON.stringify(run)}\n`)
    }
  }
}

function start(argv: readonly string[], timeout: number) {
  const [program = '', ...rest] = argv
  return spawnSync(program, rest, { stdio: ['ignore', 'ignore', 'pipe'], timeout, killSignal: 'SIGKILL' })
}
