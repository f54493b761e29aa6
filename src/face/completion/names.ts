/**
 * `apmode __complete nodes|units|interfaces`: the names in apmode.toml, or on this machine, one in a line, for a shell that waits for them at a TAB.
 * Invariant: whatever is wrong (no file, no right to read it, a syntax error) gives no names and no words: a message in
 * the middle of a command line helps nobody. Other faults of the configuration do not matter here.
 */
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { treeOf } from '../../core/config/tree.ts'

const SECTIONS: Readonly<Record<string, string>> = { nodes: 'node', units: 'unit' }

export function namesIn(environment: NodeJS.ProcessEnv, what: string | undefined): readonly string[] {
  if (what === 'interfaces') return interfacesOf(networkInterfaces())
  const section = SECTIONS[what ?? '']
  const text = textOf(environment.APMODE_CONFIG ?? '/etc/apmode/apmode.toml')
  if (section === undefined || text === null) return []
  const tree = treeOf(text)
  const found = tree.ok ? tree.root.entries.get(section) : undefined
  const items = found?.kind === 'tables' || found?.kind === 'list' ? found.items : []
  return items.flatMap((item) => {
    const name = item.kind === 'table' ? item.entries.get('name') : undefined
    // What a shell would have to quote is no name of ours.
    return name?.kind === 'string' && /^[\w.:@-]+$/.test(String(name.value)) ? [String(name.value)] : []
  })
}

/** Those that reach somebody else. */
export function interfacesOf(found: ReturnType<typeof networkInterfaces>): readonly string[] {
  return Object.keys(found).filter((name) => found[name]?.some(({ internal }) => !internal) === true)
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
