/**
 * Were writes taken where they had to be? Pure, over what a client was acknowledged, where each row says that it was written,
 * and what the sampler saw. Invariant: a write of which nothing was seen counts as wrong.
 */
import type { Acknowledged } from './client.ts'
import type { Change } from './sampler.ts'

/** A sample, and the time in which it is taken: what changes between two is seen so much later. */
const SAMPLE_MS = 40

/** Without the moments in which the sampler itself got no answer between two that said the same: null says nothing. */
function steady(changes: readonly Change[]): readonly Change[] {
  return changes.filter(
    ({ value }, index) => value !== null || changes[index - 1]?.value !== true || changes[index + 1]?.value !== true,
  )
}

/** Acknowledged writes of which no machine that took them was writable at any moment between their begin and their end. */
export function wronglyWritten(
  acknowledged: readonly Acknowledged[],
  writtenBy: ReadonlyMap<number, string>,
  writable: readonly Change[],
): Acknowledged[] {
  return acknowledged.filter(({ n, begun, at }) => {
    const [from, to] = [begun - SAMPLE_MS, at + SAMPLE_MS]
    const changes = steady(writable.filter(({ node }) => node === writtenBy.get(n)))
    const before = changes.findLast((change) => change.at <= from)
    const meanwhile = changes.some((change) => change.value === true && change.at > from && change.at <= to)
    return before?.value !== true && !meanwhile
  })
}
