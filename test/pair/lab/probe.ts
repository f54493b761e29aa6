/**
 * The probe client's own process, in the client's network namespace: reads and writes through the VIP for as long as its
 * input is open, and prints what was acknowledged. Started by client.ts only; its argument is a ProbeOrder in JSON.
 * Invariant: a number is written at most once, ever: an attempt that was not acknowledged is not repeated, so "acknowledged"
 * is never a guess. Attempts overlap: one that hangs on a dead machine does not delay the next.
 */
import { apiTarget, databaseTarget, type Target } from './targets.ts'

export interface ProbeOrder {
  /** `socket`: MariaDB's protocol over the machine's own Unix socket, as a program on that machine. */
  readonly via: 'database' | 'api' | 'socket'
  /** For `socket`: the machine's cgroup, by which it is found again after each boot. */
  readonly cgroup?: string
  readonly host: string
  readonly port: number
  readonly firstNumber: number
  /** 0: no writes. */
  readonly writeEveryMs: number
  /** 0: no reads. */
  readonly readEveryMs: number
  /** A connection for each attempt of `database`. */
  readonly anew?: boolean
  /** Limit of one attempt, connecting included. */
  readonly attemptMs: number
}

/** One line of the probe's output. Times are epoch milliseconds with fractions. */
export type ProbeReport =
  | { readonly write: number; readonly begun: number; readonly at: number }
  | { readonly read: true; readonly at: number }
  | { readonly refused: string; readonly at: number }

const order = JSON.parse(process.argv[2] ?? '{}') as ProbeOrder
const target: Target = order.via === 'api' ? apiTarget(order) : databaseTarget(order)
const lines: string[] = []
const MOST_AT_ONCE = 64

let number = order.firstNumber
let writing = 0
let reading = 0

const writes = order.writeEveryMs > 0 ? setInterval(write, order.writeEveryMs) : undefined

function write(): void {
  if (writing >= MOST_AT_ONCE) return
  writing += 1
  const n = number++
  const begun = now()
  target
    .write(n)
    .then(() => report({ write: n, begun, at: now() }), complain)
    .finally(() => {
      writing -= 1
    })
}

const reads = order.readEveryMs > 0 ? setInterval(read, order.readEveryMs) : undefined

function read(): void {
  if (reading >= MOST_AT_ONCE) return
  reading += 1
  target
    .read()
    .then(() => report({ read: true, at: now() }), complain)
    .finally(() => {
      reading -= 1
    })
}

const flushes = setInterval(flush, 20)

process.stdin.resume()
process.stdin.once('close', async () => {
  clearInterval(writes)
  clearInterval(reads)
  // What is under way is waited for: it may still be acknowledged.
  const start = now()
  while (writing + reading > 0 && now() - start < order.attemptMs + 500)
    await new Promise((resolve) => setTimeout(resolve, 5))
  clearInterval(flushes)
  flush()
  target.close()
  process.stdout.end(() => process.exit(0))
})
process.stdout.on('error', () => process.exit(1)) // whoever listened is gone

function report(line: ProbeReport): void {
  lines.push(`${JSON.stringify(line)}\n`)
}

function complain(reason: unknown): void {
  report({ refused: reason instanceof Error ? reason.message : String(reason), at: now() })
}

function flush(): void {
  if (lines.length > 0) process.stdout.write(lines.splice(0).join(''))
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
