/** `apmode history`: the newest decisions, those that are asked for, and the next ones as they come. */
import { type Command, Option } from 'commander'
import type { HistoryEntry } from '../ports/storage.ts'
import { NOTIFY_STATES, PLANNED } from './ask.ts'
import { completing } from './completion/hints.ts'
import { type Context, printJson } from './context.ts'
import { EXIT, type Exit, Failure } from './exit.ts'
import { follow } from './follow.ts'
import { untilInterrupted } from './interrupted.ts'
import { showHistory } from './show/history.ts'

export interface HistoryFlags {
  readonly n?: string
  readonly since?: string
  readonly event?: string
  readonly failed?: boolean
  readonly json?: boolean
  readonly jsonLines?: boolean
  readonly follow?: boolean
}

export const HISTORY_SUMMARY = 'What was decided, when, why, and what it took; oldest first.'
export const HISTORY_EXAMPLE = `  apmode history -n 5
  apmode history --since 2h --failed
  apmode history --event master --json-lines | jq .ms
  apmode history --follow`

export function addHistoryOptions(command: Command, json: () => Option): Command {
  return command
    .option('-n <count>', 'how many (20; all that are as asked for)')
    .option('--since <when>', 'from a time (UTC: 2026-01-31, 2026-01-31T03:00), or so long ago: 90s, 30m, 2h, 3d')
    .addOption(
      completing(new Option('--event <event>', 'only events that begin so: master, fault, set'), {
        words: [...NOTIFY_STATES, ...Object.keys(PLANNED).filter((command) => command !== 'notify')],
      }),
    )
    .option('--failed', 'only where something was not done')
    .option('-f, --follow', 'also what is decided from now on, until Ctrl-C')
    .option('--json-lines', 'one JSON value in each line')
    .addOption(json())
}

interface Wanted {
  readonly count: number
  readonly sinceMs: number
  readonly event: string | null
  readonly failed: boolean
}

const USUAL = 20
const MOST = 10_000

export async function history(context: Context, flags: HistoryFlags, nowMs = Date.now()): Promise<Exit> {
  const wanted = wantedOf(flags, nowMs)
  if (flags.follow) return followed(context, wanted, flags)
  const picked = pick(await newest(context, wanted), wanted)
  if (flags.jsonLines) for (const entry of picked) context.terminal.out(`${JSON.stringify(entry)}\n`)
  else if (flags.json) printJson(context, picked)
  else if (picked.length > 0) show(context, picked)
  else context.terminal.out(filters(wanted) ? 'no decision is as asked for\n' : 'nothing has been decided yet\n')
  return EXIT.done
}

async function followed(context: Context, wanted: Wanted, { json, jsonLines }: HistoryFlags): Promise<Exit> {
  const { client, terminal } = context
  const print = (entries: readonly HistoryEntry[]) => {
    if (json || jsonLines) for (const entry of entries) terminal.out(`${JSON.stringify(entry)}\n`)
    else show(context, entries)
  }
  return untilInterrupted(async (ended) => {
    let begun = false
    for await (const told of follow(client, { history: filters(wanted) ? MOST : wanted.count, ended })) {
      if (told.type === 'lost') terminal.err(`apmode: ${told.failure.message}; trying again\n`)
      if (told.type !== 'entries') continue
      print(begun ? told.entries.filter((entry) => matches(entry, wanted)) : pick(told.entries, wanted))
      begun = true
    }
    return EXIT.done
  })
}

function show({ terminal, paint }: Context, entries: readonly HistoryEntry[]): void {
  terminal.out(showHistory(entries, { paint, width: terminal.width }))
}

/** All that there is, where only some of it is wanted. */
function newest({ client }: Context, wanted: Wanted): Promise<HistoryEntry[]> {
  return client.ask<HistoryEntry[]>('GET', `/history?n=${filters(wanted) ? MOST : wanted.count}`)
}

function pick(entries: readonly HistoryEntry[], wanted: Wanted): HistoryEntry[] {
  return entries.filter((entry) => matches(entry, wanted)).slice(-wanted.count)
}

function filters({ sinceMs, event, failed }: Wanted): boolean {
  return Number.isFinite(sinceMs) || event !== null || failed
}

function matches({ at, event, result, steps }: HistoryEntry, wanted: Wanted): boolean {
  return (
    !(Date.parse(at) < wanted.sinceMs) &&
    (wanted.event === null || event.toLowerCase().startsWith(wanted.event)) &&
    (!wanted.failed || result !== 'done' || steps.some(({ ok }) => !ok))
  )
}

/** All that is wrong with the options at once. */
function wantedOf({ n, since, event, failed = false, json, jsonLines }: HistoryFlags, nowMs: number): Wanted {
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : momentOf(since, nowMs)
  const some = since !== undefined || event !== undefined || failed
  const count = n === undefined ? (some ? MOST : USUAL) : /^\d{1,5}$/.test(n) ? Number(n) : 0
  const faults: string[] = []
  if (count < 1 || count > MOST) faults.push(`-n is ${JSON.stringify(n)}, expected a number from 1 to ${MOST}`)
  if (sinceMs === null) {
    faults.push(
      `--since is ${JSON.stringify(since)}, expected a time (2026-01-31, 2026-01-31T03:00Z) or how long ago (90s, 30m, 2h, 3d)`,
    )
  }
  if (event?.trim() === '') faults.push('--event is empty, expected the beginning of an event: master, fault, set')
  if (json && jsonLines) faults.push('--json and --json-lines are given, expected one of them')
  if (sinceMs === null || faults.length > 0) throw new Failure(EXIT.usage, faults.join('\n'))
  return { count, sinceMs, event: event?.trim().toLowerCase() ?? null, failed }
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Epoch milliseconds; null: neither a time nor how long ago. A time without a zone is UTC, as all that is shown. */
function momentOf(text: string, nowMs: number): number | null {
  const [, amount, unit = ''] = /^(\d{1,6}) ?([smhdw])$/.exec(text.trim()) ?? []
  if (amount !== undefined) return nowMs - Number(amount) * (UNIT_MS[unit] ?? Number.NaN)
  const [, day, time, zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?( ?UTC|Z|[+-]\d\d:\d\d)?$/.exec(text.trim()) ?? []
  if (day === undefined) return null
  const at = Date.parse(`${day}T${time ?? '00:00'}${/UTC/.test(zone) ? 'Z' : zone}`)
  return Number.isNaN(at) ? null : at
}
