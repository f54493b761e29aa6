/**
 * Runs ip(8): no shell, and never longer than its limit.
 * Invariant: resolves with stdout only when ip ended with 0. Withdrawals use it, so it is killed, not asked, at the end
 * of its time.
 */
import { execFile } from 'node:child_process'
import { ApmodeError } from '../../core/errors.ts'
import type { Call } from '../../ports/systemd.ts'

/** Debian keeps ip in /bin and /sbin; a supervisor's PATH need not have the latter. */
export const IP_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

/** Rejects with ApmodeError `timeout` or `failed` and ip's own words, or with the signal's reason. */
export function runIp(args: readonly string[], call: Call): Promise<string> {
  const what = `run "ip ${args.join(' ')}"`
  const options = {
    timeout: Math.max(1, Math.ceil(call.timeoutMs)),
    killSignal: 'SIGKILL' as const,
    env: IP_ENV,
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  }
  return new Promise((resolve, reject) => {
    execFile('ip', [...args], options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      if (call.signal?.aborted) return reject(call.signal.reason)
      if (error.killed) return reject(new ApmodeError('timeout', `cannot ${what}: no end within ${call.timeoutMs} ms`))
      reject(new ApmodeError('failed', `cannot ${what}: ${stderr.trim() || error.message}`, { cause: error }))
    })
  })
}
