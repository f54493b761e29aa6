/**
 * Both machines side by side: this one as it sees itself, the peer as far as its database tells. Pure. What is not known is a
 * dash, never a guess.
 */
import { hasDatabase } from '../../core/without-database.ts'
import type { PeerView, Status } from '../../ports/control.ts'
import type { ReplicationStatus } from '../../ports/database.ts'
import type { Paint, Style } from '../terminal.ts'
import { ago } from './columns.ts'
import { cut } from './wrap.ts'

interface Cell {
  readonly text: string
  readonly style?: Style
}

interface Row {
  readonly name: string
  readonly here: Cell
  readonly there: Cell
}

/** Between the columns, and before the first. */
const GAP = 2
/** Narrower than this a column tells nothing: then one machine below the other. */
const LEAST = 20
const MOST = 48
const UNKNOWN: Cell = { text: '–', style: 'dim' }

export function showMachines(status: Status, paint: Paint, width: number, nowMs: number): string[] {
  const rows = rowsOf(status, nowMs)
  // Without a database nothing is known of the other one.
  const peer = hasDatabase(status) ? status.peer : null
  const label = Math.max(...rows.map(({ name }) => name.length))
  const room = Math.floor((width - 2 * GAP - label - GAP) / 2)
  const line = (name: string, cells: readonly Cell[], column: number) =>
    `  ${paint('dim', name.padEnd(label))}${cells.map((cell) => `  ${painted(cell, column, paint)}`).join('')}`.trimEnd()
  const head = (name: string): Cell => ({ text: name, style: 'bold' })
  if (peer === null) return rows.map(({ name, here }) => line(name, [here], width))
  if (room < LEAST) {
    const below = (who: string, pick: (row: Row) => Cell) => [
      line('', [head(who)], width),
      ...rows.map((row) => line(row.name, [pick(row)], width)),
    ]
    return [...below(status.node, ({ here }) => here), '', ...below(peer.name, ({ there }) => there)]
  }
  const longest = Math.max(...rows.flatMap(({ here, there }) => [here.text.length, there.text.length]))
  // Into a pipe nothing is cut.
  const most = Number.isFinite(width) ? MOST : longest
  const column = Math.min(room, most, Math.max(longest, LEAST))
  return [
    line('', [head(status.node), head(peer.name)], column),
    ...rows.map(({ name, here, there }) => line(name, [here, there], column)),
  ]
}

function painted({ text, style }: Cell, column: number, paint: Paint): string {
  const shown = cut(text, column)
  const blanks = ' '.repeat(Number.isFinite(column) ? column - shown.length : 0)
  return `${style === undefined ? shown : paint(style, shown)}${blanks}`
}

function rowsOf(status: Status, nowMs: number): Row[] {
  const { peer } = status
  const row = (name: string, here: Cell, there: (peer: PeerView) => Cell): Row => ({
    name,
    here,
    there: peer === null ? UNKNOWN : there(peer),
  })
  const data = (...rows: Row[]) => (hasDatabase(status) ? rows : [])
  const replica = (...rows: Row[]) => (status.engine === 'mariadb' ? rows : [])
  return [
    row('seen', { text: 'this machine', style: 'dim' }, (other) => seen(other, nowMs)),
    row('mode', mode(status), ({ mode }) => said(mode)),
    row('role', { text: status.role }, ({ role }) => said(role)),
    row('VRRP', vrrp(status.vrrp, status.holder), ({ vrrp: state }) =>
      state === null ? UNKNOWN : vrrp(state, state === 'master'),
    ),
    ...data(row('database', database(status.writable), ({ writable }) => database(writable))),
    row('fit', fit(status.fit), (other) => fit(other.fit)),
    ...replica(
      row('replication', replication(status.replication, status.writable), (other) =>
        other.attached === true || other.replication !== null
          ? replication(other.replication, other.writable)
          : replication(null, other.writable),
      ),
      row('GTID', gtid(status.gtid), (other) => gtid(other.gtid)),
    ),
    row('version', { text: status.version }, ({ version }) => said(version)),
  ]
}

function seen({ reachable, saidAt }: PeerView, nowMs: number): Cell {
  if (reachable === null) return { text: 'not looked at', style: 'dim' }
  if (!reachable) return { text: 'does not answer', style: 'red' }
  return { text: saidAt === null ? 'answers, says nothing' : `answers, spoke ${ago(saidAt, nowMs)}`, style: 'dim' }
}

function mode({ mode: now, being }: Status): Cell {
  if (being !== null) return { text: `${now}, being ${being}`, style: 'yellow' }
  return now === 'unreadable' ? { text: now, style: 'red' } : { text: now }
}

function vrrp(state: Status['vrrp'], holder: boolean | null): Cell {
  if (holder === true) return { text: `${state}, the VIP is here`, style: 'green' }
  return { text: holder === null ? `${state}, VIP unknown` : state }
}

function database(writable: boolean | null): Cell {
  if (writable === null) return UNKNOWN
  return writable ? { text: 'writable', style: 'green' } : { text: 'read-only' }
}

function fit(value: boolean | null): Cell {
  if (value === null) return UNKNOWN
  return value ? { text: 'yes', style: 'green' } : { text: 'no', style: 'yellow' }
}

function replication(found: ReplicationStatus | null, writable: boolean | null): Cell {
  if (found === null) return writable === null ? UNKNOWN : { text: 'off' }
  const { source, io, sql, lagSeconds, errno } = found
  if (errno !== 0) return { text: `stopped: error ${errno}`, style: 'red' }
  if (io !== 'Yes' || !sql) return { text: `IO ${io}, SQL ${sql ? 'Yes' : 'No'}`, style: 'yellow' }
  const from = source.replace(/:3306$/, '')
  return { text: `${lagSeconds === null ? 'lag unknown' : `${lagSeconds} s behind`} ${from}` }
}

function gtid(position: string | null): Cell {
  return position === null || position === '' ? UNKNOWN : { text: position }
}

function said(word: string | null): Cell {
  return word === null ? UNKNOWN : { text: word }
}
