/**
 * The decision table, from the very rows that the supervisor decides with; the row and the VRRP state of each machine are
 * lit, with its name beside them. A peer that says nothing of itself lights nothing.
 */
import { ROWS, type Row, rowFor } from '../core/posture.ts'
import { cellsOf, headOf } from '../core/table.ts'
import type { Engine, KnownMode, VrrpState } from '../core/vocabulary.ts'
import type { Status } from '../ports/control.ts'
import { byId, type Child, fill, make, write } from './dom.ts'

interface Place {
  readonly name: string
  readonly mode: KnownMode
  readonly vrrp: VrrpState
}

const MODE = 0
const VRRP = 1

export function showTable(status: Status): void {
  const { node, engine, mode, vrrp, posture, peer } = status
  const places: Place[] = [{ name: node, mode, vrrp }]
  if (peer !== null && peer.mode !== null && peer.vrrp !== null) {
    places.push({ name: peer.name, mode: peer.mode, vrrp: peer.vrrp })
  }
  write(byId('table-now'), `${node}, mode ${mode}, VRRP ${vrrp}: ${posture}.`)
  fill(byId('table'), [engine, places], () => [
    make('caption', { class: 'quiet' }, 'Mode and VRRP state decide what must hold; the lit rows hold now'),
    make('thead', {}, make('tr', {}, ...headOf(engine).map((title) => make('th', { scope: 'col' }, title)))),
    make(
      'tbody',
      {},
      ...ROWS.map((row) =>
        rowOf(
          row,
          engine,
          places.filter((place) => rowFor(place) === row),
        ),
      ),
    ),
  ])
}

function rowOf(row: Row, engine: Engine, here: readonly Place[]): HTMLElement {
  const cells = cellsOf(row, engine).map((words, column) => {
    if (column === MODE) return make('th', { scope: 'row' }, words, ...here.map(({ name }) => now(name)))
    return make('td', {}, ...(column === VRRP && here.length > 0 ? vrrpWords(words, here) : [words]))
  })
  return make('tr', here.length > 0 ? { class: 'lit', 'aria-current': 'true' } : {}, ...cells)
}

const now = (name: string) => make('span', { class: 'here' }, `◂ ${name}`)

/** `init, stop` with the present one marked; `any` and `other` say which it is. */
function vrrpWords(words: string, here: readonly Place[]): Child[] {
  const present = new Set<string>(here.map(({ vrrp }) => vrrp))
  const named = words.split(', ')
  const marked = named.flatMap((word, index): Child[] => [
    index === 0 ? '' : ', ',
    present.has(word) ? make('mark', {}, word) : word,
  ])
  const other = [...present].filter((vrrp) => !named.includes(vrrp))
  return [...marked, ...other.flatMap((vrrp): Child[] => [' ', make('mark', {}, vrrp)])]
}
