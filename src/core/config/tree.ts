/**
 * The TOML text as a tree in which every value knows its line. Made from the syntax tree of toml-eslint-parser, which
 * has already refused what TOML forbids (a key given twice, a table opened twice). It knows no key of ours.
 */
import type { AST } from 'toml-eslint-parser'
import { ParseError, parseTOML } from 'toml-eslint-parser'

export interface Leaf {
  readonly kind: 'string' | 'integer' | 'float' | 'boolean' | 'date'
  readonly value: string | number | boolean
  readonly line: number
}
export interface List {
  readonly kind: 'list'
  readonly items: readonly Found[]
  readonly line: number
}
export interface Table {
  readonly kind: 'table'
  readonly entries: Map<string, Found>
  readonly line: number
}
/** `[[node]]`, repeated. */
export interface Tables {
  readonly kind: 'tables'
  readonly items: Table[]
  readonly line: number
}
export type Found = Leaf | List | Table | Tables

export type TreeResult =
  | { readonly ok: true; readonly root: Table }
  | { readonly ok: false; readonly line: number; readonly message: string }

const newTable = (line: number): Table => ({ kind: 'table', entries: new Map(), line })

function namesOf(key: AST.TOMLKey): string[] {
  return key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value))
}

function foundOf(node: AST.TOMLContentNode): Found {
  const line = node.loc.start.line
  if (node.type === 'TOMLArray') return { kind: 'list', items: node.elements.map(foundOf), line }
  if (node.type === 'TOMLInlineTable') {
    const table = newTable(line)
    for (const pair of node.body) put(table, pair)
    return table
  }
  if (node.value instanceof Date) return { kind: 'date', value: node.value.toString(), line }
  return { kind: node.kind as 'string' | 'integer' | 'float' | 'boolean', value: node.value, line }
}

/** The table under `names`, opened where there is none; in `[[…]]` the newest one. */
function descend(from: Table, names: readonly string[], line: number): Table {
  let table = from
  for (const name of names) {
    let next = table.entries.get(name)
    if (next === undefined) {
      next = newTable(line)
      table.entries.set(name, next)
    }
    const inner = next.kind === 'tables' ? next.items.at(-1) : next
    if (inner?.kind !== 'table') return newTable(line) // unreachable: the parser refuses it
    table = inner
  }
  return table
}

function put(table: Table, pair: AST.TOMLKeyValue): void {
  const names = namesOf(pair.key)
  const last = names.pop() ?? ''
  const line = pair.loc.start.line
  // The key's line, not the value's: it is what a person looks for.
  descend(table, names, line).entries.set(last, { ...foundOf(pair.value), line })
}

function open(root: Table, node: AST.TOMLTable): Table {
  const names = namesOf(node.key)
  const line = node.loc.start.line
  if (node.kind === 'standard') return descend(root, names, line)
  const last = names.pop() ?? ''
  const parent = descend(root, names, line)
  const table = newTable(line)
  const known = parent.entries.get(last)
  if (known?.kind === 'tables') known.items.push(table)
  else parent.entries.set(last, { kind: 'tables', items: [table], line })
  return table
}

/** TOML 1.0. A syntax error ends the reading: what follows it cannot be trusted to mean what it seems to. */
export function treeOf(text: string): TreeResult {
  try {
    const root = newTable(1)
    for (const node of parseTOML(text).body[0].body) {
      if (node.type === 'TOMLKeyValue') put(root, node)
      else {
        const table = open(root, node)
        for (const pair of node.body) put(table, pair)
      }
    }
    return { ok: true, root }
  } catch (thrown) {
    // The parser calls itself for what is nested, and its stack ends somewhere.
    if (thrown instanceof RangeError) return { ok: false, line: 1, message: 'it is nested too deeply' }
    if (!(thrown instanceof ParseError)) throw thrown
    // A missing value is noticed only at the next word, which may be lines below.
    const before = text.slice(0, thrown.index).trimEnd()
    if (before.endsWith('=')) return { ok: false, line: before.split('\n').length, message: 'Missing value after "="' }
    return { ok: false, line: thrown.lineNumber, message: `${thrown.message} (column ${thrown.column + 1})` }
  }
}

/** What stands there, for a person: short, and with its type where the type is what is wrong. */
export function describe(found: Found): string {
  switch (found.kind) {
    case 'string': {
      const text = JSON.stringify(found.value)
      return text.length > 60 ? `${text.slice(0, 57)}…"` : text
    }
    case 'integer':
    case 'float':
      return `the number ${String(found.value)}`
    case 'boolean':
      return String(found.value)
    case 'date':
      return 'a date'
    case 'list':
      return 'a list'
    case 'table':
      return 'a table'
    case 'tables':
      return found.items.length === 1 ? 'a repeated table [[…]]' : `${found.items.length} tables [[…]]`
  }
}
