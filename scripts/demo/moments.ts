/**
 * When what happened, as the machines themselves wrote it down: their journals, apmode's histories, the tracked file; and
 * as it was seen from outside: the sampler and the client. Every time is epoch milliseconds of the one clock that both
 * containers and the client share. It asks the machines and changes nothing.
 */
import type { HistoryEntry } from '../../src/ports/storage.ts'
import type { Machine } from '../../test/pair/apmode-pair.ts'

export interface Moment {
  readonly at: number
  /** `host1`, `host2`, `client`. */
  readonly who: string
  readonly what: string
  /** Not awaited by any client: what comes after is put away, not service. */
  readonly afterwards?: boolean
}

export interface Seen {
  /** `kill -9` was about to be called. */
  readonly struckAt: number
  /** The sampler could not write-check the old holder any more. */
  readonly deadAt: number | undefined
  readonly lastAcknowledgedAt: number
  readonly firstAcknowledgedAt: number
}

export async function momentsOf(holder: Machine, other: Machine, seen: Seen): Promise<Moment[]> {
  const [onHolder, onOther, holderHistory, otherHistory, unfitAt] = await Promise.all([
    journalOf(holder, seen.struckAt),
    journalOf(other, seen.struckAt),
    holder.history(),
    other.history(),
    unfitWrittenAt(holder),
  ])
  const found: Moment[] = []
  const put = (at: number | undefined, who: string, what: string, afterwards = false) => {
    if (at !== undefined && Number.isFinite(at)) found.push({ at, who, what, afterwards })
  }
  put(seen.lastAcknowledgedAt, 'client', 'last write acknowledged before')
  put(seen.struckAt, holder.name, 'kill -9 of the database')
  put(firstOf(onHolder, 'mariadb.service: Main process exited'), holder.name, 'systemd: mariadb.service was killed')
  put(seen.deadAt, holder.name, 'fenced, as seen from outside')
  put(unfitAt, holder.name, 'apmode: tells keepalived that it is unfit')
  put(firstOf(onHolder, 'Entering FAULT STATE'), holder.name, 'keepalived: FAULT, the VIP goes')
  put(firstOf(onOther, 'Entering MASTER STATE'), other.name, 'keepalived: MASTER, the VIP comes')

  const later = (entry: HistoryEntry) => Date.parse(entry.at) > seen.struckAt
  const promotion = otherHistory.find(
    (entry) => later(entry) && entry.steps.some(({ step }) => step === 'allow-writes'),
  )
  if (promotion !== undefined) {
    put(endOf(promotion, 'drain'), other.name, 'apmode: everything received is applied')
    put(endOf(promotion, 'record-lead'), other.name, 'apmode: the new lead is recorded')
    put(endOf(promotion, 'allow-writes'), other.name, 'apmode: writable')
    put(Date.parse(promotion.at), other.name, 'apmode: mode s, boot unit enabled', true)
  }
  put(seen.firstAcknowledgedAt, 'client', 'first write acknowledged again')
  const fallen = holderHistory.find((entry) => later(entry) && entry.to.mode === 'm')
  if (fallen !== undefined) put(Date.parse(fallen.at), holder.name, 'apmode: mode m, everything masked', true)
  return found.sort((a, b) => a.at - b.at)
}

/** The history has the end of an entry and the length of each step: the end of a step, counted backwards. */
export function endOf(entry: HistoryEntry, step: string): number | undefined {
  const index = entry.steps.findIndex((record) => record.step === step)
  if (index < 0) return undefined
  return Date.parse(entry.at) - entry.steps.slice(index + 1).reduce((sum, { ms }) => sum + ms, 0)
}

interface JournalLine {
  readonly at: number
  readonly message: string
}

async function journalOf(machine: Machine, since: number): Promise<JournalLine[]> {
  const from = `--since=@${Math.floor(since / 1000) - 1}`
  const text = await machine.must(['journalctl', '-o', 'json', '--no-pager', from, '-u', 'mariadb', '-u', 'keepalived'])
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields: Record<string, unknown> = JSON.parse(line)
      const micros = fields._SOURCE_REALTIME_TIMESTAMP ?? fields.__REALTIME_TIMESTAMP
      return { at: Number(micros) / 1000, message: String(fields.MESSAGE) }
    })
    .filter(({ at }) => at >= since)
}

function firstOf(lines: readonly JournalLine[], words: string): number | undefined {
  return lines.find(({ message }) => message.includes(words))?.at
}

/** The tracked file is written when fitness changes, and at no other time. */
async function unfitWrittenAt(machine: Machine): Promise<number | undefined> {
  const { code, stdout } = await machine.exec(['stat', '-c', '%.9Y', '/run/apmode/vrrp.unfit'])
  return code === 0 ? Number(stdout) * 1000 : undefined
}
