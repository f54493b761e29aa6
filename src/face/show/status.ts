/**
 * `apmode status` for people: one headline, both machines side by side, what ties them, the units, and only then what is wrong and
 * what to do about it. Pure; says nothing that is not in the Status.
 */
import { clusterWords } from '../../core/cluster-words.ts'
import { hasDatabase, seenByVrrp } from '../../core/without-database.ts'
import type { Status } from '../../ports/control.ts'
import type { Paint, Style } from '../terminal.ts'
import { ago, clockTime, columns, duration } from './columns.ts'
import { showMachines } from './machines.ts'
import { wrap } from './wrap.ts'

export interface Page {
  readonly paint: Paint
  /** Columns; Infinity where nothing is to be broken. */
  readonly width: number
}

export function showStatus(status: Status, page: Page, nowMs: number): string {
  return `${statusLines(status, page, nowMs).join('\n')}\n`
}

/** `brief`: without the units, where there is no room for them. */
export function statusLines(status: Status, { paint, width }: Page, nowMs: number, brief = false): string[] {
  return [
    headline(status, paint),
    '',
    ...showMachines(status, paint, width, nowMs),
    '',
    ...facts(status, paint, width, nowMs),
    ...(brief ? [] : ['', ...units(status, paint)]),
    ...listed('why', status.reasons, { paint, width }, 'yellow'),
    ...listed(`why ${status.peer?.name} is not fit`, status.peer?.reasons ?? [], { paint, width }, 'yellow'),
    ...listed('problems', status.problems, { paint, width }, 'red'),
    ...next(status, paint, width),
  ]
}

/** What a person reads first: who serves, and in which mode this machine is. */
export function headline(status: Status, paint: Paint): string {
  const style: Style = worry(status)
  const mode = status.being === null ? status.mode : `${status.mode}, being ${status.being}`
  return `${paint(style, '●')} ${paint('bold', status.node)} ${place(status)} in mode ${paint('bold', mode)}`
}

function worry(status: Status): Style {
  if (status.mode === 'unreadable' || status.problems.length > 0) return 'red'
  if (hasDatabase(status) && status.holder === true && status.writable !== true) return 'red'
  return status.reasons.length > 0 || status.being !== null ? 'yellow' : 'green'
}

function place(status: Status): string {
  const { holder, writable } = status
  if (holder === null) return 'does not know whether it holds the VIP,'
  if (!hasDatabase(status)) return holder ? 'holds the VIP,' : 'does not hold the VIP,'
  if (status.engine === 'galera') {
    return `${holder ? 'holds the VIP' : 'without the VIP'}, ${writable ? 'takes writes,' : 'takes no writes,'}`
  }
  if (!holder) return writable ? 'does not hold the VIP but takes writes,' : 'does not hold the VIP,'
  return writable ? 'holds the VIP and takes writes,' : 'holds the VIP but takes no writes,'
}

function facts(status: Status, paint: Paint, width: number, nowMs: number): string[] {
  const { lastChange } = status
  const rows: [string, string][] = [
    ['must hold', status.posture],
    ...about(status),
    [
      'last change',
      lastChange ? `${ago(lastChange.at, nowMs)}: ${lastChange.sentence} (${duration(lastChange.ms)})` : 'none yet',
    ],
    ...trouble(status),
  ]
  const label = Math.max(...rows.map(([name]) => name.length))
  return rows.flatMap(([name, text]) => {
    const [first = '', ...others] = wrap(`  ${name.padEnd(label)}  `, text, width)
    return [first.replace(name, paint('dim', name)), ...others]
  })
}

/** What ties the machines together: a replica, a cluster, or VRRP alone. */
function about(status: Status): [string, string][] {
  switch (status.engine) {
    case 'mariadb':
      return [...commits(status), leadOf(status)]
    case 'galera':
      return [['cluster', clusterWords(status.cluster)], leadOf(status)]
    case 'none':
      return others(status)
  }
}

function leadOf({ lead }: Status): [string, string] {
  return ['lead', lead ? `${lead.node}, epoch ${lead.epoch}, since ${clockTime(lead.at)}` : 'unknown']
}

function others(status: Status): [string, string][] {
  const found = seenByVrrp(status)
  return found === null ? [] : [found]
}

/** Who acknowledges a write; nothing where nothing is written. */
function commits({ commitsWithPeer, peer }: Status): [string, string][] {
  if (commitsWithPeer === null || peer === null) return []
  const sentence = commitsWithPeer
    ? `a write is acknowledged when ${peer.name} has it too (semi-sync)`
    : `acknowledges writes alone${peer.attached === true ? `; ${peer.name} follows` : ''}`
  return [['commits', sentence]]
}

/** MariaDB's own words. */
function trouble({ replication }: Status): [string, string][] {
  return replication === null || replication.error === ''
    ? []
    : [['error', `${replication.errno}: ${replication.error}`]]
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

function listed(title: string, sentences: readonly string[], { paint, width }: Page, style: Style): string[] {
  if (sentences.length === 0) return []
  return ['', `  ${paint(style, title)}`, ...sentences.flatMap((sentence) => wrap('    ', sentence, width))]
}

function next({ next: command, node }: Status, paint: Paint, width: number): string[] {
  if (command === null) return []
  const on = command.on === null || command.on === node ? '' : `on ${command.on}: `
  const [first = '', ...others] = wrap('  next  ', `${on}${command.command}   ${command.why}`, width)
  return ['', first.replace('next', paint('bold', 'next')), ...others]
}
