/**
 * Runs the server's own small programs. What touches its data runs `apart`, in a transient unit as the owner of the data, since
 * the supervisor's sandbox may not become another user. Invariant: no shell, an end for each, by its limit or by systemd's
 * own when the supervisor dies; a database that is started meanwhile waits for it (`Before=`), so that two never touch one folder.
 */
import { execFile } from 'node:child_process'
import { ApmodeError } from '../../core/errors.ts'
import type { Call } from '../../ports/systemd.ts'

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const MOST_OUTPUT = 1024 * 1024
/** Of timeout(1): there is no such program. */
const NOT_FOUND = 127
/** Whoever kills it gently keeps its own time. */
const GRACE_MS = 500
const UNIT = 'apmode-wsrep-recover.service'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface Apart {
  readonly owner: Owner
  /** The unit of the database. */
  readonly before: string
  /** False: as a plain child (where no systemd runs). */
  readonly units: boolean
}

/** The output. Throws ApmodeError `failed` with what it complained of, or `timeout`. */
export function output(argv: readonly string[], call: Call, apart: Apart | null = null): Promise<string> {
  const [file = '', ...args] = apart?.units === true ? unitArgv(argv, call, apart) : [...limitOf(call), ...argv]
  const owner = apart !== null && !apart.units ? apart.owner : {}
  return new Promise((resolve, reject) => {
    const options = {
      ...owner,
      env: { PATH, LC_ALL: 'C', HOME: '/root' },
      timeout: call.timeoutMs + GRACE_MS,
      killSignal: 'SIGKILL' as const,
      maxBuffer: MOST_OUTPUT,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    }
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      if (error.killed === true && apart?.units === true)
        execFile('systemctl', ['kill', '--signal=KILL', UNIT], () => {})
      reject(failureOf(argv[0] ?? '', error, stderr, call))
    })
  })
}

/** timeout(1) kills what the program has started too; it ends with them. */
function limitOf({ timeoutMs }: Call): string[] {
  return ['timeout', '--signal=KILL', String(timeoutMs / 1000)]
}

function unitArgv(argv: readonly string[], call: Call, { owner, before }: Apart): string[] {
  const seconds = Math.ceil(call.timeoutMs / 1000) + 1
  return [
    'systemd-run',
    // oneshot: its start lasts as long as it runs, and Before= makes the start of the database wait for that.
    ...['--quiet', '--pipe', '--wait', '--collect', '--service-type=oneshot', `--unit=${UNIT}`],
    ...[`--property=Before=${before}`, `--property=TimeoutStartSec=${seconds}`, '--property=LimitCORE=0'],
    ...[`--uid=${owner.uid}`, `--gid=${owner.gid}`, '--setenv=LC_ALL=C', '--', ...argv],
  ]
}

function failureOf(
  name: string,
  error: Error & { code?: unknown; killed?: boolean; signal?: unknown },
  stderr: string,
  call: Call,
): ApmodeError {
  if (error.code === 'ENOENT' || error.code === NOT_FOUND) return new ApmodeError('failed', `there is no ${name}`)
  if (error.killed === true || error.signal === 'SIGKILL')
    return new ApmodeError('timeout', `${name} did not end within ${call.timeoutMs} ms`)
  const said = stderr.trim().split('\n').filter(isTelling).slice(-2).join(' / ').slice(-400).replace(/'$/, '')
  return new ApmodeError('failed', `${name}: ${said === '' ? `exit code ${error.code}` : said}`)
}

/** Of mariadbd's log the errors; of anything else all. */
function isTelling(line: string): boolean {
  return !/\[(Note|Warning)\]/.test(line) && line.trim() !== '' && line.trim() !== "'"
}
