/**
 * The sampler's own process: asks both databases for @@global.read_only and looks for the VIP, every few milliseconds.
 * Started by sampler.ts only; its argument is a SampleOrder in JSON. Invariant: a database that hangs delays nobody: it
 * is asked again only when it has answered, or when its limit is over (then it is "unknown").
 * A span of `writable` reaches from the end of its first sample to the beginning of its last: the database was writable
 * in all of it, for certain, so two spans that overlap are a proof and never an accident of timing.
 */
import { readFileSync } from 'node:fs'
import mysql from 'mysql2'
import { guestInit } from './cgroup.ts'
import { SAMPLER } from './recipe.ts'

export interface SampleOrder {
  readonly nodes: readonly { readonly name: string; readonly cgroup: string }[]
  readonly vip: string
  readonly everyMs: number
  readonly limitMs: number
}

/** What is claimed of a node; null: unknown (off, no answer). */
export type Claim = 'writable' | 'vip'

/** One line of output: a change as it is seen, or a span that is over. Times are epoch milliseconds with fractions. */
export type SampleReport =
  | { readonly change: Claim; readonly node: string; readonly value: boolean | null; readonly at: number }
  | { readonly span: Claim; readonly node: string; readonly from: number; readonly to: number }

const SOCKET = '/run/mysqld/mysqld.sock'
const order = JSON.parse(process.argv[2] ?? '{}') as SampleOrder
const localVip = new RegExp(`\\|-- ${order.vip.replaceAll('.', '\\.')}\\n\\s+/32 host LOCAL`)

const finishers: (() => void)[] = []
const timers = order.nodes.map(({ name, cgroup }) => {
  const writable = track('writable', name)
  const vip = track('vip', name)
  finishers.push(writable.finish, vip.finish)
  let pid: number | null = null
  let connection: mysql.Connection | null = null
  let asked: number | null = null

  const ask = () => {
    const begun = now()
    asked = begun
    const used =
      connection ??
      mysql.createConnection({ ...SAMPLER, socketPath: `/proc/${pid}/root${SOCKET}`, connectTimeout: order.limitMs })
    if (connection === null) used.on('error', () => {})
    connection = used
    used.query({ sql: 'SELECT @@global.read_only', rowsAsArray: true }, (error, rows) => {
      if (connection !== used || asked !== begun) return // given up in the meantime
      asked = null
      if (error !== null) {
        drop()
        writable.sample(null, begun, now())
        return
      }
      // 10.11 has 0 or 1, 12.0 an enum whose OFF is writable.
      const value = String((rows as unknown[][])[0]?.[0])
      writable.sample(value === '0' || value === 'OFF', begun, now())
    })
  }

  const drop = () => {
    connection?.destroy()
    connection = null
    asked = null
  }

  return setInterval(() => {
    const begun = now()
    const table = pid === null ? null : read(`/proc/${pid}/net/fib_trie`)
    if (table === null) {
      drop()
      pid = guestInit(cgroup)
      writable.sample(null, begun, begun)
      vip.sample(null, begun, begun)
      return
    }
    vip.sample(localVip.test(table), begun, now())
    if (asked === null) ask()
    else if (begun - asked > order.limitMs) {
      drop()
      writable.sample(null, begun, begun)
    }
  }, order.everyMs)
})

process.stdin.resume()
process.stdin.once('close', () => {
  for (const timer of timers) clearInterval(timer)
  for (const finish of finishers) finish()
  process.stdout.end(() => process.exit(0))
})
process.stdout.on('error', () => process.exit(1)) // whoever listened is gone

function track(claim: Claim, node: string) {
  let value: boolean | null | undefined
  let span: { from: number; to: number } | null = null
  const close = () => {
    if (span !== null && span.to > span.from) report({ span: claim, node, ...span })
    span = null
  }
  return {
    sample(seen: boolean | null, begun: number, ended: number) {
      if (seen !== value) report({ change: claim, node, value: seen, at: ended })
      value = seen
      if (seen !== true) close()
      else if (span === null) span = { from: ended, to: ended }
      else span.to = Math.max(span.from, begun)
    },
    finish: close,
  }
}

function report(line: SampleReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
