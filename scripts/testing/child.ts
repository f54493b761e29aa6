/**
 * Runs commands in the foreground, with a time limit; the output is passed through as it comes, or in one piece at the end
 * where another command runs beside it.
 * Invariant: when the promise resolves the command has ended; on the limit and on Ctrl-C it gets time to remove what it
 * made (machines, namespaces) before it is killed. Never throws for a command that fails.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { ROOT } from '../build.ts'

/** What a test run may take to remove its machines. */
const GRACE_MS = 30_000
/** For the last bytes of an output that is kept. */
const DRAIN_MS = 200

export interface Ended {
  /** null: ended by a signal, or never started. */
  readonly code: number | null
  /** Why it ended other than by itself; null when it did. */
  readonly problem: string | null
}

export interface ForegroundOptions {
  readonly limitMs: number
  readonly env?: Readonly<Record<string, string>>
  /** Its output is kept until it has ended. */
  readonly atTheEnd?: boolean
}

const running = new Set<ChildProcess>()
let interrupted = false

export function foreground(argv: readonly [string, ...string[]], options: ForegroundOptions): Promise<Ended> {
  if (interrupted) return Promise.resolve({ code: null, problem: 'interrupted' })
  const [command, ...args] = argv
  const env = { ...process.env, ...options.env }
  const kept: Buffer[] = []
  const output = options.atTheEnd === true ? 'pipe' : 'inherit'
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', output, output] })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => kept.push(chunk))
  running.add(child)
  let problem: string | null = null
  const limit = setTimeout(() => {
    problem = `no end within ${options.limitMs / 1000} s`
    end(child)
  }, options.limitMs)
  return new Promise((resolve) => {
    const finish = (code: number | null) => {
      clearTimeout(limit)
      running.delete(child)
      process.stdout.write(Buffer.concat(kept))
      // What it left behind may hold them for ever.
      for (const stream of [child.stdout, child.stderr]) stream?.destroy()
      resolve({ code, problem: interrupted ? 'interrupted' : problem })
    }
    child.once('error', (error) => {
      problem = `cannot start ${command}: ${error.message}`
      finish(null)
    })
    child.once('exit', (code) => (options.atTheEnd === true ? setTimeout(finish, DRAIN_MS, code) : finish(code)))
  })
}

/** Ends the commands that run, and lets no other begin. */
export function interrupt(): void {
  interrupted = true
  for (const child of running) end(child)
}

export function wasInterrupted(): boolean {
  return interrupted
}

function end(child: ChildProcess): void {
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref()
}
