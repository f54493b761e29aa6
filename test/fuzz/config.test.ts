/** The configuration: whatever the file holds, the answer is a configuration or all of its faults with their lines. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { parseConfig } from '../../src/core/config/parse.ts'
import type { ConfigProblem } from '../../src/core/config.ts'
import { EXAMPLE, HOST1, SMALLEST } from '../unit/core/config/example.ts'
import { damaged, fuzz, hostile } from './fuzz.ts'

function expectFaults(problems: readonly ConfigProblem[], text: string): void {
  expect(problems.length).toBeGreaterThan(0)
  const lines = text.split(/\r\n|\r|\n/).length
  for (const { line, message } of problems) {
    expect(Number.isInteger(line) && line >= 1 && line <= lines, `line ${line} of ${lines}`).toBe(true)
    expect(message).toMatch(/^found /)
    expect(message.length).toBeLessThan(1000)
  }
}

function reads(text: string): void {
  const result = parseConfig(text, HOST1)
  if (!result.ok) expectFaults(result.problems, text)
}

fuzz('any text is a configuration, or faults with a line', hostile, reads)

fuzz('a damaged configuration is a configuration, or faults with a line', damaged([EXAMPLE, SMALLEST]), reads)

const depth = fc.integer({ min: 1, max: 20_000 })
const nested = fc.tuple(fc.constantFrom('[', '{a=', 'a.', '[[a.'), depth, fc.boolean())
fuzz('nesting without end is a fault, not the end of the program', nested, ([open, times, key]) => {
  reads(`${key ? 'x = ' : ''}${open.repeat(times)}`)
})

/** A key and its line in SMALLEST, as the faults name it. */
const KEYS: readonly (readonly [key: string, line: string])[] = [
  ['node[0].name', 'name = "host1"'],
  ['node[0].address', 'address = "192.168.33.101"'],
  ['node[1].address', 'address = "192.168.33.102"'],
  ['node[1].role', 'role = "standby"'],
  ['vrrp.vip', 'vip = "192.168.33.100/24"'],
  ['unit[0].name', 'name = "mariadb.service"'],
  ['unit[0].kind', 'kind = "database"'],
  ['unit[1].name', 'name = "keepalived.service"'],
]
const wrong = fc.constantFrom('1979-05-27', '[]', '{}', 'nan', '-1', 'true', '""', '"\\u0000"', '"a b"', '1e400')
const faults = fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), wrong), { minLength: 1, selector: ([[key]]) => key })
fuzz('every wrong value is told, not only the first', faults, (chosen) => {
  let text = SMALLEST
  for (const [[, line], value] of chosen) text = text.replace(line, `${line.split(' ')[0]} = ${value}`)
  const result = parseConfig(text, HOST1)
  const told = result.ok ? [] : result.problems.map(({ key }) => key)
  for (const [[key]] of chosen) expect(told).toContain(key)
})
