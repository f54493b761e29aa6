/**
 * The kept connections to the local server (root by unix_socket, no password), one for each purpose, and what a fence must
 * know of the process behind them. Invariant: `prepare` has run on a connection before anybody uses it.
 */
import { statements } from '../../core/statements.ts'
import type { Events } from './events.ts'
import type { FenceMemory } from './fence.ts'
import { keepLane, type Log } from './kept.ts'
import { type Link, type Target, whereOf } from './link.ts'
import { privilegedAccounts } from './privileged.ts'
import { serverProcess } from './process.ts'
import { createReceiver } from './receiver.ts'
import type { Session } from './session.ts'

export interface Local {
  readonly session: Session
  readonly memory: FenceMemory
  open(): void
  close(): void
}

export interface LocalOptions {
  readonly socket: string
  readonly log: Log
  readonly events: Events
  /** Of a fence: see FenceMemory. */
  readonly firstTry: number
  /** For each connection, beside what all have. */
  readonly prepare?: readonly string[]
}

export function keepLocal({ socket, log, events, firstTry, prepare = [] }: LocalOptions): Local {
  const target: Target = { kind: 'local', socket }
  const memory: FenceMemory = { process: null, events, firstTry }
  const prepared = async (link: Link, limitMs: number) => {
    if (prepare.length > 0) await link.run(prepare, limitMs)
  }
  const rememberProcess = async (link: Link, limitMs: number) => {
    await prepared(link, limitMs)
    const [row] = await link.rows('SELECT @@global.pid_file AS pid_file, @@global.port AS port', limitMs)
    // Asked once beforehand, so that the first fence does not pay for what is only slow the first time.
    await link.run([statements.fenceState(), statements.clients(), privilegedAccounts(link)], limitMs)
    memory.process = serverProcess(row?.pid_file ?? '', socket, Number(row?.port ?? 0))
  }
  const lane = (name: string, onLink = prepared) => keepLane(name, target, log, onLink)
  const session: Session = {
    where: whereOf(target),
    receiver: createReceiver(target, log),
    log,
    lanes: {
      observe: lane('observing'),
      act: lane('acting'),
      fence: lane('fencing', rememberProcess),
      kill: lane('killing'),
      life: lane('asking'),
      word: lane('telling'),
    },
  }
  const lanes = Object.values(session.lanes)
  return {
    session,
    memory,
    open() {
      for (const each of lanes) each.open()
    },
    close() {
      for (const each of lanes) each.close()
    },
  }
}
