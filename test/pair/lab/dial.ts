/**
 * The dialer's own process, in the client's network namespace: opens a connection every few milliseconds, waits for the greeting,
 * and prints who greeted. Started by dialer.ts only; its argument is a DialOrder in JSON. Attempts overlap: one that hangs on
 * a dead machine does not delay the next.
 */
import { connect } from 'node:net'

export interface DialOrder {
  readonly host: string
  readonly port: number
  readonly everyMs: number
  /** Limit of one attempt, connecting included. */
  readonly attemptMs: number
}

/** One line of output. Times are epoch milliseconds with fractions. */
export type DialReport =
  | { readonly by: string; readonly via: string; readonly begun: number; readonly at: number }
  | { readonly refused: string; readonly at: number }

const order = JSON.parse(process.argv[2] ?? '{}') as DialOrder
const lines: string[] = []
const dials = setInterval(dial, order.everyMs)
const flushes = setInterval(flush, 20)

function dial(): void {
  const begun = now()
  const socket = connect({ host: order.host, port: order.port })
  let ended = false
  const end = (line: DialReport) => {
    if (ended) return
    ended = true
    clearTimeout(limit)
    socket.destroy()
    lines.push(`${JSON.stringify(line)}\n`)
  }
  const limit = setTimeout(() => end({ refused: 'no greeting in time', at: now() }), order.attemptMs)
  let text = ''
  socket.on('data', (piece) => {
    text += piece.toString('latin1')
    const [by, via] = /^(\S+) (\S+)\n/.exec(text)?.slice(1) ?? []
    if (by !== undefined && via !== undefined) end({ by, via, begun, at: now() })
  })
  socket.on('error', (error: NodeJS.ErrnoException) => end({ refused: error.code ?? error.message, at: now() }))
  socket.on('close', () => end({ refused: 'closed without a greeting', at: now() }))
}

process.stdin.resume()
process.stdin.once('close', () => {
  clearInterval(dials)
  clearInterval(flushes)
  flush()
  process.stdout.end(() => process.exit(0))
})
process.stdout.on('error', () => process.exit(1)) // whoever listened is gone

function flush(): void {
  if (lines.length > 0) process.stdout.write(lines.splice(0).join(''))
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
