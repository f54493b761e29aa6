/**
 * `apmode notify`: hands one event to the supervisor and ends as soon as it is accepted. It waits for nothing else: the
 * script that keepalived runs at STOP gets about a second. Loads as little as possible.
 */
import { parseNotifyWords } from '../core/vrrp-line.ts'
import { EXIT, type Exit, Failure, unreachable } from './exit.ts'
import { askOnce, failureIn, fieldsOf } from './thin.ts'
import type { Words } from './words.ts'

export const NOTIFY_TIMEOUT_MS = 5000

/** Resolves with the exit code; throws a Failure. `say` is for what is understood and needs nothing. */
export async function notify(
  { words, timeoutMs }: Words,
  socketPath: string,
  say: (sentence: string) => void,
): Promise<Exit> {
  const line = parseNotifyWords(words, null)
  switch (line.kind) {
    case 'problem':
      throw new Failure(EXIT.usage, `cannot notify: ${line.sentence}`)
    case 'other':
      say(line.sentence)
      return EXIT.done
    case 'hint':
      say(`${line.word} is no change of state: nothing to do`)
      return EXIT.done
    case 'event':
      break
  }
  const body = JSON.stringify({ state: line.state, instance: line.instance, source: 'notify' })
  const outcome = await askOnce({ socketPath, method: 'POST', target: '/notify', body, timeoutMs })
  switch (outcome.kind) {
    case 'unreachable':
      throw unreachable(socketPath, outcome.code, outcome.message)
    case 'late':
      throw new Failure(EXIT.stillGoingOn, `the supervisor did not accept ${line.state} within ${timeoutMs} ms`)
    case 'answered':
      break
  }
  if (outcome.status === 202) return EXIT.done
  if (outcome.status !== 200) throw failureIn(outcome.status, outcome.body)
  say(String(fieldsOf(outcome.body).sentence ?? 'not accepted'))
  return EXIT.done
}
