/**
 * `apmode check`: is it well, from what the supervisor knows already. keepalived asks it every few seconds
 * (`vrrp_script`), so it loads as little as possible. Without a name it is about the supervisor itself: a machine without
 * a working one must not take the VIP, but the machine that holds it must not lose it for that.
 */
import { CHECKS, isCheck } from '../core/checks.ts'
import { EXIT, type Exit, Failure, unreachable } from './exit.ts'
import { askOnce, failureIn, type Outcome } from './thin.ts'
import type { Words } from './words.ts'

/** Below the 2 s after which keepalived counts a script as failed. */
export const CHECK_TIMEOUT_MS = 1500

interface Item {
  readonly what: string
  readonly ok: boolean
  readonly sentence: string
}

/** Resolves with the exit code, 0 only when everything asked for is well; throws a Failure. */
export async function check(
  { words, timeoutMs, json }: Words,
  environment: NodeJS.ProcessEnv,
  socketPath: string,
  print: (text: string) => void,
): Promise<Exit> {
  const unknown = words.find((word) => !isCheck(word))
  if (unknown !== undefined) {
    throw new Failure(
      EXIT.usage,
      `cannot check ${JSON.stringify(unknown)}: expected ${CHECKS.join(', ')}, or the name of a service unit`,
    )
  }
  const ask = (target: string) => askOnce({ socketPath, method: 'GET', target, timeoutMs })
  const items =
    words.length === 0
      ? [await supervisorItem(await ask('/mode'), environment, socketPath, timeoutMs)]
      : itemsOf(await ask(`/check?what=${words.join(',')}`), socketPath, timeoutMs)
  const ok = items.every((item) => item.ok)
  if (json) print(`${JSON.stringify({ ok, items })}\n`)
  else for (const item of items) print(`${item.what.padEnd(10)}  ${item.ok ? 'ok ' : 'BAD'}  ${item.sentence}\n`)
  return ok ? EXIT.done : EXIT.failed
}

async function supervisorItem(
  outcome: Outcome,
  environment: NodeJS.ProcessEnv,
  socketPath: string,
  timeoutMs: number,
): Promise<Item> {
  const what = 'supervisor'
  if (outcome.kind === 'answered' && outcome.status === 200) return { what, ok: true, sentence: 'it answers' }
  const failure = failureFor(outcome, socketPath, timeoutMs)
  const { holdsVip } = await import('./holder.ts')
  if (!holdsVip(environment)) throw failure
  return { what, ok: true, sentence: `this machine holds the VIP and keeps it, although ${failure.message}` }
}

function itemsOf(outcome: Outcome, socketPath: string, timeoutMs: number): readonly Item[] {
  if (outcome.kind === 'answered') {
    try {
      const { items }: { items?: unknown } = JSON.parse(outcome.body)
      if (Array.isArray(items)) return items
    } catch {
      // Said below.
    }
  }
  throw failureFor(outcome, socketPath, timeoutMs)
}

function failureFor(outcome: Outcome, socketPath: string, timeoutMs: number): Failure {
  switch (outcome.kind) {
    case 'unreachable':
      return unreachable(socketPath, outcome.code, outcome.message)
    case 'late':
      return new Failure(EXIT.unreachable, `the supervisor at ${socketPath} did not answer within ${timeoutMs} ms`)
    case 'answered':
      return failureIn(outcome.status, outcome.body)
  }
}
