/**
 * A flood of a port, from the client's network namespace, for as long as the input is open: clients that send a header
 * each half second, heads without end, whole requests as fast as the pace allows. Started with startChild; its argument is a
 * FloodOrder in JSON. Invariant: it begins at most `perSecond` connections a second, so that what is measured beside it is the
 * server's trouble and not this program's appetite.
 */
import { connect, type Socket } from 'node:net'

export interface FloodOrder {
  readonly hosts: readonly string[]
  readonly port: number
  readonly path: string
  readonly perSecond: number
  /** Slow clients that are kept, for each host. */
  readonly slow: number
}

/** At the end: connections begun, and answers that began with a status line. */
export interface FloodReport {
  readonly begun: number
  readonly answered: number
}

const TICK_MS = 20
const order = JSON.parse(process.argv[2] ?? '{}') as FloodOrder
let begun = 0
let answered = 0
const slow = new Set<Socket>()

function open(host: string, text: string): Socket {
  begun += 1
  const socket = connect(order.port, host, () => socket.write(text))
  socket.setTimeout(10_000, () => socket.destroy())
  socket.once('data', () => {
    answered += 1
  })
  socket.on('error', () => {})
  return socket
}

const head = `GET ${order.path} HTTP/1.1\r\nHost: a\r\n`
const flood = setInterval(() => {
  for (const host of order.hosts) {
    const share = (order.perSecond * TICK_MS) / 1000 / order.hosts.length
    for (let n = 0; n < share; n++) {
      if (n % 4 === 1 && slow.size < order.slow * order.hosts.length) {
        const socket = open(host, head)
        slow.add(socket)
        socket.on('close', () => slow.delete(socket))
      } else if (n % 4 === 0) open(host, `${head}A: ${'x'.repeat(16_000)}`)
      else open(host, `${head}\r\n`)
    }
  }
}, TICK_MS)
const drip = setInterval(() => {
  for (const socket of slow) socket.write('A: b\r\n')
}, 500)

process.stdin.resume()
process.stdin.on('end', () => {
  clearInterval(flood)
  clearInterval(drip)
  process.stdout.write(`${JSON.stringify({ begun, answered } satisfies FloodReport)}\n`, () => process.exit(0))
})
