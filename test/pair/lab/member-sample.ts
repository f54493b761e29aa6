/**
 * The process of member-sampler.ts: asks each member of a Galera cluster, through its Unix socket, whether it takes writes and
 * with whom it is in one component. Its argument is a MemberOrder in JSON. Invariant: as in sample.ts, a member that hangs delays
 * nobody, and a span lies inside what was seen for certain.
 */
import mysql from 'mysql2'
import { guestInit } from './cgroup.ts'
import { SAMPLER } from './recipe.ts'

export interface MemberOrder {
  readonly nodes: readonly { readonly name: string; readonly cgroup: string }[]
  readonly everyMs: number
  readonly limitMs: number
}

/** Times are epoch milliseconds. `members`: sorted addresses; null: it takes no writes, or does not say. */
export type MemberReport =
  | { readonly node: string; readonly members: string | null; readonly at: number }
  | { readonly node: string; readonly span: string; readonly from: number; readonly to: number }

const ASK = `SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status', 'wsrep_incoming_addresses')`
const order = JSON.parse(process.argv[2] ?? '{}') as MemberOrder
const finishers: (() => void)[] = []

const timers = order.nodes.map(({ name, cgroup }) => {
  const sampled = track(name)
  finishers.push(sampled.finish)
  let connection: mysql.Connection | null = null
  let asked: number | null = null
  const drop = () => {
    connection?.destroy()
    connection = null
    asked = null
  }
  const open = (pid: number) => {
    const socketPath = `/proc/${pid}/root/run/mysqld/mysqld.sock`
    const fresh = mysql.createConnection({
      ...SAMPLER,
      socketPath,
      connectTimeout: order.limitMs,
      multipleStatements: true,
    })
    fresh.on('error', () => {})
    return fresh
  }
  return setInterval(() => {
    const begun = now()
    if (asked !== null) {
      if (begun - asked <= order.limitMs) return
      drop()
      sampled.saw(null, begun, begun)
    }
    const pid = guestInit(cgroup)
    if (pid === null) {
      drop()
      sampled.saw(null, begun, begun)
      return
    }
    const used = connection ?? open(pid)
    connection = used
    asked = begun
    used.query({ sql: `${ASK}; SELECT @@global.read_only`, rowsAsArray: true }, (error, results) => {
      if (connection !== used || asked !== begun) return
      asked = null
      if (error !== null) drop()
      sampled.saw(error === null ? membersIn(results as unknown as string[][][]) : null, begun, now())
    })
  }, order.everyMs)
})

function membersIn([status = [], readOnly = []]: readonly string[][][]): string | null {
  const said = new Map(status.map(([name = '', value = '']) => [name.toLowerCase(), value]))
  const writes = ['0', 'OFF'].includes(String(readOnly[0]?.[0]))
  if (!writes || said.get('wsrep_ready') !== 'ON' || said.get('wsrep_cluster_status') !== 'Primary') return null
  const addresses = (said.get('wsrep_incoming_addresses') ?? '')
    .split(',')
    .map((address) => address.replace(/:\d+$/, ''))
  return addresses.sort().join(',')
}

process.stdin.resume()
process.stdin.once('close', () => {
  for (const timer of timers) clearInterval(timer)
  for (const finish of finishers) finish()
  process.stdout.end(() => process.exit(0))
})
process.stdout.on('error', () => process.exit(1)) // whoever listened is gone

function track(node: string) {
  let members: string | null | undefined
  let span: { from: number; to: number } | null = null
  const close = () => {
    if (span !== null && typeof members === 'string' && span.to > span.from) report({ node, span: members, ...span })
    span = null
  }
  return {
    saw(seen: string | null, begun: number, ended: number) {
      if (seen !== members) {
        close()
        report({ node, members: seen, at: ended })
      }
      members = seen
      if (seen === null) return
      if (span === null) span = { from: ended, to: ended }
      else span.to = Math.max(span.from, begun)
    },
    finish: close,
  }
}

function report(line: MemberReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
