/** The commands that only ask: `mode`, `status`, `history`, `plan`. */
import { MODES, VRRP_STATES } from '../core/vocabulary.ts'
import { type ModeView, type PlanRequest, type PlanView, type Status, UNIT_COMMANDS } from '../ports/control.ts'
import type { HistoryEntry } from '../ports/storage.ts'
import { type Context, printJson } from './context.ts'
import { EXIT, type Exit, Failure } from './exit.ts'
import { showHistory } from './show/history.ts'
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

export async function status(context: Context, { json }: Json): Promise<Exit> {
  const found = await context.client.ask<Status>('GET', '/status')
  if (json) printJson(context, found)
  else context.terminal.out(showStatus(found, context.paint, Date.now()))
  return EXIT.done
}

export async function history(context: Context, { n, json }: Json & { readonly n: string }): Promise<Exit> {
  if (!/^\d{1,5}$/.test(n) || Number(n) < 1 || Number(n) > 10_000) {
    throw new Failure(EXIT.usage, `-n is ${JSON.stringify(n)}, expected a number from 1 to 10000`)
  }
  const entries = await context.client.ask<HistoryEntry[]>('GET', `/history?n=${n}`)
  if (json) printJson(context, entries)
  else context.terminal.out(showHistory(entries, context.paint))
  return EXIT.done
}

/** Exit 3 when a guard would refuse it. */
export async function plan(context: Context, request: PlanRequest, { json }: Json): Promise<Exit> {
  const view = await context.client.ask<PlanView>('POST', '/plan', request)
  if (json) printJson(context, view)
  else context.terminal.out(showPlan(view, context.paint))
  return view.refusedBy === null ? EXIT.done : EXIT.refused
}

const PLAN_FLAGS = ['now', 'force', 'kill', 'physical', 'keepOld'] as const

interface PlanFlags {
  readonly now?: boolean
  readonly force?: boolean
  readonly kill?: boolean
  readonly physical?: boolean
  readonly keepOld?: boolean
}

/** The words after `apmode plan`, as typed. Throws a Failure with exit 2. */
export function planRequestOf(words: readonly string[], flags: PlanFlags): PlanRequest {
  const [command, word, ...more] = words
  const { now = false, force = false, kill = false, physical = false, keepOld = false } = flags
  const given = (...allowed: readonly (keyof PlanFlags)[]) =>
    PLAN_FLAGS.every((flag) => flags[flag] !== true || allowed.includes(flag))
  const mode = MODES.find((known) => known === word)
  const state = VRRP_STATES.filter((known) => known !== 'init').find((known) => known === word?.toLowerCase())
  const unitCommand = UNIT_COMMANDS.find((known) => known === command)
  if (more.length === 0 && command === 'set' && mode !== undefined && given('now', 'force')) {
    return { command, mode, now, force }
  }
  if (given() && more.length === 0 && command === 'notify' && state !== undefined) return { command, state }
  if (word === undefined) {
    if (given() && unitCommand !== undefined) return { command: unitCommand }
    if (command === 'handover' && given('kill')) return { command, kill }
    if (command === 'rejoin' && given('force')) return { command, force }
    if (command === 'reclone' && given('physical', 'force', 'keepOld')) return { command, physical, force, keepOld }
  }
  const found = words.join(' ')
  throw new Failure(
    EXIT.usage,
    `cannot plan ${JSON.stringify(found)}: expected set <ap|m|s> [--now] [--force], handover [--kill], rejoin [--force], reclone [--physical] [--force] [--keep-old], notify <master|backup|fault|stop>, start, stop or restart`,
  )
}
