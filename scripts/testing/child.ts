/**
 * Runs one command in the foreground, its output passed through, with a time limit.
 * Invariant: when the promise resolves the command has ended; on the limit and on Ctrl-C it gets time to remove what it
 * made (machines, namespaces) before it is killed. Never throws for a command that fails.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { ROOT } from '../build.ts'

/** What a test run may take to remove its machines. */
const GRACE_MS = 30_000

export interface Ended {
  /** null: ended by a signal, or never started. */
  readonly code: number | null
  /** Why it ended other than by itself; null when it did. */
  readonly problem: string | null
}

export interface ForegroundOptions {
  readonly limitMs: number
  readonly env?: Readonly<Record<string, string>>
}

let running: ChildProcess | null = null
let interrupted = false

export function foreground(argv: readonly [string, ...string[]], options: ForegroundOptions): Promise<Ended> {
  if (interrupted) return Promise.resolve({ code: null, problem: 'interrupted' })
  const [command, ...args] = argv
  const env = { ...process.env, ...options.env }
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] })
  running = child
  let problem: string | null = null
  const limit = setTimeout(() => {
    problem = `no end within ${options.limitMs / 1000} s`
    end(child)
  }, options.limitMs)
  return new Promise((resolve) => {
    const finish = (code: number | null) => {
      clearTimeout(limit)
      running = null
      resolve({ code, problem: interrupted ? 'interrupted' : problem })
    }
    child.once('error', (error) => {
      problem = `cannot start ${command}: ${error.message}`
      finish(null)
    })
    child.once('exit', finish)
  })
}

/** Ends the command that runs, and lets no other begin. */
export function interrupt(): void {
  interrupted = true
  if (running !== null) end(running)
}

export function wasInterrupted(): boolean {
  return interrupted
}

function end(child: ChildProcess): void {
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref()
}
