import { expect, test } from 'vitest'
import type { Change } from '../../pair/lab/sampler.ts'
import { wronglyWritten } from '../../pair/lab/writes.ts'

/** A failover: host1 is writable until 1000, host2 from 1200 on. */
const writable: Change[] = [
  { node: 'host1', value: true, at: 0 },
  { node: 'host2', value: false, at: 0 },
  { node: 'host1', value: null, at: 1000 },
  { node: 'host2', value: true, at: 1200 },
]
const at = (n: number, begun: number, end: number) => ({ n, begun, at: end })
const wrong = (write: ReturnType<typeof at>, node: string) =>
  wronglyWritten([write], new Map([[write.n, node]]), writable).length === 1

test('a write is right where the machine was writable at some moment between its begin and its end', () => {
  expect(wrong(at(1, 500, 505), 'host1')).toBe(false)
  expect(wrong(at(2, 990, 1100), 'host1')).toBe(false)
  expect(wrong(at(3, 1190, 1300), 'host2')).toBe(false)
  expect(wrong(at(4, 900, 1250), 'host2')).toBe(false)
})

test('a write is wrong where the machine was not writable, or nothing was seen of it', () => {
  expect(wrong(at(1, 500, 505), 'host2')).toBe(true)
  expect(wrong(at(2, 1100, 1150), 'host1')).toBe(true)
  expect(wrong(at(3, 1100, 1150), 'host2')).toBe(true)
  expect(wrong(at(4, 1500, 1505), 'host1')).toBe(true)
  expect(wrong(at(5, 500, 505), 'host3')).toBe(true)
  expect(wronglyWritten([at(6, 500, 505)], new Map(), writable)).toHaveLength(1)
})
