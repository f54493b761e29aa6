/**
 * What a shell can offer for an argument or the value of an option, where commander does not know it already. A placeholder
 * says most of it: `<file>`, `<folder>`, `<node>`, `<unit>` and `<interface>` are completed as what they are called. Types and a table only.
 */
import type { Argument, Option } from 'commander'

/** Names that are known only on the machine: files by the shell, the others by `apmode __complete`. */
export type Source = 'files' | 'folders' | 'nodes' | 'units' | 'interfaces'

export interface Hint {
  readonly words?: readonly string[]
  readonly source?: Source
  /** What may follow each word, for an argument that is a small language: `plan set ap`. */
  readonly next?: Readonly<Record<string, Next>>
}

export interface Next {
  readonly words: readonly string[]
  /** Options that belong to some of the words only: those that belong to this one, as commander calls them (`keepOld`). */
  readonly flags: readonly string[]
}

const PLACEHOLDERS: Readonly<Record<string, Source>> = {
  file: 'files',
  folder: 'folders',
  node: 'nodes',
  unit: 'units',
  interface: 'interfaces',
}

const hints = new WeakMap<Argument | Option, Hint>()

/** The same argument or option, with what can be offered for it. */
export function completing<Of extends Argument | Option>(of: Of, hint: Hint): Of {
  hints.set(of, hint)
  return of
}

/** `placeholder`: without its brackets and dots. */
export function hintOf(of: Argument | Option, placeholder: string): Hint {
  const source = PLACEHOLDERS[placeholder]
  return { words: of.argChoices ?? [], ...(source === undefined ? {} : { source }), ...hints.get(of) }
}
