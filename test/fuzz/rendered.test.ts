/**
 * Names from the configuration in what is made of them: keepalived.conf, my.cnf, SQL. Whatever is accepted as a name, the
 * text has the structure that it has for a harmless one: no word of the configuration becomes a word of the other language.
 */
import fc from 'fast-check'
import { expect } from 'vitest'
import { parseConfig } from '../../src/core/config/parse.ts'
import type { Config } from '../../src/core/config.ts'
import { renderGrants } from '../../src/core/render/grants.ts'
import { renderKeepalived } from '../../src/core/render/keepalived.ts'
import { renderMariadb } from '../../src/core/render/mariadb.ts'
import { literal, quoted, statements } from '../../src/core/statements.ts'
import { configOf, EXAMPLE, HOST1 } from '../unit/core/config/example.ts'
import { fuzz, hostile } from './fuzz.ts'

const BASE = configOf(EXAMPLE)

/** Each string of the example with another text in its place, written as TOML writes it. */
const toml = (text: string) => JSON.stringify(text.toWellFormed()).replaceAll('\u007f', '\\u007f')
const VALUES = [...EXAMPLE.matchAll(/= ("[^"\n]*")/g)].map(([, value]) => value ?? '')
const plausible = fc.stringMatching(/^[A-Za-z0-9_.:@\\/-]{1,20}$/)
const renamed = fc.tuple(
  fc.constantFrom(...VALUES),
  fc.oneof(
    hostile,
    plausible,
    hostile.map((text) => `/${text}x`),
  ),
)

/** SQL with NO_BACKSLASH_ESCAPES, each string literal and comment replaced by one letter. */
function structureOf(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|--[^\n]*/g, (found) => (found.startsWith('-') ? '#' : '@'))
}

function sameStructure(config: Config): void {
  for (const [index, node] of config.nodes.entries()) {
    const base = BASE.nodes[index] ?? BASE.node
    // keepalived: words between spaces, `{`, `}`, `"`, `#`, `!`, one statement a line.
    const shape = (text: string) => text.replace(/[^\s{}"#!$@;'\\]+/g, 'w')
    expect(shape(renderKeepalived(config, node))).toBe(shape(renderKeepalived(BASE, base)))
    // MariaDB's option files: one setting a line; quotes, `#`, backslashes mean something.
    const lines = (text: string) =>
      text
        .split('\n')
        .filter((line) => !line.startsWith('#'))
        .map((line) => line.replace(/^(\w+ = )[^\s"'#\\]+$/, '$1w'))
    expect(lines(renderMariadb(config, node))).toEqual(lines(renderMariadb(BASE, base)))
  }
  expect(structureOf(renderGrants(config, 'x'))).toBe(structureOf(renderGrants(BASE, 'x')))
}

fuzz('what is accepted from the configuration changes no structure', fc.array(renamed, { maxLength: 2 }), (names) => {
  let text = EXAMPLE
  for (const [value, name] of names) text = text.replace(`= ${value}`, () => `= ${toml(name)}`)
  const result = parseConfig(text, { ...HOST1, nodeFile: null })
  if (result.ok && result.config.database.engine === 'mariadb') sameStructure(result.config)
})

fuzz('a password stays inside of its quotes', hostile, (password) => {
  expect(structureOf(renderGrants(BASE, password))).toBe(structureOf(renderGrants(BASE, 'x')))
})

fuzz('a text is one literal of SQL, in every sql_mode', hostile, (text) => {
  const found = literal(text)
  const hex = /^CONVERT\(X'([0-9a-f]*)' USING utf8mb4\)$/.exec(found)?.[1]
  if (hex !== undefined) expect(Buffer.from(hex, 'hex').toString('utf8')).toBe(text.toWellFormed())
  else {
    expect(found).not.toContain('\\')
    expect(structureOf(found)).toBe('@')
    expect(found.slice(1, -1).replaceAll("''", "'")).toBe(text)
  }
  expect(structureOf(quoted(text))).toBe('@')
})

fuzz('statements keep their structure, whatever the names', fc.tuple(hostile, hostile), ([host, user]) => {
  const followed = (h: string, u: string) => statements.follow(h, 3306, u).map(structureOf).join(';')
  expect(followed(host, user)).toBe(followed('h', 'u'))
  const lead = (node: string, reason: string) =>
    structureOf(statements.recordLead(node, reason).join(';')).replaceAll(/CONVERT\(X@ USING utf8mb4\)/g, '@')
  expect(lead(host, user)).toBe(lead('a', 'b'))
  expect(structureOf(statements.waitFor(host, 10)).replace('CONVERT(X@ USING utf8mb4)', '@')).toBe(
    structureOf(statements.waitFor('0-1-1', 10)),
  )
})
