/**
 * keepalived.conf as a tree of directives, read as keepalived's own parser reads it: words, quotes, comments from `#` or `!`
 * to the end of the line, blocks in braces. Pure. It knows no directive, and refuses nothing: that is for `keepalived -t`.
 */

export interface Directive {
  readonly words: readonly string[]
  readonly block: readonly Directive[]
}

interface Open {
  readonly words: readonly string[]
  readonly block: Directive[]
}

export function parseKeepalived(text: string): readonly Directive[] {
  const root: Open = { words: [], block: [] }
  const stack: Open[] = [root]
  /** The directive before, whose `{` may stand on the next line. */
  let last: Open | null = null
  for (const line of text.split('\n')) {
    let words: string[] = []
    const flush = () => {
      if (words.length === 0) return
      last = { words, block: [] }
      stack.at(-1)?.block.push(last)
      words = []
    }
    for (const token of tokensOf(line)) {
      if (token === '{') {
        flush()
        stack.push(last ?? root)
        last = null
      } else if (token === '}') {
        flush()
        if (stack.length > 1) stack.pop()
        last = null
      } else words.push(token)
    }
    flush()
  }
  return root.block
}

function tokensOf(line: string): string[] {
  const tokens: string[] = []
  for (const [token] of line.matchAll(/"[^"]*"?|'[^']*'?|[#!].*|[{}]|[^\s{}"'#!]+/g)) {
    if (/^[#!]/.test(token)) break
    tokens.push(token.replace(/^(["'])(.*)\1$/s, '$2'))
  }
  return tokens
}

/** The directives of this name in a block. */
export function all(block: readonly Directive[], name: string): readonly Directive[] {
  return block.filter(({ words }) => words[0] === name)
}

/** What follows the name, of the last one, which wins; null: it is not there. */
export function settingOf(block: readonly Directive[], name: string): string | null {
  return all(block, name).at(-1)?.words.slice(1).join(' ') ?? null
}

export function has(block: readonly Directive[], name: string): boolean {
  return all(block, name).length > 0
}

/** What stands in all the blocks of this name together. */
export function blockOf(block: readonly Directive[], name: string): readonly Directive[] {
  return all(block, name).flatMap((directive) => directive.block)
}

export function instanceOf(tree: readonly Directive[], name: string): readonly Directive[] | null {
  return all(tree, 'vrrp_instance').find(({ words }) => words[1] === name)?.block ?? null
}

/** Each directive on a line of its own, after the names of the blocks around it: for a comparison. */
export function flat(tree: readonly Directive[], above = ''): readonly string[] {
  return tree.flatMap(({ words, block }) => {
    const line = `${above}${words.join(' ')}`
    return block.length === 0 ? [line] : flat(block, `${line} / `)
  })
}

const SCRIPTS = /^(script|notify(_\w+)?)$/

/** The programs that keepalived would run: the first word of each script that is a path. */
export function scriptsIn(tree: readonly Directive[]): readonly string[] {
  const found = tree.flatMap(({ words, block }) => {
    const [name = '', value = ''] = words
    const program = SCRIPTS.test(name) ? value.trim().split(/\s+/)[0] : undefined
    return [...(program?.startsWith('/') ? [program] : []), ...scriptsIn(block)]
  })
  return [...new Set(found)]
}
