/**
 * The log: pino's JSON lines to journald under systemd, with the priority in front (`<4>`, sd-daemon(3)) so that
 * `journalctl -p warning` works; a readable line on a terminal. Written synchronously: the last line before a crash is
 * the one that matters. Never a secret: what is logged are sentences and facts that were made without one.
 */
import { writeSync } from 'node:fs'
import { type Logger, pino, stdSerializers } from 'pino'

/** pino's level to syslog's. */
function priorityOf(level: number): number {
  if (level >= 50) return 3
  if (level >= 40) return 4
  return level >= 30 ? 6 : 7
}

interface Line {
  readonly level: number
  readonly time: number
  readonly msg: string
}

function readable({ level, time, msg }: Line): string {
  const word = level >= 50 ? 'error' : level >= 40 ? 'warning' : level >= 30 ? 'info' : 'debug'
  return `${new Date(time).toISOString().slice(11, 23)} ${word.padEnd(7)} ${msg}\n`
}

function put(text: string): void {
  try {
    writeSync(1, text)
  } catch {
    // A log that cannot be written (a full pipe, a closed terminal) must not stop the supervisor.
  }
}

export function createLog(environment: NodeJS.ProcessEnv = process.env): Logger {
  const terminal = process.stdout.isTTY === true
  const journal = environment.JOURNAL_STREAM !== undefined
  return pino(
    { base: null, level: environment.APMODE_LOG_LEVEL ?? 'info', serializers: { err: stdSerializers.err } },
    {
      write(line: string) {
        if (!terminal && !journal) return put(line)
        const parsed = JSON.parse(line) as Line
        put(terminal ? readable(parsed) : `<${priorityOf(parsed.level)}>${line}`)
      },
    },
  )
}
