/** What the program hears from keepalived. Types only. */
import type { VrrpState } from '../core/vocabulary.ts'

/** One line of keepalived's FIFO (or one call of `apmode notify`) that is a change of state. */
export interface VrrpEvent {
  readonly state: Exclude<VrrpState, 'init'>
  /** keepalived's name of the instance; null from `apmode notify master`. */
  readonly instance: string | null
  readonly source: 'fifo' | 'notify'
}

export interface VrrpFifo {
  /** Opens (and opens again when the FIFO was removed or replaced) until `close`; problems go to `onProblem`, once each. */
  open(onEvent: (event: VrrpEvent) => void, onProblem: (sentence: string) => void): void
  close(): void
}
