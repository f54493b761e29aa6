/** What the bench needs of each design: a pair with a holder that serves, and the way back to it. Types only. */
import type { LabNode } from '../../test/pair/lab/node.ts'
import type { Pair } from '../../test/pair/lab/pair.ts'
import type { Fault } from './faults.ts'

export type DesignKey = 'product' | 'original' | 'tuned'

export interface Design {
  readonly key: DesignKey
  readonly title: string
  /** Milliseconds between two looks for each kind of fault: the strikes are spread over them. */
  readonly looksEveryMs: Readonly<Record<Fault['kind'], number>>
  /** A pair that is whole. Throws, and leaves nothing behind, when there can be none. */
  start(progress: (sentence: string) => void): Promise<BenchPair>
}

export interface BenchPair {
  readonly pair: Pair
  /** The machine that serves now, of a pair that is whole. */
  holder(): Promise<LabNode>
  /**
   * After the fault has been mended on `struck`: a holder that serves, the other machine following it, again.
   * `moved`: the other machine serves. Throws when the pair does not become whole in its time.
   */
  makeWhole(struck: LabNode, fault: Fault, moved: boolean): Promise<void>
  /** Of its last promotion, milliseconds by step; null: it says nothing. */
  promotionOf?(machine: LabNode): Promise<Readonly<Record<string, number>> | null>
  stop(): Promise<void>
}

/** The machine of the pair that is not `node`. */
export function otherThan(pair: Pick<Pair, 'nodes'>, node: LabNode): LabNode {
  const other = pair.nodes.find((candidate) => candidate.name !== node.name)
  if (other === undefined) throw new Error(`cannot find the peer of ${node.name}: the pair has one machine`)
  return other
}
