/** The commands that change something: `set`, `start`, `stop`, `restart`. They show their steps and end with a sentence. */
import type { CommandResult, SetRequest, UnitCommand } from '../ports/control.ts'
import { plan } from './ask.ts'
import { type Context, printJson } from './context.ts'
import { EXIT, type Exit } from './exit.ts'
import { secondsToMs } from './seconds.ts'
import { LiveProgress, showResult } from './show/command.ts'

/** Longer than a database may take to stop; at the end the command goes on without its client. */
export const COMMAND_TIMEOUT = '900'

interface ChangeOptions {
  readonly json?: boolean
  readonly timeout: string
}

export async function set(
  context: Context,
  request: SetRequest,
  options: ChangeOptions & { readonly dryRun?: boolean },
): Promise<Exit> {
  if (options.dryRun) return plan(context, { command: 'set', ...request }, options)
  return run(context, '/set', request, options)
}

export async function units(context: Context, command: UnitCommand, options: ChangeOptions): Promise<Exit> {
  return run(context, `/${command}`, {}, options)
}

async function run(context: Context, path: string, body: object, options: ChangeOptions): Promise<Exit> {
  const { terminal, client, paint, paintErr } = context
  const live = terminal.errIsTerminal && !options.json ? new LiveProgress(terminal, paintErr) : null
  let result: CommandResult
  try {
    result = await client.command(path, body, secondsToMs(options.timeout), (progress) => live?.show(progress))
  } finally {
    live?.stop()
  }
  if (options.json) printJson(context, result)
  else if (result.exit === EXIT.done) terminal.out(showResult(result, paint, live === null))
  else terminal.err(showResult(result, paintErr, live === null))
  return result.exit
}
