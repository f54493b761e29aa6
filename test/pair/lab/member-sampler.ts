/**
 * Watches, from outside, what must never be true of a Galera cluster: two components that take writes at once. Invariant: an
 * interval in the result is proven; what lasts less than two samples may be missed.
 */
import { startChild } from './child.ts'
import type { MemberOrder, MemberReport } from './member-sample.ts'
import type { Pair } from './pair.ts'
import type { Interval } from './sampler.ts'

interface Span extends Interval {
  readonly node: string
  /** Addresses of the component's members, with commas. */
  readonly members: string
}

export interface MemberSampler {
  /** Addresses of the component in which this node takes writes, by the newest sample; null: it takes none. */
  now(node: string): readonly string[] | null
  /** When the node took writes for the first time, or no longer did, at or after a moment; undefined: not yet. */
  since(node: string, takesWrites: boolean, epochMs: number): number | undefined
  /** Intervals in which two components without a common member took writes, those that are over; must be empty. */
  apart(): readonly Interval[]
  /** The same, with what still lasts. */
  stop(): Promise<readonly Interval[]>
}

export function startMemberSampler(pair: Pick<Pair, 'names' | 'nodes'>): MemberSampler {
  const changes: { readonly node: string; readonly members: string | null; readonly at: number }[] = []
  const spans: Span[] = []
  const child = startChild<MemberReport>({
    names: pair.names,
    program: './member-sample.ts',
    argument: {
      nodes: pair.nodes.map(({ name, cgroup }) => ({ name, cgroup })),
      everyMs: 25,
      limitMs: 150,
    } satisfies MemberOrder,
    onLine(line) {
      if ('span' in line) spans.push({ node: line.node, members: line.span, from: line.from, to: line.to })
      else changes.push(line)
    },
  })
  return {
    now: (node) => changes.findLast((change) => change.node === node)?.members?.split(',') ?? null,
    since: (node, takesWrites, epochMs) =>
      changes.find(
        (change) => change.node === node && (change.members !== null) === takesWrites && change.at >= epochMs,
      )?.at,
    apart: () => apart(spans),
    async stop() {
      const complaint = await child.end(5000)
      if (complaint !== '') throw new Error(`cannot sample the members: ${complaint}`)
      return apart(spans)
    },
  }
}

/** Intervals in which two nodes took writes in components that have no member in common, oldest first. */
export function apart(spans: readonly Span[]): Interval[] {
  const found: Interval[] = []
  for (const [index, one] of spans.entries()) {
    const own = new Set(one.members.split(','))
    for (const other of spans.slice(index + 1)) {
      const from = Math.max(one.from, other.from)
      const to = Math.min(one.to, other.to)
      if (one.node !== other.node && to > from && !other.members.split(',').some((member) => own.has(member)))
        found.push({ from, to })
    }
  }
  return found.sort((a, b) => a.from - b.from)
}
