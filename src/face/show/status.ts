/**
 * `apmode status` for people: one headline, the facts aligned, and only then what is wrong and what to do about it.
 * Pure; says nothing that is not in the Status.
 */
import type { PeerView, Status } from '../../ports/control.ts'
import type { ReplicationStatus } from '../../ports/database.ts'
import type { Paint, Style } from '../terminal.ts'
import { ago, clockTime, columns, duration } from './columns.ts'

export function showStatus(status: Status, paint: Paint, nowMs: number): string {
  const lines = [headline(status, paint), '', ...facts(status, paint, nowMs), '', ...units(status, paint)]
  if (status.reasons.length > 0) lines.push('', ...list('why', status.reasons, paint, 'yellow'))
  if (status.problems.length > 0) lines.push('', ...list('problems', status.problems, paint, 'red'))
  if (status.next)
    lines.push(
      '',
      `  ${paint('bold', 'next')}  ${status.next.on === null ? '' : `on ${status.next.on}: `}${status.next.command}   ${paint('dim', status.next.why)}`,
    )
  return `${lines.join('\n')}\n`
}

function headline(status: Status, paint: Paint): string {
  const style: Style = worry(status)
  const mode = modeOf(status)
  return `${paint(style, '●')} ${paint('bold', status.node)} ${place(status)} in mode ${paint('bold', mode)}`
}

function worry(status: Status): Style {
  if (status.mode === 'unreadable' || status.problems.length > 0) return 'red'
  if (status.holder === true && status.writable !== true) return 'red'
  return status.reasons.length > 0 || status.being !== null ? 'yellow' : 'green'
}

function place({ holder, writable }: Status): string {
  if (holder === null) return 'does not know whether it holds the VIP,'
  if (!holder) return writable ? 'does not hold the VIP but takes writes,' : 'does not hold the VIP,'
  return writable ? 'holds the VIP and takes writes,' : 'holds the VIP but takes no writes,'
}

function facts(status: Status, paint: Paint, nowMs: number): string[] {
  const { lead, lastChange } = status
  const rows: [string, string][] = [
    ['mode', modeOf(status)],
    ['role', status.role],
    ['VRRP', `${status.vrrp}, ${known(status.holder, 'the VIP is here', 'the VIP is not here', 'VIP unknown')}`],
    ['database', `${known(status.writable, 'writable', 'read-only', 'unknown')}${commits(status)}`],
    ['fit', known(status.fit, 'yes', 'no', 'unknown')],
    ['must hold', status.posture],
    ['peer', status.peer ? peer(status.peer) : 'none configured'],
    ['replication', status.replication ? replication(status.replication) : 'off'],
    ['lead', lead ? `${lead.node}, epoch ${lead.epoch}, since ${clockTime(lead.at)}` : 'unknown'],
    [
      'last change',
      lastChange ? `${ago(lastChange.at, nowMs)}: ${lastChange.sentence} (${duration(lastChange.ms)})` : 'none yet',
    ],
    ['version', status.version],
  ]
  return columns(
    rows.map(([name, text]) => ['', name, text]),
    (text, _row, column) => (column === 1 ? paint('dim', text) : text),
  )
}

/** Who acknowledges a write; nothing where nothing is written. */
function commits({ commitsWithPeer, peer }: Status): string {
  if (commitsWithPeer === null || peer === null) return ''
  return commitsWithPeer ? `, a write is acknowledged when ${peer.name} has it too` : ', acknowledges writes alone'
}

function units({ units }: Status, paint: Paint): string[] {
  const rows = [
    ['', 'unit', 'kind', 'state', 'file'],
    ...units.map((unit) => ['', unit.name, unit.kind, unit.active, unit.file]),
  ]
  return columns(rows, (text, row, column) => {
    if (row === 0) return paint('dim', text)
    if (column !== 3) return text
    const state = text.trimEnd()
    return state === 'active' ? paint('green', text) : state === 'failed' ? paint('red', text) : text
  })
}

function modeOf({ mode, being }: Status): string {
  return being === null ? mode : `${mode}, being ${being}`
}

function peer({ name, address, reachable, writable, attached }: PeerView): string {
  const words = [
    known(reachable, 'reachable', 'not reachable', 'not looked at'),
    known(writable, 'writable', 'read-only', 'writable or not is unknown'),
    known(attached, 'attached', 'not attached', 'attached or not is unknown'),
  ]
  return `${name} (${address}): ${(reachable === true ? words : [words[0], words[2]]).join(', ')}`
}

function replication({ source, io, sql, lagSeconds, gtid, errno, error }: ReplicationStatus): string {
  const lag = lagSeconds === null ? 'lag unknown' : `${lagSeconds} s behind`
  const running = io === 'Yes' && sql ? 'running' : `IO ${io}, SQL ${sql ? 'Yes' : 'No'}`
  const fault = errno === 0 ? '' : `, error ${errno}: ${error}`
  return `from ${source}, ${running}, ${lag}, at ${gtid || 'no position'}${fault}`
}

function known(value: boolean | null, yes: string, no: string, unknown: string): string {
  return value === null ? unknown : value ? yes : no
}

function list(title: string, sentences: readonly string[], paint: Paint, style: Style): string[] {
  return [`  ${paint(style, title)}`, ...sentences.map((sentence) => `    ${sentence}`)]
}
