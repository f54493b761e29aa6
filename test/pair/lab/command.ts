/**
 * Runs one program of the outer machine to its end, within a time limit.
 * Invariant: it always comes back, and what the program said is a value; only `must…` throws.
 * The environment is a small fixed one: nothing of the caller's (proxies, secrets, locale) reaches a machine of the lab.
 */
import { spawn, spawnSync } from 'node:child_process'
import { ApmodeError } from '../../../src/core/errors.ts'

export interface CommandResult {
  /** The exit code; null when it was killed or never started. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

export interface CommandOptions {
  readonly timeoutMs: number
  /** Written to the program's standard input, which is then closed. */
  readonly input?: string | Buffer
}

export const PLAIN_ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  TERM: 'dumb',
}

export function run(argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const [program = '', ...rest] = argv
  return new Promise((resolve) => {
    const child = spawn(program, rest, { stdio: 'pipe', env: PLAIN_ENVIRONMENT })
    const out: Buffer[] = []
    const err: Buffer[] = []
    let timedOut = false
    let settled = false
    const finish = (code: number | null, extra = '') => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      // A grandchild may keep the pipes open for ever: what was read until now is the answer.
      child.stdout.destroy()
      child.stderr.destroy()
      resolve({ code, stdout: text(out), stderr: text(err) + extra, timedOut })
    }
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
      finish(null)
    }, options.timeoutMs)
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.stdin.on('error', () => {}) // the program may not want its input
    child.on('error', (error) => finish(null, error.message))
    child.on('exit', (code) => {
      // `close` would be exact, but waits for grandchildren that hold the pipes; give the last bytes a moment.
      child.once('close', () => finish(code))
      setTimeout(() => finish(code), 200).unref()
    })
    child.stdin.end(options.input ?? '')
  })
}

/** As `run`, but throws ApmodeError `failed` or `timeout` unless the program ends with 0. */
export async function must(argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const result = await run(argv, options)
  complain(argv, result, options.timeoutMs)
  return result
}

/** Blocking twin of `run`, for the way out of the process, where nothing asynchronous runs any more. */
export function runBlocking(argv: readonly string[], options: CommandOptions): CommandResult {
  const [program = '', ...rest] = argv
  const result = spawnSync(program, rest, {
    env: PLAIN_ENVIRONMENT,
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
    input: options.input ?? '',
    maxBuffer: 64 * 1024 * 1024,
  })
  return {
    code: result.status,
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? '',
    timedOut: result.signal === 'SIGKILL',
  }
}

export function mustBlocking(argv: readonly string[], options: CommandOptions): CommandResult {
  const result = runBlocking(argv, options)
  complain(argv, result, options.timeoutMs)
  return result
}

function complain(argv: readonly string[], result: CommandResult, timeoutMs: number): void {
  const what = argv.join(' ').slice(0, 200)
  if (result.timedOut) throw new ApmodeError('timeout', `cannot run "${what}": no end after ${timeoutMs} ms`)
  if (result.code === 0) return
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-2000)
  throw new ApmodeError('failed', `cannot run "${what}": exit code ${result.code}: ${said}`)
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}
