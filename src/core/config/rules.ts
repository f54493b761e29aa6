/**
 * What several keys must say together. Each rule is a function of what could be read and reports every fault that it
 * sees; a key that could not be read has its own problem already and is left alone here. No rule depends on another.
 */
import type { ConfigProblem } from '../config.ts'
import { isSameAddress, parseAddress, parsePrefixed } from './address.ts'
import { join, type ReadTable, type Report } from './read.ts'
import type { DATABASE, HEALTH, NODE, TOP, UNIT, VRRP } from './schema.ts'

export interface Draft {
  readonly top: ReadTable<typeof TOP>
  readonly nodes: readonly ReadTable<typeof NODE>[]
  readonly vrrp: ReadTable<typeof VRRP>
  readonly units: readonly ReadTable<typeof UNIT>[]
  readonly database: ReadTable<typeof DATABASE>
  readonly health: ReadTable<typeof HEALTH>
  /** A table that could not be read at all was reported; counting what is left would only mislead. */
  readonly broken: ReadonlySet<string>
}

export type Rule = (draft: Draft, report: Report) => void

export const at = (
  table: { path: string; lineOf(key: string): number },
  key: string,
  message: string,
): ConfigProblem => ({
  line: table.lineOf(key),
  key: join(table.path, key),
  message,
})

/** Reports the second and every later one of equal values. */
function distinct<T extends { path: string; lineOf(key: string): number }, V>(
  tables: readonly T[],
  key: string,
  read: (table: T) => V | undefined,
  isEqual: (a: V, b: V) => boolean,
  report: Report,
): void {
  tables.forEach((table, index) => {
    const value = read(table)
    if (value === undefined) return
    const first = tables.slice(0, index).find((earlier) => {
      const other = read(earlier)
      return other !== undefined && isEqual(value, other)
    })
    if (first === undefined) return
    report(
      at(
        table,
        key,
        `found ${JSON.stringify(value)} again (first on line ${first.lineOf(key)}), expected a different one`,
      ),
    )
  })
}

const isEqualName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

function isEqualAddress(a: string, b: string): boolean {
  const [left, right] = [parseAddress(a), parseAddress(b)]
  return left !== null && right !== null && isSameAddress(left, right)
}

const enoughNodes: Rule = ({ nodes, database, broken }, report) => {
  if (broken.has('node')) return
  if (nodes.length === 0) {
    report({ line: 1, key: 'node', message: 'found no [[node]], expected one for each machine' })
  }
  const third = nodes[2]
  if (third === undefined || database.values.engine !== 'mariadb') return
  const reason =
    'with engine "mariadb" one machine is the primary and its peer is the only replica that may be promoted ' +
    '(engines "galera" and "none" allow more)'
  report({ line: third.line, key: third.path, message: `found ${nodes.length} nodes, expected two at most: ${reason}` })
}

const oneActive: Rule = ({ nodes }, report) => {
  const active = nodes.filter((node) => node.values.role === 'active')
  for (const node of active.slice(1)) {
    const first = active[0]?.lineOf('role')
    report(at(node, 'role', `found a second "active" (first on line ${first}), expected exactly one active node`))
  }
  const [first] = nodes
  if (first !== undefined && nodes.every((node) => node.values.role === 'standby')) {
    report(at(first, 'role', 'found no "active" node, expected exactly one'))
  }
}

/** Where the VIP goes back by itself. A database goes back when a person says so, and nothing is written meanwhile. */
const oneHome: Rule = ({ nodes, database }, report) => {
  const homes = nodes.filter((node) => node.values.preempt === true)
  for (const node of homes.slice(1)) {
    const first = homes[0]?.lineOf('preempt')
    report(at(node, 'preempt', `found a second true (first on line ${first}), expected it on one node at most`))
  }
  for (const node of homes.slice(0, 1)) {
    if (node.values.role === 'standby') {
      const message = 'found true for a standby, expected it on the active node, where the VIP belongs'
      report(at(node, 'preempt', message))
    }
  }
  for (const node of homes) {
    if (database.values.engine === 'mariadb') {
      const message = 'found true with engine "mariadb", expected false: the way back of a database is apmode handover'
      report(at(node, 'preempt', message))
    }
    if (database.values.engine === 'galera' && nodes.length === 2) {
      const message = 'found true with engine "galera" on two nodes, expected false: who survives serves alone (mode s)'
      report(at(node, 'preempt', message))
    }
  }
}

