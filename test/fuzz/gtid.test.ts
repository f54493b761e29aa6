/** GTID positions: what is no position covers nothing and is covered by nothing. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { covers, gtidsOf, lagBetween } from '../../src/core/gtid.ts'
import { damaged, fuzz, hostile } from './fuzz.ts'

const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const id = fc.nat({ max: 2 ** 32 - 1 })
const position = fc
  .uniqueArray(fc.tuple(id, id, number), { maxLength: 4, selector: ([domain]) => domain })
  .map((all) => all.map(([domain, server, sequence]) => `${domain}-${server}-${sequence}`).join(','))
const any = fc.oneof(position, damaged(['0-1-100', '0-1-100,1-2-18446744073709551615']), hostile)

const isPosition = (text: string) => /^\s*(\d+-\d+-\d+(\s*,\s*\d+-\d+-\d+)*)?\s*$/.test(text)

fuzz('any text has an answer', fc.tuple(any, any), ([one, other]) => {
  for (const { domain, server } of gtidsOf(one)) expect(`${domain}${server}`).toMatch(/^\d+$/)
  expect(lagBetween(one, other)).toBeGreaterThanOrEqual(0)
  covers(one, other)
})

fuzz('what is no position is never covered', fc.tuple(position, any), ([reached, wanted]) => {
  if (!isPosition(wanted)) expect(covers(reached, wanted)).toBe(false)
})

fuzz('a position covers itself, and not the next transaction', position, (text) => {
  expect(covers(text, text)).toBe(true)
  const next = text.replace(/\d+$/, (sequence) => String(BigInt(sequence) + 1n))
  if (text !== '') expect(covers(text, next)).toBe(false)
})

fuzz('a number without end takes no time', fc.integer({ min: 1, max: 300_000 }), (digits) => {
  const endless = `0-1-${'9'.repeat(digits)}`
  covers(endless, '0-1-5')
  expect(lagBetween('0-1-5', endless)).toBeGreaterThanOrEqual(0)
})
