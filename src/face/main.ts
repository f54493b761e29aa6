#!/usr/bin/env node
/**
 * The entry of `apmode`, and the one place that exits. `notify` and `check`, which keepalived calls, are answered here
 * with next to nothing loaded; everything else loads the command line behind a lazy import.
 */
import { CHECK_TIMEOUT_MS, check } from './check.ts'
import { EXIT, Failure, socketPathOf } from './exit.ts'
import { NOTIFY_TIMEOUT_MS, notify } from './notify.ts'
import { parseWords } from './words.ts'

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv
  const help = rest.includes('--help') || rest.includes('-h')
  const socketPath = socketPathOf(process.env)
  if (command === 'notify' && !help) {
    return notify(parseWords(command, rest, NOTIFY_TIMEOUT_MS), socketPath, (sentence) => {
      process.stderr.write(`apmode: ${sentence}\n`)
    })
  }
  if (command === 'check' && !help) {
    const words = parseWords(command, rest, CHECK_TIMEOUT_MS)
    return check(words, process.env, socketPath, (text) => process.stdout.write(text))
  }
  if (command === '__complete') {
    const { namesIn } = await import('./completion/names.ts')
    for (const name of namesIn(process.env, rest[0])) process.stdout.write(`${name}\n`)
    return EXIT.done
  }
  const { run } = await import('./cli.ts')
  return run(argv)
}

// `apmode history | head`: nobody reads on, and that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

/** A pipe takes what it can, and the rest later: what was said last is written before the end. */
function end(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
}

main(process.argv.slice(2)).then(end, (error: unknown) => {
  const exit = error instanceof Failure ? error.exit : EXIT.failed
  const sentence = error instanceof Error ? error.message : String(error)
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ exit, sentence })}\n`)
  process.stderr.write(`apmode: ${sentence}\n`)
  end(exit)
})
