/**
 * What `apmode doctor` has looked at, as values. Invariant: a look that failed is a value with its reason, never a guess:
 * what is judged has been seen.
 */
import type { KnownMode } from '../vocabulary.ts'
import type { Facts } from './facts.ts'

export type Look<T> =
  | { readonly kind: 'seen'; readonly value: T }
  /** It could not be looked at. */
  | { readonly kind: 'unknown'; readonly why: string }
  /** There is no such thing on this machine, and need not be. */
  | { readonly kind: 'none'; readonly why: string }

export type Looks = { readonly [K in keyof Facts]: Look<Facts[K]> }

export const seen = <T>(value: T): Look<T> => ({ kind: 'seen', value })
export const unknown = (why: string): Look<never> => ({ kind: 'unknown', why })
export const none = (why: string): Look<never> => ({ kind: 'none', why })

/** A path, and who may change it. */
export interface PathFact {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'fifo' | 'other'
  /** The permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of its content, in epoch milliseconds. */
  readonly changedAtMs: number
}

export interface ModeFact {
  readonly mode: KnownMode
  readonly problem: string | null
}

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}
