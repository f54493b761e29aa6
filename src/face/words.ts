/** The arguments of the two thin commands, parsed without a library. */
import { EXIT, Failure } from './exit.ts'
import { secondsToMs } from './seconds.ts'

export interface Words {
  readonly words: readonly string[]
  readonly timeoutMs: number
  readonly json: boolean
}

/** Throws a Failure with exit 2 on an unknown option. */
export function parseWords(command: 'notify' | 'check', argv: readonly string[], defaultTimeoutMs: number): Words {
  const words: string[] = []
  let timeoutMs = defaultTimeoutMs
  let json = false
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (word === '--timeout') timeoutMs = secondsToMs(argv[++at])
    else if (word.startsWith('--timeout=')) timeoutMs = secondsToMs(word.slice('--timeout='.length))
    else if (word === '--json' && command === 'check') json = true
    else if (word.startsWith('-')) {
      throw new Failure(EXIT.usage, `unknown option ${word}; see apmode ${command} --help`)
    } else words.push(word)
  }
  return { words, timeoutMs, json }
}
