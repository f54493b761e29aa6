/**
 * A client of the pair: writes numbered rows and reads through the VIP every few milliseconds, and knows what was
 * acknowledged and when. Invariant: `lost` counts only rows that were acknowledged; an attempt without an answer is
 * neither acknowledged nor lost. The work is done by probe.ts in the client's network namespace.
 */
import { API_PORT } from '../api/install.ts'
import { startChild } from './child.ts'
import { VIP } from './network.ts'
import type { LabNode } from './node.ts'
import type { Pair } from './pair.ts'
import type { ProbeOrder, ProbeReport } from './probe.ts'
import { PROBE } from './recipe.ts'

export interface ClientOptions {
  /**
   * `database`: MariaDB's protocol on 3306; `api`: POST and GET on 8080; a machine: MariaDB's protocol over its own Unix
   * socket, as an ordinary program on that machine, whether or not it carries the VIP.
   */
  readonly via?: 'database' | 'api' | LabNode
  /** Another door than the VIP's, for `database`: a load balancer's. */
  readonly door?: { readonly host: string; readonly port: number }
  /** Of the first row; give each client of a pair its own range. 1 by default. */
  readonly firstNumber?: number
  /** 5 ms by default, 10 through the API; 0: no writes. */
  readonly writeEveryMs?: number
  readonly readEveryMs?: number
  /** For `database`: a connection for each attempt, as a program does that keeps none. */
  readonly anew?: boolean
  /** Limit of one attempt; 250 ms by default. */
  readonly attemptMs?: number
}

export interface Acknowledged {
  readonly n: number
  /** Epoch milliseconds. */
  readonly begun: number
  readonly at: number
}

export interface Gap {
  readonly ms: number
  /** Epoch milliseconds of the last acknowledgement before it. */
  readonly from: number
  readonly to: number
}

export interface Client {
  /** In the order in which they were acknowledged; grows while the client runs. */
  readonly acknowledged: readonly Acknowledged[]
  /** Moments of answered reads. */
  readonly reads: readonly number[]
  /** Reasons of failed attempts, with how often each. */
  refusals(): ReadonlyMap<string, number>
  /** The first acknowledged write that began at or after a moment; undefined while there is none. */
  firstBegunAfter(epochMs: number): Acknowledged | undefined
  /** The longest time between two acknowledged writes; null for fewer than two. With a moment: of those that end after it. */
  longestGap(afterEpochMs?: number): Gap | null
  longestReadGap(afterEpochMs?: number): Gap | null
  /** Waits for the attempts under way; afterwards nothing is acknowledged any more. Throws if the probe itself broke. */
  stop(): Promise<void>
  /** Numbers that were acknowledged (until a moment) and are not in the node's database; the node's database must answer. */
  lostOn(node: LabNode, untilEpochMs?: number): Promise<number[]>
}

export function startClient(pair: Pick<Pair, 'names'>, options: ClientOptions = {}): Client {
  const given = options.via ?? 'database'
  const via = typeof given === 'string' ? given : 'socket'
  const order: ProbeOrder = {
    via,
    ...(typeof given === 'string' ? {} : { cgroup: given.cgroup }),
    host: options.door?.host ?? VIP,
    port: options.door?.port ?? (via === 'api' ? API_PORT : 3306),
    firstNumber: options.firstNumber ?? 1,
    writeEveryMs: options.writeEveryMs ?? (via === 'api' ? 10 : 5),
    readEveryMs: options.readEveryMs ?? 20,
    anew: options.anew ?? false,
    attemptMs: options.attemptMs ?? 250,
  }
  const acknowledged: Acknowledged[] = []
  const reads: number[] = []
  const refused = new Map<string, number>()
  const child = startChild<ProbeReport>({
    names: pair.names,
    program: './probe.ts',
    argument: order,
    ...(via === 'socket' ? {} : { namespace: pair.names.clientNamespace }),
    onLine(line) {
      if ('write' in line) acknowledged.push({ n: line.write, begun: line.begun, at: line.at })
      else if ('read' in line) reads.push(line.at)
      else refused.set(line.refused, (refused.get(line.refused) ?? 0) + 1)
    },
  })
  return {
    acknowledged,
    reads,
    refusals: () => refused,
    firstBegunAfter: (epochMs) => acknowledged.find((write) => write.begun >= epochMs),
    longestGap: (after) =>
      longest(
        acknowledged.map((write) => write.at),
        after,
      ),
    longestReadGap: (after) => longest(reads, after),
    async stop() {
      const complaint = await child.end(order.attemptMs + 5000)
      if (complaint !== '') throw new Error(`cannot probe ${order.host}: ${complaint}`)
    },
    async lostOn(node, until = Number.POSITIVE_INFINITY) {
      // A member of a cluster applies what the others were acknowledged before it reads; elsewhere it means nothing.
      const wait = "SET @set = IF(@@wsrep_on, 'SET SESSION wsrep_sync_wait=1', 'DO 0'); EXECUTE IMMEDIATE @set"
      const rows = await node.must(['mariadb', '-N', '-e', `${wait}; SELECT n FROM ${PROBE.database}.entry`], {
        timeoutMs: 20_000,
      })
      const there = new Set(rows.split('\n').map(Number))
      return acknowledged.filter(({ n, at }) => at <= until && !there.has(n)).map(({ n }) => n)
    },
  }
}

function longest(moments: readonly number[], after = Number.NEGATIVE_INFINITY): Gap | null {
  let found: Gap | null = null
  for (const [index, to] of moments.entries()) {
    const from = moments[index - 1]
    if (from === undefined || to < after) continue
    if (found === null || to - from > found.ms) found = { ms: to - from, from, to }
  }
  return found
}
