/**
 * A client of plain TCP services: a new connection through the VIP every few milliseconds, each greeted by a server behind it
 * (greeter.ts). It knows who answered, through which machine, and when. The work is done by dial.ts.
 */
import { startChild } from './child.ts'
import type { DialOrder, DialReport } from './dial.ts'
import type { RunNames } from './names.ts'
import { VIP } from './network.ts'
import { type Program, startProgram } from './program.ts'

export interface Greeting {
  /** Name of the server. */
  readonly by: string
  /** Address of the machine between. */
  readonly via: string
  /** Epoch milliseconds. */
  readonly begun: number
  readonly at: number
}

export interface Dialer {
  /** In the order in which they came; grows while the dialer runs. */
  readonly greetings: readonly Greeting[]
  /** Reasons of failed attempts, with how often each. */
  readonly refusals: ReadonlyMap<string, number>
  /** The longest time between two greetings of which the later one came after a moment; 0 while there are not two. */
  longestGapMs(afterEpochMs: number): number
  stop(): Promise<void>
}

export function startDialer(names: RunNames, order: Partial<DialOrder> & Pick<DialOrder, 'port'>): Dialer {
  const greetings: Greeting[] = []
  const refusals = new Map<string, number>()
  const child = startChild<DialReport>({
    names,
    program: './dial.ts',
    argument: { host: VIP, everyMs: 10, attemptMs: 250, ...order } satisfies DialOrder,
    namespace: names.clientNamespace,
    onLine(line) {
      if ('by' in line) greetings.push(line)
      else refusals.set(line.refused, (refusals.get(line.refused) ?? 0) + 1)
    },
  })
  return {
    greetings,
    refusals,
    longestGapMs(after) {
      const gaps = greetings.map(({ at }, index) => (at < after ? 0 : at - (greetings[index - 1]?.at ?? at)))
      return Math.max(0, ...gaps)
    },
    async stop() {
      const complaint = await child.end(5000)
      if (complaint !== '') throw new Error(`cannot dial: ${complaint}`)
    },
  }
}

/** A server in the client's place. */
export function startGreeter(names: RunNames, name: string, address: string, port: number): Program {
  const program = new URL('./greeter.ts', import.meta.url).pathname
  return startProgram(names, [process.execPath, program, name, address, String(port)])
}
