/** The documents hold what they say: links lead somewhere, commands exist, nothing is of one machine. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run } from '../../../src/face/cli.ts'
import type { Terminal } from '../../../src/face/terminal.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].sort()
const textOf = (document: string) => readFileSync(join(ROOT, document), 'utf8')

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')
const anchorsOf = (text: string) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading ?? ''))

describe.each(DOCUMENTS)('%s', (document) => {
  const text = textOf(document)

  test('every relative link leads to a file, and to a heading in it', () => {
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '')
    const broken = targets.filter((target) => {
      if (/^[a-z]+:/.test(target)) return false
      const [file = '', anchor] = target.split('#')
      const path = file === '' ? join(ROOT, document) : join(ROOT, dirname(document), file)
      if (!existsSync(path)) return true
      return anchor !== undefined && !anchorsOf(readFileSync(path, 'utf8')).includes(anchor)
    })
    expect(broken).toEqual([])
  })

  test('names no path of the machine on which it was written', () => {
    expect(text).not.toMatch(/\/(work|home|Users)\//)
    expect(text).not.toContain(ROOT)
  })
})

test("the manual's table of contents, docs/README.md, leads to every page of it", () => {
  const contents = textOf('docs/README.md')
  const pages = DOCUMENTS.filter((document) => document.startsWith('docs/') && document !== 'docs/README.md')
  expect(pages.filter((page) => !contents.includes(`](${page.slice('docs/'.length)})`))).toEqual([])
})

describe('commands', () => {
  const NOT_YET: readonly string[] = []

  /** What follows `apmode` where it stands as a command: in a code span, after a prompt, or first in a code line. */
  function commandsIn(text: string): string[] {
    const spans = [...text.matchAll(/`apmode ([a-z][^`]*)`/g)].map(([, words]) => words)
    const fences = [...text.matchAll(/^ *```[a-z]*\n([\s\S]*?)^ *```/gm)].flatMap(([, block]) =>
      [...(block ?? '').matchAll(/^ *(?:# )?apmode ([a-z][^|>\n]*)/gm)].map(([, words]) => words),
    )
    return [...new Set([...spans, ...fences].map((words) => (words ?? '').replace(/\s{2,}.*| \(.*/, '').trim()))]
  }

  async function helpOf(words: string): Promise<{ code: number; said: string }> {
    let said = ''
    const terminal: Terminal = {
      out: (piece) => {
        said += piece
      },
      err: (piece) => {
        said += piece
      },
      outIsTerminal: false,
      errIsTerminal: false,
      width: 80,
      environment: {},
    }
    const command = words.split(' ')
    const depth = command[0] === 'config' ? 2 : 1
    const code = await run([...command.slice(0, depth), '--help'], terminal)
    return { code, said }
  }

  const named = ['README.md', 'docs/operating.md'].flatMap((document) => commandsIn(textOf(document)))

  test('there are commands to be found', () => {
    expect(named).toContain('set ap --now')
    expect(named).toContain('config check')
  })

  test.each([...new Set(named)])('apmode %s exists, with its options', async (words) => {
    const first = words.split(' ')[0] ?? ''
    expect(NOT_YET).not.toContain(first)
    const { code, said } = await helpOf(words)
    expect(code).toBe(0)
    expect(said).toMatch(new RegExp(`^Usage: apmode (config )?${words.startsWith('config') ? 'check' : first}`))
    for (const [option] of words.matchAll(/--?[a-z][a-z-]*/g)) expect(said).toContain(option)
  })

  test('every command of the program is in the README', async () => {
    const { said } = await helpOf('')
    const known = [...said.matchAll(/^ {2}([a-z]+)\b/gm)]
      .map(([, word]) => word ?? '')
      .filter((word) => word !== 'apmode')
    expect(known.length).toBeGreaterThan(8)
    const readme = textOf('README.md')
    for (const word of known) expect(readme).toContain(`apmode ${word}`)
  })
})

test('decisions.md has a sentence for each dependency, and for nothing else', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >
  const wanted = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})].sort()
  const said = [...textOf('docs/decisions.md').matchAll(/^\| \[([^\]]+)\]\(https:\/\/www\.npmjs\.com/gm)]
  expect(said.map(([, name]) => name).sort()).toEqual(wanted)
})
