/**
 * Watches, from outside, the two things that must never be true of both machines at once: a writable database, and the VIP.
 * Invariant: an interval in the result is proven; what lasts less than two samples (20 ms) may be missed.
 * It asks through each machine's Unix socket, so that neither cables nor cards nor the VIP are in its way.
 */
import { startChild } from './child.ts'
import { VIP } from './network.ts'
import type { Pair } from './pair.ts'
import type { Claim, SampleReport } from './sample.ts'

export interface Interval {
  /** Epoch milliseconds. */
  readonly from: number
  readonly to: number
}

export interface Change {
  readonly node: string
  /** null: unknown (the machine is off, its database does not answer). */
  readonly value: boolean | null
  readonly at: number
}

export interface SamplerResult {
  /** Intervals in which two databases were writable; must be empty. */
  readonly bothWritable: readonly Interval[]
  /** Intervals in which two machines carried the VIP. */
  readonly bothHolders: readonly Interval[]
}

export interface Sampler {
  /** In the order seen; grows while the sampler runs. */
  readonly writable: readonly Change[]
  readonly vip: readonly Change[]
  /** Names of the nodes of which it is true by the newest sample. */
  now(claim: Claim): string[]
  /** When the node became writable (or holder) at or after a moment; undefined: not yet. */
  since(claim: Claim, node: string, epochMs: number): number | undefined
  stop(): Promise<SamplerResult>
}

export function startSampler(
  pair: Pick<Pair, 'names' | 'nodes'>,
  options: { readonly everyMs?: number; readonly limitMs?: number } = {},
): Sampler {
  const changes: Record<Claim, Change[]> = { writable: [], vip: [] }
  const spans: Record<Claim, (Interval & { node: string })[]> = { writable: [], vip: [] }
  const child = startChild<SampleReport>({
    names: pair.names,
    program: './sample.ts',
    argument: {
      nodes: pair.nodes.map(({ name, cgroup }) => ({ name, cgroup })),
      vip: VIP,
      everyMs: options.everyMs ?? 10,
      limitMs: options.limitMs ?? 100,
    },
    onLine(line) {
      if ('change' in line) changes[line.change].push({ node: line.node, value: line.value, at: line.at })
      else spans[line.span].push({ node: line.node, from: line.from, to: line.to })
    },
  })
  return {
    writable: changes.writable,
    vip: changes.vip,
    now: (claim) =>
      pair.nodes
        .map((node) => node.name)
        .filter((name) => changes[claim].findLast((change) => change.node === name)?.value === true),
    since: (claim, node, epochMs) =>
      changes[claim].find((change) => change.node === node && change.value === true && change.at >= epochMs)?.at,
    async stop() {
      const complaint = await child.end(5000)
      if (complaint !== '') throw new Error(`cannot sample the databases: ${complaint}`)
      return { bothWritable: overlaps(spans.writable), bothHolders: overlaps(spans.vip) }
    },
  }
}

/** The intervals in which spans of two nodes overlap, oldest first. */
export function overlaps(spans: readonly (Interval & { readonly node: string })[]): Interval[] {
  const found: Interval[] = []
  for (const [index, one] of spans.entries()) {
    for (const other of spans.slice(index + 1)) {
      const from = Math.max(one.from, other.from)
      const to = Math.min(one.to, other.to)
      if (one.node !== other.node && to > from) found.push({ from, to })
    }
  }
  return found.sort((a, b) => a.from - b.from)
}
