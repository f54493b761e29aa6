/**
 * What a machine is, asked of the machine itself and not of apmode, beside what apmode says: the material of the oracles.
 * Invariant: it changes nothing on the machine, and every question has a limit.
 */
import type { Status } from '../../src/ports/control.ts'
import type { HistoryEntry } from '../../src/ports/storage.ts'
import type { Machine } from '../pair/apmode-pair.ts'
import { look } from './home.ts'

export interface Truth {
  readonly mode: string
  readonly holder: boolean
  readonly writable: boolean
  readonly units: readonly { readonly name: string; readonly active: string; readonly file: string }[]
}

export interface Account {
  readonly name: string
  readonly status: Status | null
  readonly truth: Truth
}

/** `status` and the machine itself, in one moment as nearly as can be. */
export async function accountOf(machine: Machine): Promise<Account> {
  const status = await look(machine)
  return { name: machine.name, status, truth: await truthOf(machine, status?.units.map(({ name }) => name) ?? []) }
}

async function truthOf(machine: Machine, names: readonly string[]): Promise<Truth> {
  const [mode, holder, writable, shown] = await Promise.all([
    machine.modeFile(),
    machine.holdsVip(),
    machine.writable(),
    machine.must(['systemctl', 'show', '-p', 'Id,ActiveState,UnitFileState', ...names]),
  ])
  const units = shown
    .trim()
    .split('\n\n')
    .map((block) => {
      const of = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1] ?? ''
      return { name: of('Id'), active: of('ActiveState'), file: of('UnitFileState') }
    })
  return { mode, holder, writable, units }
}

/** What must be the same on both when nobody writes. */
export async function dataOf(machine: Machine): Promise<string> {
  const sql = 'CHECKSUM TABLE app.entry, apmode.lead; SELECT @@gtid_binlog_pos; SELECT COUNT(*) FROM app.entry'
  const said = await machine.must(['mariadb', '-N', '-e', sql], { timeoutMs: 20_000 })
  const [entries, leads, gtid, rows] = said.trim().split('\n')
  return `app.entry ${entries?.split('\t')[1]} (${rows} rows), apmode.lead ${leads?.split('\t')[1]}, GTID ${gtid}`
}

/** The machine's newest decision, to find again by `historyAfter`; null: there is none. */
export async function newestDecision(machine: Machine): Promise<string | null> {
  const newest = (await machine.history()).at(-1)
  return newest === undefined ? null : JSON.stringify(newest)
}

/** The decisions after that one, oldest first: by their order and not by their times, which a clock that jumps makes wrong. */
export async function historyAfter(machine: Machine, decision: string | null): Promise<HistoryEntry[]> {
  const entries = await machine.history()
  return entries.slice(entries.findLastIndex((entry) => JSON.stringify(entry) === decision) + 1)
}

/** Where the replication password stands and must not: sentences; empty is right. */
export async function secretsOf(machine: Machine, secret: string, sinceEpochMs: number): Promise<string[]> {
  const since = `@${Math.floor(sinceEpochMs / 1000)}`
  const places: readonly (readonly [string, string])[] = [
    ['the journal', `journalctl --no-pager -o cat --since ${since}`],
    ['the history', 'cat /var/lib/apmode/history.jsonl*'],
    ['the state', 'cat /var/lib/apmode/*.json /run/apmode/vrrp.unfit'],
    ['status --json', 'apmode status --json'],
    // The shell that looks has the secret on its standard input, not among its arguments.
    ['a command line', 'cat /proc/[0-9]*/cmdline'],
    ['an environment', 'cat /proc/[0-9]*/environ'],
  ]
  const script = `secret=$(cat)\n${places
    .map(
      ([name, command]) =>
        `{ ${command} 2> /dev/null || true; } | grep -aqF -f /dev/fd/9 9<<X && echo '${name}'\n$secret\nX`,
    )
    .join('\n')}\ntrue`
  const found = await machine.must(['sh', '-c', script], { input: secret, timeoutMs: 20_000 })
  return found
    .split('\n')
    .filter((line) => line !== '')
    .map((place) => `${place} of ${machine.name} holds the replication password`)
}

/** What a machine says of itself, for a report: status, history, journal. Never throws. */
export async function storyOf(machine: Machine, sinceEpochMs: number): Promise<string> {
  const since = `@${Math.floor(sinceEpochMs / 1000)}`
  const journal = ['journalctl', '--no-pager', '-o', 'short-precise', '--since', since]
  const [status, history, own, rest] = await Promise.all([
    machine.apmode('status'),
    machine.apmode('history -n 15'),
    machine.exec([...journal, '-u', 'apmode'], { timeoutMs: 20_000 }),
    machine.exec([...journal, '-u', 'keepalived', '-u', 'mariadb'], { timeoutMs: 20_000 }),
  ])
  const part = (title: string, text: string) => `── ${machine.name}: ${title}\n${text.trimEnd()}\n`
  return [
    part('apmode status', status.stdout + status.stderr),
    part('apmode history -n 15', history.stdout + history.stderr),
    part('journal of apmode', own.stdout + own.stderr),
    part('journal of keepalived and mariadb', withoutNoise(rest.stdout + rest.stderr)),
  ].join('\n')
}

/** The writers give up after a quarter of a second, which MariaDB tells for each of them, and again after a crash. */
function withoutNoise(journal: string): string {
  const lines = journal
    .split('\n')
    .filter((line) => !/\[Warning\] Aborted connection|InnoDB: Transaction (\d+ in prepared|contains)/.test(line))
  return lines.slice(-80).join('\n')
}
