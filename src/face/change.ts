/** The commands that change something: `set`, `handover`, `rejoin`, `reclone`, `bootstrap`, `start`, `stop`, `restart`. They show their steps and end with a sentence. */
import type { CommandResult, SetRequest, UnitCommand } from '../ports/control.ts'
import { plan } from './ask.ts'
import { type Context, printJson } from './context.ts'
import { EXIT, type Exit, Failure } from './exit.ts'
import { secondsToMs } from './seconds.ts'
import { LiveProgress, showResult } from './show/command.ts'

/** Longer than a database may take to stop; at the end the command goes on without its client. */
export const COMMAND_TIMEOUT = '900'

/** Copying and catching up take as long as they take; the command goes on without its client. */
const LONGEST_MS = 86_400_000

interface Json {
  readonly json?: boolean
}

interface ChangeOptions extends Json {
  readonly timeout: string
}

export async function set(
  context: Context,
  request: SetRequest,
  options: ChangeOptions & { readonly dryRun?: boolean },
): Promise<Exit> {
  if (options.dryRun) return plan(context, { command: 'set', ...request }, options)
  return run(context, '/set', request, options, secondsToMs(options.timeout))
}

export async function units(context: Context, command: UnitCommand, options: ChangeOptions): Promise<Exit> {
  return run(context, `/${command}`, {}, options, secondsToMs(options.timeout))
}

/** All machines are asked, and waited for while they find out where they stand. */
const PLAN_BOOTSTRAP_MS = 90_000

const CLIENT_PATIENCE_MS = 30_000

/** `--timeout` is the time limit of the handover itself: at its end it is undone. */
export async function handover(
  context: Context,
  options: Json & { readonly kill?: boolean; readonly timeout?: string; readonly dryRun?: boolean },
): Promise<Exit> {
  const kill = options.kill === true
  if (options.dryRun) return plan(context, { command: 'handover', kill }, options)
  const timeoutMs = options.timeout === undefined ? null : secondsToMs(options.timeout)
  // The supervisor keeps the time; undoing takes its own.
  const patienceMs = (timeoutMs ?? secondsToMs(COMMAND_TIMEOUT)) + CLIENT_PATIENCE_MS
  return run(context, '/handover', { kill, timeoutMs }, options, patienceMs)
}

export async function rejoin(
  context: Context,
  options: Json & { readonly force?: boolean; readonly timeout?: string; readonly dryRun?: boolean },
): Promise<Exit> {
  const force = options.force === true
  if (options.dryRun) return plan(context, { command: 'rejoin', force }, options)
  const timeoutMs = options.timeout === undefined ? null : secondsToMs(options.timeout)
  return run(context, '/rejoin', { force, timeoutMs }, options, (timeoutMs ?? LONGEST_MS) + CLIENT_PATIENCE_MS)
}

export async function reclone(
  context: Context,
  options: Json & {
    readonly physical?: boolean
    readonly force?: boolean
    readonly keepOld?: boolean
    readonly dryRun?: boolean
  },
): Promise<Exit> {
  const { physical = false, force = false, keepOld = false } = options
  const request = { physical, force, keepOld }
  if (options.dryRun) return plan(context, { command: 'reclone', ...request }, options)
  return run(context, '/reclone', request, options, LONGEST_MS)
}

/** Another machine may look for its position as long as its logs are. */
export async function bootstrap(
  context: Context,
  options: Json & {
    readonly without?: readonly string[]
    readonly position?: readonly string[]
    readonly dryRun?: boolean
    readonly timeout: string
  },
): Promise<Exit> {
  const request = {
    without: options.without ?? [],
    positions: Object.fromEntries((options.position ?? []).map(placed)),
  }
  if (options.dryRun) return plan(context, { command: 'bootstrap', ...request }, options, PLAN_BOOTSTRAP_MS)
  return run(context, '/bootstrap', request, options, secondsToMs(options.timeout))
}

/** `host3=UUID:SEQNO`; whether that is a position the supervisor says. */
function placed(text: string): [name: string, position: string] {
  const [name = '', ...rest] = text.split('=')
  if (name !== '' && rest.length > 0) return [name, rest.join('=')]
  throw new Failure(EXIT.usage, `found --position ${text}, expected NAME=UUID:SEQNO`)
}

async function run(context: Context, path: string, body: object, options: Json, patienceMs: number): Promise<Exit> {
  const { terminal, client, paint, paintErr } = context
  const live = terminal.errIsTerminal && !options.json ? new LiveProgress(terminal, paintErr) : null
  let result: CommandResult
  try {
    result = await client.command(path, body, patienceMs, (progress) => live?.show(progress))
  } finally {
    live?.stop()
  }
  if (options.json) printJson(context, result)
  else if (result.exit === EXIT.done) terminal.out(showResult(result, paint, live === null))
  else terminal.err(showResult(result, paintErr, live === null))
  return result.exit
}
