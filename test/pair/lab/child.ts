/**
 * A child process of the lab that speaks in lines of JSON and ends when its input closes.
 * Invariant: it is in the run's cgroup (so that removing the run ends it) and it cannot outlive its parent.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createCgroup } from './cgroup.ts'
import { PLAIN_ENVIRONMENT } from './command.ts'
import type { RunNames } from './names.ts'

export interface ChildOptions<T> {
  readonly names: RunNames
  /** File beside this one, run under this process's own Node. */
  readonly program: string
  readonly argument: unknown
  /** Network namespace to run in; the outer machine's when absent. */
  readonly namespace?: string
  readonly onLine: (line: T) => void
}

export interface Child {
  /** Closes the input and waits for the end, at most `patienceMs`; what it said on stderr, empty when all is well. */
  end(patienceMs: number): Promise<string>
}

export function startChild<T>(options: ChildOptions<T>): Child {
  const { doors } = createCgroup(options.names.cgroup, 'tools')
  const enter = doors.map((door) => `echo $$ > ${door}`).join(' && ')
  const inNamespace = options.namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${options.namespace}`]
  const program = fileURLToPath(new URL(options.program, import.meta.url))
  const argv = [...inNamespace, process.execPath, program, JSON.stringify(options.argument)]
  const child = spawn('sh', ['-c', `${enter} && exec "$@"`, 'sh', ...argv], {
    stdio: 'pipe',
    env: PLAIN_ENVIRONMENT,
    detached: true,
  })
  let said = ''
  let code: number | null | undefined
  let ending = false
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-4000)
  })
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => options.onLine(JSON.parse(line) as T))
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      said += error.message
      resolve()
    })
    child.on('close', (status) => {
      code = status
      if (!ending) process.stderr.write(`lab: ${options.program} ended by itself: exit code ${code}: ${said}\n`)
      resolve()
    })
  })
  return {
    async end(patienceMs) {
      ending = true
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      await ended
      clearTimeout(timer)
      return code === 0 ? '' : `exit code ${code}: ${said}`
    },
  }
}
