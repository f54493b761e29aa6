/**
 * A program of the outer machine that is part of a run: a load balancer, a monitoring system. Invariant: it is in the run's
 * cgroup (so that removing the run ends it), it sees the pair's network alone, and whoever started it ends it by its pid.
 */
import { spawn } from 'node:child_process'
import { createCgroup } from './cgroup.ts'
import { type CommandResult, PLAIN_ENVIRONMENT, run } from './command.ts'
import type { RunNames } from './names.ts'

export interface Program {
  /** The end of what it said, for the message of a failed test. */
  said(): string
  running(): boolean
  /** SIGTERM, and SIGKILL when that is not enough; resolves when it is gone. */
  stop(patienceMs?: number): Promise<void>
}

const inNamespace = (namespace: string) => ['nsenter', `--net=/run/netns/${namespace}`]

/** In the network namespace of the client (192.168.33.10). */
export function startProgram(names: RunNames, argv: readonly string[]): Program {
  const { doors } = createCgroup(names.cgroup, 'tools')
  const enter = doors.map((door) => `echo $$ > ${door}`).join(' && ')
  const child = spawn(
    'sh',
    ['-c', `${enter} && exec "$@"`, 'sh', ...inNamespace(names.clientNamespace), ...argv],
    // Each `exec` keeps the pid: what is ended is the program itself.
    { stdio: ['ignore', 'pipe', 'pipe'], env: PLAIN_ENVIRONMENT },
  )
  let text = ''
  const keep = (piece: Buffer) => {
    text = (text + piece.toString('utf8')).slice(-8000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  let running = true
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      running = false
      resolve()
    }
    child.once('error', (error) => {
      text += error.message
      end()
    })
    child.once('close', end)
  })
  return {
    said: () => text,
    running: () => running,
    async stop(patienceMs = 5000) {
      if (!running) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** One command in the client's network namespace; never throws for an exit code. */
export function runAsClient(
  names: RunNames,
  argv: readonly string[],
  options: { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<CommandResult> {
  return run([...inNamespace(names.clientNamespace), ...argv], { timeoutMs: 10_000, ...options })
}
