/** One row of the configuration's schema: a key, the field of `Config` that it fills, its type, default and sentence. */
import type { ValueType } from './value-types.ts'

export interface Row<T, Field extends string = string> {
  /** The field of the `Config` part that takes the value. */
  readonly field: Field
  readonly type: ValueType<T>
  /** Absent: the key must be given. */
  readonly fallback?: T
  /** What it means, for the documentation; with units. */
  readonly sentence: string
  /** As it would stand in the file; the default where there is one. */
  readonly example: string
}

export type Shape = Readonly<Record<string, Row<unknown>>>

/** The values of a shape, under the names of their fields. */
export type ValuesOf<S extends Shape> = {
  -readonly [K in keyof S as S[K]['field']]: S[K] extends Row<infer T> ? T : never
}

export function row<const Field extends string, T>(
  field: Field,
  of: ValueType<T>,
  example: string,
  sentence: string,
  ...fallback: [] | [NoInfer<T>]
): Row<T, Field> {
  const required = { field, type: of, example, sentence }
  return fallback.length === 0 ? required : { ...required, fallback: fallback[0] }
}
