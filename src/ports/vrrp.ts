/** What the program hears from keepalived. Types only. */
import type { VrrpState } from '../core/vocabulary.ts'
import type { VrrpHintWord } from '../core/vrrp-line.ts'

/** One line of keepalived's FIFO (or one call of `apmode notify`) that is a change of state. */
export interface VrrpEvent {
  readonly state: Exclude<VrrpState, 'init'>
  /** keepalived's name of the instance; null from `apmode notify master`. */
  readonly instance: string | null
  readonly source: 'fifo' | 'notify'
}

/** Not a change of state, but a reason to look: keepalived's own words, or the FIFO was opened again and may have lost lines. */
export type VrrpHint = VrrpHintWord | 'reopened'

export interface VrrpFifo {
  /**
   * Opens (and opens again when the FIFO was removed or replaced) until `close`; problems go to `onProblem`, once each.
   * The listeners should only enqueue.
   */
  open(
    onEvent: (event: VrrpEvent) => void,
    onProblem: (sentence: string) => void,
    onHint?: (hint: VrrpHint) => void,
  ): void
  close(): void
}
