/**
 * Runs the programs that make a copy. Small ones are children of the supervisor; what needs rights that its sandbox has not
 * (another user, root's ssh keys, memory) runs `apart`, in a transient unit of its own. Invariant: no shell, an end for
 * each (by its limit, a stall, or an abort), and what a program complained of is in the error. No secret is in an argument.
 */
import { type ChildProcessByStdio, type StdioOptions, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { ApmodeError } from '../../core/errors.ts'
import type { Call } from '../../ports/systemd.ts'

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const COMPLAINT_BYTES = 1_000
const MOST_OUTPUT = 4 * 1024 * 1024
/** The names of the units apart, so that what an interrupted run left behind is found again. */
export const UNITS_APART = 'apmode-reclone-'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface Program {
  readonly argv: readonly string[]
  /** Fourth descriptor: see secret.ts. */
  readonly descriptor?: number
  /** Outside of the sandbox, as this user; `name` tells its unit from others. */
  readonly apart?: { readonly name: string; readonly as: Owner | null }
}

export interface Running {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Rejects with ApmodeError `failed` when it ends badly. */
  readonly ended: Promise<void>
  /** Kills it; nothing happens to one that has ended. */
  stop(): void
}

/** `units` false: what is to run apart is a plain child (where no systemd runs). */
export interface Launcher {
  readonly units: boolean
  /** Where programs are looked for. */
  readonly path?: string
}

export function start(launcher: Launcher, program: Program): Running {
  const { apart } = program
  const unit = apart === undefined || !launcher.units ? null : `${UNITS_APART}${apart.name}.service`
  const [file = '', ...args] = unit === null ? program.argv : unitArgv(unit, program)
  const owner = unit === null ? (apart?.as ?? null) : null
  const stdio: StdioOptions = ['pipe', 'pipe', 'pipe']
  if (program.descriptor !== undefined) stdio.push(program.descriptor)
  const child = spawn(file, args, {
    stdio,
    env: { PATH: launcher.path ?? PATH, LC_ALL: 'C', TZ: 'UTC', HOME: '/root' },
    ...(owner === null ? {} : { uid: owner.uid, gid: owner.gid }),
  }) as ChildProcessByStdio<Writable, Readable, Readable>
  const name = program.argv[0] ?? ''
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString()}`.slice(-COMPLAINT_BYTES)
  })
  // A program that ends early breaks the pipe: its exit code says more.
  child.stdin.on('error', () => {})
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ApmodeError('failed', error.code === 'ENOENT' ? `there is no ${file}` : `${name}: ${error.message}`)),
    )
    child.once('close', (code, signal) => {
      if (code === 0) return resolve()
      const said = complaint.trim().split('\n').slice(-3).join(' / ')
      reject(new ApmodeError('failed', `${name}: ${said === '' ? `ended by ${signal ?? `exit code ${code}`}` : said}`))
    })
  })
  ended.catch(() => {})
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    ended,
    stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      if (unit !== null) spawn('systemctl', ['kill', '--signal=KILL', unit], { stdio: 'ignore' }).on('error', () => {})
      child.kill('SIGKILL')
    },
  }
}

function unitArgv(unit: string, { argv, apart }: Program): string[] {
  const as = apart?.as ?? null
  return [
    'systemd-run',
    ...['--quiet', '--pipe', '--wait', '--collect', '--service-type=exec', `--unit=${unit}`],
    // The copy may take all the time and memory that nobody else needs.
    ...['--property=CPUWeight=50', '--property=IOWeight=50', '--property=LimitCORE=0'],
    ...(as === null ? [] : [`--uid=${as.uid}`, `--gid=${as.gid}`]),
    ...['--setenv=LC_ALL=C', '--setenv=HOME=/root', '--', ...argv],
  ]
}

/** Runs one to its end and gives its output, 4 MiB at most. Throws ApmodeError `failed` or `timeout`. */
export async function collect(launcher: Launcher, program: Program, call: Call, input = ''): Promise<string> {
  const running = start(launcher, program)
  let late = false
  const end = () => {
    late = true
    running.stop()
  }
  const timer = setTimeout(end, call.timeoutMs)
  call.signal?.addEventListener('abort', end, { once: true })
  if (call.signal?.aborted) end()
  try {
    running.stdin.end(input)
    let output = ''
    running.stdout.setEncoding('utf8')
    for await (const chunk of running.stdout) if (output.length < MOST_OUTPUT) output += chunk
    await running.ended
    return output
  } catch (error) {
    if (call.signal?.aborted) throw new ApmodeError('failed', `${program.argv[0]} was stopped`)
    if (late) throw new ApmodeError('timeout', `${program.argv[0]} did not end within ${call.timeoutMs} ms`)
    throw error
  } finally {
    clearTimeout(timer)
    call.signal?.removeEventListener('abort', end)
    running.stop()
  }
}

/** Which of the programs are not on this machine. */
export function missingPrograms(launcher: Launcher, names: readonly string[]): string[] {
  const folders = (launcher.path ?? PATH).split(':')
  return names.filter((name) => !folders.some((folder) => isProgram(`${folder}/${name}`)))
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
