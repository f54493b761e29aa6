/**
 * One long-running ping(8) of one address; it tells each answer with its age. Invariant: while it is open there is one
 * child, or a new one is about to be started; none is left once it is closed, and one whose parent was killed ends with
 * its next line (SIGPIPE; with `-O` there is a line for each question, answered or not). It decides nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { messageOf } from '../../core/errors.ts'
import { IP_ENV } from './ip-command.ts'

export interface PingOptions {
  readonly address: string
  /** `ping`; found in the same folders as ip(8). */
  readonly program: string
  /** An answer came `ageMs` ago. */
  onAnswer(ageMs: number): void
  /** It cannot ask (a sentence), or can again (null). Only when that changes. */
  onProblem(sentence: string | null): void
}

/** How often it asks; root may ask so often. A takeover from a silent peer waits for the next answer. */
const INTERVAL_SECONDS = '0.1'
/** A silence of ping itself: the machine stood still, and the answer after it may have waited in the kernel since. */
const STANDSTILL_MS = 1000
/** Without a network ping ends at once; it is asked again soon, as a witness that is back counts. */
const RESTART_MS = [50, 200, 500, 1000]
/** One that hears nothing for so long is begun anew: its socket may belong to an address or a route that is gone. */
const DEAF_MS = 3000
/** There is no such program: somebody has to install it. */
const MISSING_MS = 10_000

/** `[1795236235.344109] 64 bytes from 10.77.0.9: icmp_seq=1 ttl=64 time=0.071 ms`; anything else is no answer. */
const ANSWER = /^\d+ bytes from \S+: icmp_seq=\d+ ttl=\d+ time=[\d.]+ ms( \(DUP!\))?$/

/** Returns what ends it. */
export function ping({ address, program, onAnswer, onProblem }: PingOptions): () => void {
  let child: ChildProcess | null = null
  let restart: NodeJS.Timeout | undefined
  let failures = 0
  let problem: string | null = null
  let heardAt = performance.now()

  const say = (sentence: string | null) => {
    if (sentence !== problem) onProblem(sentence)
    problem = sentence
  }

  const start = () => {
    // -D: when, so that what waited in the pipe while this process stood still is known to be old.
    const started = spawn(program, ['-n', '-O', '-D', '-i', INTERVAL_SECONDS, '--', address], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: IP_ENV,
    })
    child = started
    heardAt = performance.now()
    let lastLine: number | null = null
    let lastWords = ''
    createInterface({ input: started.stdout }).on('line', (line) => {
      const [, stamp, text = ''] = /^\[(\d+\.\d+)\] (.*)$/.exec(line) ?? []
      if (stamp === undefined || child !== started) return
      const at = Number(stamp) * 1000
      const standstill = lastLine !== null && at - lastLine > STANDSTILL_MS
      lastLine = at
      failures = 0
      say(null)
      if (!ANSWER.test(text) || standstill) return
      heardAt = performance.now()
      onAnswer(Math.max(0, Date.now() - at))
    })
    createInterface({ input: started.stderr }).on('line', (line) => {
      lastWords = line
    })
    const ended = (reason: string, waitMs: number) => {
      if (child !== started) return
      child = null
      failures += 1
      // One death is nothing to tell; a ping that cannot live is.
      if (failures > 1 || waitMs === MISSING_MS) say(`cannot ping the witness ${address}: ${reason}`)
      restart = setTimeout(start, waitMs)
    }
    const backOff = () => RESTART_MS[Math.min(failures, RESTART_MS.length - 1)] ?? MISSING_MS
    started.on('error', (error) => ended(messageOf(error), MISSING_MS))
    // `close`, not `exit`: its last words have been read.
    started.on('close', (code, signal) => ended(lastWords || `it ended (${signal ?? `exit code ${code}`})`, backOff()))
  }

  start()
  const watch = setInterval(() => {
    if (child !== null && performance.now() - heardAt > DEAF_MS) child.kill('SIGKILL')
  }, DEAF_MS / 3)
  return () => {
    clearInterval(watch)
    clearTimeout(restart)
    const running = child
    child = null
    running?.kill('SIGKILL')
  }
}
