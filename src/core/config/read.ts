/**
 * Reads one table of the tree by its shape. It never stops at a fault: what fits is read, what does not becomes a
 * problem, and a key with a problem is simply absent from the result, so that the rules can still judge the rest.
 */
import type { ConfigProblem } from '../config.ts'
import type { Shape, ValuesOf } from './schema.ts'
import { nearest } from './suggest.ts'
import { describe, type Found, type Table } from './tree.ts'

export interface ReadTable<S extends Shape> {
  readonly values: Partial<ValuesOf<S>>
  /** Dotted path of the table: `vrrp`, `node[1]`; empty for the top. */
  readonly path: string
  /** Of the table's header. */
  readonly line: number
  /** The line of a key where it is given, of the header where it is not. */
  lineOf(key: keyof S & string): number
  /** The key stands in the file, well or not. */
  given(key: keyof S & string): boolean
}

export type Report = (problem: ConfigProblem) => void

export const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known)
  // The value is not shown: it may be a password under a wrong key.
  if (near !== null) return `found an unknown key; did you mean "${near}"?`
  return `found an unknown key, expected one of ${known.join(', ')}`
}

/**
 * `table` null: the table is not in the file, and its header is reported on `line` where a key of it is needed.
 * `alsoKnown`: names beside the shape's that may stand here (the sections, at the top).
 */
export function readTable<S extends Shape>(
  shape: S,
  table: Table | null,
  place: { readonly path: string; readonly line: number },
  report: Report,
  alsoKnown: readonly string[] = [],
): ReadTable<S> {
  const entries: Map<string, Found> = table?.entries ?? new Map()
  const values: Record<string, unknown> = {}
  const lineOf = (key: string) => entries.get(key)?.line ?? place.line
  const names = Object.keys(shape)

  for (const [key, found] of entries) {
    if (names.includes(key) || alsoKnown.includes(key)) continue
    report({ line: found.line, key: join(place.path, key), message: unknownKey(key, [...names, ...alsoKnown]) })
  }
  for (const [key, row] of Object.entries(shape)) {
    const found = entries.get(key)
    const at = { line: lineOf(key), key: join(place.path, key) }
    if (found !== undefined) {
      const reading = row.type.read(found)
      if (reading.ok) values[row.field] = reading.value
      else {
        const message = `found ${reading.found ?? describe(found)}, expected ${reading.expected ?? row.type.expected}`
        report({ ...at, message })
      }
    } else if ('fallback' in row) values[row.field] = row.fallback
    else if (table !== null) report({ ...at, message: `found nothing, expected ${row.type.expected}` })
  }
  const given = (key: string) => entries.has(key)
  return { values: values as Partial<ValuesOf<S>>, path: place.path, line: place.line, lineOf, given }
}

/** The single table `[name]`; null when it is not there or is something else (which is reported). */
export function singleTable(root: Table, name: string, report: Report): Table | null {
  const found = root.entries.get(name)
  if (found === undefined || found.kind === 'table') return found ?? null
  report({ line: found.line, key: name, message: `found ${describe(found)}, expected one table [${name}]` })
  return null
}

/** The tables `[[name]]`, in the order of the file. */
export function repeatedTables(root: Table, name: string, report: Report): readonly Table[] {
  const found = root.entries.get(name)
  if (found === undefined) return []
  if (found.kind === 'tables') return found.items
  // `node = [{ … }, { … }]` says the same.
  if (found.kind === 'list' && found.items.every((item) => item.kind === 'table')) return found.items
  const shown = found.kind === 'table' ? `one table [${name}]` : describe(found)
  report({ line: found.line, key: name, message: `found ${shown}, expected [[${name}]], repeated for each ${name}` })
  return []
}