const distinctNodes: Rule = ({ nodes }, report) => {
  distinct(nodes, 'name', (node) => node.values.name, isEqualName, report)
  distinct(nodes, 'address', (node) => node.values.address, isEqualAddress, report)
}

const vipApart: Rule = ({ nodes, vrrp }, report) => {
  const vip = vrrp.values.vip === undefined ? null : parsePrefixed(vrrp.values.vip)
  if (vip === null) return
  for (const node of nodes) {
    const own = node.values.address === undefined ? null : parseAddress(node.values.address)
    if (own === null) continue
    const named = `${node.path} (line ${node.lineOf('address')})`
    if (isSameAddress(vip.address, own)) {
      report(at(vrrp, 'vip', `found the address of ${named}, expected an address that no machine has by itself`))
    } else if (vip.address.family !== own.family) {
      report(
        at(
          vrrp,
          'vip',
          `found an IPv${vip.address.family} address, expected IPv${own.family} as the address of ${named}`,
        ),
      )
    }
  }
}

const witnessOutside: Rule = ({ nodes, vrrp }, report) => {
  const vip = vrrp.values.vip?.split('/')[0]
  const own = [vip, ...nodes.map((node) => node.values.address)].filter((address) => address !== undefined)
  for (const witness of vrrp.values.witness ?? []) {
    if (own.some((address) => isEqualAddress(address, witness))) {
      report(at(vrrp, 'witness', `found "${witness}", which belongs to the pair, expected an address outside of it`))
    }
  }
}

const kindsOfUnit: Rule = ({ units, database, broken }, report) => {
  if (broken.has('unit')) return
  const ofKind = (kind: string) => units.filter((unit) => unit.values.kind === kind)
  // A unit whose kind could not be read may be the one that seems to be missing.
  const isKindUnclear = units.some((unit) => unit.values.kind === undefined)
  const line = units[0]?.line ?? 1
  for (const kind of ['router', 'database']) {
    for (const unit of ofKind(kind).slice(1)) {
      const first = ofKind(kind)[0]?.lineOf('kind')
      report(at(unit, 'kind', `found a second "${kind}" (first on line ${first}), expected one at most`))
    }
    for (const unit of ofKind(kind)) {
      if (unit.values.runs === 'holder') {
        report(
          at(unit, 'runs', `found "holder" for a ${kind}, expected "everywhere": both machines need it to take over`),
        )
      }
    }
  }
  if (isKindUnclear) return
  if (ofKind('router').length === 0) {
    report({ line, key: 'unit', message: 'found no unit of kind "router", expected one (keepalived.service)' })
  }
  const { engine } = database.values
  if (ofKind('database').length === 0 && (engine === 'mariadb' || engine === 'galera')) {
    const message = `found "${engine}" and no unit of kind "database", expected such a unit, or engine "none"`
    report(at(database, 'engine', message))
  }
}

const distinctUnits: Rule = ({ top, units }, report) => {
  distinct(
    units,
    'name',
    (unit) => unit.values.name,
    (a, b) => a === b,
    report,
  )
  const boot = top.values.codename === undefined ? null : `${top.values.codename}.service`
  for (const unit of units) {
    const name = unit.values.name
    if (name === boot) {
      report(at(unit, 'name', `found "${boot}", the boot unit, expected a unit that it starts`))
    } else if (name === 'apmode.service' || name === 'apmode.socket') {
      report(at(unit, 'name', `found "${name}", the supervisor itself, expected a unit that it looks after`))
    }
  }
}

const bootUnitApart: Rule = ({ top }, report) => {
  if (top.values.codename !== 'apmode') return
  report(at(top, 'codename', 'found "apmode", expected another name: apmode.service is the supervisor'))
}

/** Whatever the hosts are: `0.0.0.0` and `127.0.0.1` want the same port too. */
const portsApart: Rule = ({ health }, report) => {
  const { listen, agentListen } = health.values
  if (listen?.port === undefined || listen.port !== agentListen?.port) return
  const message = `found the port ${listen.port} of listen (line ${health.lineOf('listen')}), expected another one`
  report(at(health, 'agent_listen', message))
}

export const RULES: readonly Rule[] = [
  enoughNodes,
  oneActive,
  oneHome,
  distinctNodes,
  vipApart,
  witnessOutside,
  kindsOfUnit,
  distinctUnits,
  bootUnitApart,
  portsApart,
]
