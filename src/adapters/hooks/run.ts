/**
 * One run of one hook: a process group of its own, an environment of its own, a time limit. Invariants: the call ends when
 * the hook itself ends, also when something that it left behind holds its pipes; at the limit or when aborted it ends at
 * once, and the whole group is killed behind it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { messageOf } from '../../core/errors.ts'
import type { HookCall, HookOutcome } from '../../ports/hooks.ts'

const OUTPUT_BYTES = 4_096
const DETAIL_LENGTH = 200
/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 500
/** What it wrote last may still be in the pipe when it has ended. */
const LAST_WORDS_MS = 20
/** A shell's words for "cannot be executed" and "not found": a broken hook, not an answer. */
const BROKEN = [126, 127]
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export async function runHook(path: string, call: HookCall): Promise<HookOutcome> {
  try {
    return await run(path, call)
  } catch (thrown) {
    return { answer: 'none', detail: `it cannot be run: ${messageOf(thrown)}`, output: '' }
  }
}

/** Throws when it cannot be started: a script without its first line, say. */
function run(path: string, { phase, event, environment, timeoutMs, signal }: HookCall): Promise<HookOutcome> {
  const { promise, resolve } = Promise.withResolvers<HookOutcome>()
  const child = spawn(path, [phase, event], {
    cwd: '/',
    env: { PATH, LANG: 'C.UTF-8', HOME: '/root', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  ordinary(child)
  const words = new Words(child)
  const answer = (kind: HookOutcome['answer'], how: string) => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    words.close()
    const said = firstLine(words.said)
    resolve({ answer: kind, detail: kind === 'none' || said === '' ? how : said, output: words.all })
  }
  const giveUp = (how: string) => {
    endGroup(child)
    answer('none', how)
  }
  const timer = setTimeout(() => giveUp(`no answer within ${timeoutMs / 1000} s`), timeoutMs)
  const onAbort = () => giveUp(`ended: ${messageOf(signal?.reason)}`)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted === true) onAbort()
  child.on('error', (error) => answer('none', `it cannot be run: ${messageOf(error)}`))
  child.on('exit', (code, killedBy) => {
    const ended = () => {
      if (code === 0) answer('yes', '')
      else if (code === null) answer('none', `killed by ${killedBy}`)
      else answer(BROKEN.includes(code) ? 'none' : 'no', `ended with ${code}${said(words)}`)
    }
    void words.drained(LAST_WORDS_MS).then(ended)
  })
  return promise
}

const said = (words: Words) => (words.said === '' ? '' : `: ${firstLine(words.said)}`)

/** One line for a person, of something that anybody may have written. */
function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, DETAIL_LENGTH)
}

/** Whatever becomes of memory, a hook goes before the supervisor, which is among the last. */
function ordinary({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) writeFileSync(`/proc/${pid}/oom_score_adj`, '0')
  } catch {
    // It has ended already.
  }
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  killGroup(pid, 'SIGTERM')
  setTimeout(() => killGroup(pid, 'SIGKILL'), GRACE_MS).unref()
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // Nobody of it is left.
  }
}

/** What it writes: the first bytes are kept, the rest is read and thrown away, so that it never waits for a reader. */
class Words {
  said = ''
  all = ''
  readonly #streams
  readonly #ended: Promise<unknown>

  constructor({ stdout, stderr }: ChildProcess) {
    this.#streams = [stdout, stderr].filter((stream) => stream !== null)
    for (const stream of this.#streams) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => {
        const left = OUTPUT_BYTES - this.all.length
        this.all += text.slice(0, left)
        if (stream === stderr) this.said += text.slice(0, Math.max(OUTPUT_BYTES - this.said.length, 0))
      })
      stream.on('error', () => {})
    }
    this.#ended = Promise.all(this.#streams.map((stream) => new Promise((end) => stream.once('end', end))))
  }

  async drained(withinMs: number): Promise<void> {
    await Promise.race([this.#ended, new Promise((end) => setTimeout(end, withinMs))])
  }

  close(): void {
    for (const stream of this.#streams) stream.destroy()
  }
}
