/**
 * One `ip monitor address link` child for all listeners; a line of it is a hint to look again.
 * Invariant: it runs while somebody listens and not longer; when it dies it is started again and everybody is told,
 * since changes may have passed unheard. Its text is not interpreted.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { messageOf } from '../../core/errors.ts'
import { IP_ENV } from './ip-command.ts'

type Log = (level: 'debug' | 'info' | 'warn' | 'error', sentence: string) => void

export interface Monitor {
  watch(listener: () => void): () => void
}

const RESTART_MS = [50, 500, 2000, 5000]

export function createMonitor(name: string, log: Log): Monitor {
  const listeners = new Set<() => void>()
  let child: ChildProcess | null = null
  let restart: NodeJS.Timeout | undefined
  let deaths = 0

  const tell = () => {
    for (const listener of [...listeners]) {
      try {
        listener()
      } catch (thrown) {
        log('error', `a listener for ${name} failed: ${messageOf(thrown)}`)
      }
    }
  }

  const start = (): ChildProcess => {
    // If this process is killed, ip dies with SIGPIPE at its next line (and with the unit's control group under systemd).
    const started = spawn('ip', ['-oneline', 'monitor', 'address', 'link'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: IP_ENV,
    })
    let gone = false
    const ended = (reason: string) => {
      if (gone || child !== started) return
      gone = true
      child = null
      const wait = RESTART_MS[Math.min(deaths, RESTART_MS.length - 1)]
      deaths += 1
      log('warn', `ip monitor ended (${reason}); starting it again`)
      restart = setTimeout(() => {
        child = start()
        tell()
      }, wait)
    }
    started.stdout.on('data', () => {
      deaths = 0
      tell()
    })
    started.on('error', (error) => ended(error.message))
    started.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
    return started
  }

  const stop = () => {
    clearTimeout(restart)
    const running = child
    child = null
    running?.kill('SIGKILL')
  }

  return {
    watch(listener) {
      // A listener of its own for each call, so that one function may watch twice.
      const own = () => listener()
      listeners.add(own)
      if (listeners.size === 1) child = start()
      return () => {
        if (listeners.delete(own) && listeners.size === 0) stop()
      }
    },
  }
}
