/**
 * Runs mariadb-binlog against the local server: root by the socket, no option files, no password, no shell.
 * Invariant: the program is ended (SIGKILL, by its own handle) when its output is enough or the time is over, and its
 * output is taken no faster than it is used.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { ApmodeError } from '../../core/errors.ts'
import type { Countdown } from './session.ts'

const PROGRAM = 'mariadb-binlog'

/** `take` gives false when it wants no more. Throws ApmodeError `timeout`, or `failed` with what the program said. */
export async function printBinlog(
  socket: string,
  argv: readonly string[],
  take: (chunk: Buffer) => boolean | Promise<boolean>,
  left: Countdown,
): Promise<void> {
  left.check()
  const server = ['--protocol=socket', `--socket=${socket}`, '--user=root', '--read-from-remote-server']
  // From 10.8 it refuses a log that is out of order, which a log that has diverged may well be.
  const all = ['--no-defaults', ...server, '--loose-gtid-strict-mode=0']
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(PROGRAM, [...all, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
  })
  let complaint = ''
  let late = false
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString()}`.slice(-500)
  })
  const timer = setTimeout(() => {
    late = true
    child.kill('SIGKILL')
  }, left.leftMs())
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  ended.catch(() => {})
  let enough = false
  try {
    for await (const chunk of child.stdout) {
      if (await take(chunk as Buffer)) continue
      enough = true
      break
    }
    if (enough) child.kill('SIGKILL')
    const code = await ended
    if (late) throw new ApmodeError('timeout', `${PROGRAM} did not end in time`)
    if (code !== 0 && !enough) throw new ApmodeError('failed', `${PROGRAM}: ${complaint.trim() || `exit code ${code}`}`)
  } catch (error) {
    if (error instanceof ApmodeError) throw error
    const missing = (error as { code?: unknown }).code === 'ENOENT'
    throw new ApmodeError('failed', missing ? `there is no ${PROGRAM} on this machine` : String(error))
  } finally {
    clearTimeout(timer)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  }
}
