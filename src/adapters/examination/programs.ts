/**
 * Runs a program that only says something. Invariant: no shell, and killed at its limit. One that ends badly is a value: what
 * it said counts; one that is not there, or does not end, throws ApmodeError.
 */
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import type { Ran } from '../../core/doctor/look.ts'
import { ApmodeError } from '../../core/errors.ts'
import type { Call } from '../../ports/systemd.ts'

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const MOST_OUTPUT = 8 * 1024 * 1024

export function runProgram(argv: readonly string[], call: Call): Promise<Ran> {
  const [program = '', ...words] = argv
  const options = {
    timeout: Math.max(1, Math.ceil(call.timeoutMs)),
    killSignal: 'SIGKILL' as const,
    maxBuffer: MOST_OUTPUT,
    env: { PATH, LC_ALL: 'C', TZ: 'UTC' },
  }
  return new Promise((resolve, reject) => {
    execFile(program, words, options, (error, out, err) => {
      if (error === null) return resolve({ code: 0, out, err })
      if (typeof error.code === 'number') return resolve({ code: error.code, out, err })
      const late = error.killed === true
      const reason = late
        ? `no end within ${call.timeoutMs} ms`
        : error.code === 'ENOENT'
          ? 'it is not installed'
          : error.message
      reject(new ApmodeError(late ? 'timeout' : 'failed', `cannot run ${program}: ${reason}`))
    })
  })
}

export function programPath(name: string): string | null {
  const found = PATH.split(':').find((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  return found === undefined ? null : join(found, name)
}
