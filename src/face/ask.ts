/** The commands that only ask: `mode`, `status`, `plan`. */
import { MODES, VRRP_STATES } from '../core/vocabulary.ts'
import { type ModeView, type PlanRequest, type PlanView, type Status, UNIT_COMMANDS } from '../ports/control.ts'
import { type Context, printJson } from './context.ts'
import { EXIT, type Exit, Failure } from './exit.ts'
import { showPlan } from './show/plan.ts'
import { showStatus } from './show/status.ts'

const MODE_TIMEOUT_MS = 3000

interface Json {
  readonly json?: boolean
}

/** Without a supervisor the mode file itself is read, and stderr says so. */
export async function mode(context: Context, { json }: Json): Promise<Exit> {
  const view = await context.client
    .ask<ModeView>('GET', '/mode', undefined, MODE_TIMEOUT_MS)
    .catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error
      return modeFromFile(context, error)
    })
  if (json) printJson(context, view)
  else context.terminal.out(`${view.being === null ? view.mode : `being ${view.being}`}\n`)
  if (view.problem !== null) context.terminal.err(`apmode: ${view.problem}\n`)
  return view.mode === 'unreadable' ? EXIT.failed : EXIT.done
}

async function modeFromFile({ terminal }: Context, failure: Failure): Promise<ModeView> {
  const { loadConfig } = await import('../adapters/config-file.ts')
  const { readModeFile } = await import('../adapters/files/mode-file.ts')
  const loaded = loadConfig({ checkSecrets: false })
  // Where the file is when the configuration says nothing else.
  const path = loaded.ok ? loaded.config.modeFile : '/opt/ap-mode'
  terminal.err(`apmode: ${failure.message}\napmode: this is what the mode file ${path} says\n`)
  return readModeFile(path)
}

export async function status(
  context: Context,
  { json, watch = false }: Json & { readonly watch?: boolean },
): Promise<Exit> {
  if (watch) {
    const { watchStatus } = await import('./watch.ts')
    return watchStatus(context, { json: json === true })
  }
  const found = await context.client.ask<Status>('GET', '/status')
  if (json) printJson(context, found)
  else context.terminal.out(showStatus(found, { paint: context.paint, width: context.terminal.width }, Date.now()))
  return EXIT.done
}

/** Exit 3 when a guard would refuse it. */
export async function plan(context: Context, request: PlanRequest, { json }: Json, timeoutMs?: number): Promise<Exit> {
  const view = await context.client.ask<PlanView>('POST', '/plan', request, timeoutMs)
  if (json) printJson(context, view)
  else context.terminal.out(showPlan(view, context.paint))
  return view.refusedBy === null ? EXIT.done : EXIT.refused
}

export const NOTIFY_STATES = VRRP_STATES.filter((state) => state !== 'init')

const PLAN_FLAGS = ['now', 'force', 'kill', 'physical', 'keepOld'] as const
type PlanFlag = (typeof PLAN_FLAGS)[number]

/** What can be planned, the words that may follow each, and its options. */
export const PLANNED: Readonly<
  Record<PlanRequest['command'], { readonly words: readonly string[]; readonly flags: readonly PlanFlag[] }>
> = {
  set: { words: MODES, flags: ['now', 'force'] },
  handover: { words: [], flags: ['kill'] },
  rejoin: { words: [], flags: ['force'] },
  reclone: { words: [], flags: ['physical', 'force', 'keepOld'] },
  bootstrap: { words: [], flags: [] },
  notify: { words: NOTIFY_STATES, flags: [] },
  start: { words: [], flags: [] },
  stop: { words: [], flags: [] },
  restart: { words: [], flags: [] },
}

type PlanFlags = { readonly [Flag in PlanFlag]?: boolean }

/** The words after `apmode plan`, as typed. Throws a Failure with exit 2. */
export function planRequestOf(words: readonly string[], flags: PlanFlags): PlanRequest {
  const [command, word, ...more] = words
  const { now = false, force = false, kill = false, physical = false, keepOld = false } = flags
  const given = (planned: PlanRequest['command']) =>
    command === planned && PLAN_FLAGS.every((flag) => flags[flag] !== true || PLANNED[planned].flags.includes(flag))
  const mode = MODES.find((known) => known === word)
  const state = NOTIFY_STATES.find((known) => known === word?.toLowerCase())
  const unitCommand = UNIT_COMMANDS.find((known) => known === command)
  if (more.length === 0 && mode !== undefined && given('set')) return { command: 'set', mode, now, force }
  if (more.length === 0 && state !== undefined && given('notify')) return { command: 'notify', state }
  if (word === undefined) {
    if (unitCommand !== undefined && given(unitCommand)) return { command: unitCommand }
    if (given('handover')) return { command: 'handover', kill }
    if (given('rejoin')) return { command: 'rejoin', force }
    if (given('bootstrap')) return { command: 'bootstrap', without: [], positions: {} }
    if (given('reclone')) return { command: 'reclone', physical, force, keepOld }
  }
  const found = words.join(' ')
  throw new Failure(
    EXIT.usage,
    `cannot plan ${JSON.stringify(found)}: expected set <ap|m|s> [--now] [--force], handover [--kill], rejoin [--force], reclone [--physical] [--force] [--keep-old], bootstrap, notify <master|backup|fault|stop>, start, stop or restart`,
  )
}
