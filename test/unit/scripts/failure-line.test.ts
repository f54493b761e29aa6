import { describe, expect, test } from 'vitest'
import { failureLine } from '../../../scripts/testing/failure-line.ts'

const FILE = 'test/pair/handover.test.ts'

describe('a failed test in one line', () => {
  test('says where, which, and how its message begins, without the stack', () => {
    const message = `AssertionError: expected { a: 1 } to be\n  { a: 2 }\n    at same (/somewhere/test/pair/lab/wait.ts:9:1)\n    at /somewhere/${FILE}:117:19`
    expect(failureLine(FILE, 'a pair moves', message)).toBe(
      `${FILE}:117 > a pair moves: AssertionError: expected { a: 1 } to be { a: 2 }`,
    )
  })

  test('is short, without colours, whatever the message is', () => {
    const line = failureLine(FILE, 'x', `\u001b[31mError\u001b[39m: ${'journal '.repeat(1000)}`)
    expect(line.length).toBeLessThan(400)
    expect(line).toMatch(/x: Error: journal .* …$/)
    expect(failureLine(FILE, 'x', '')).toBe(`${FILE} > x: `)
  })
})
