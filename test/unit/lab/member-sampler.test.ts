import { describe, expect, test } from 'vitest'
import { apart } from '../../pair/lab/member-sampler.ts'

const span = (node: string, members: string, from: number, to: number) => ({ node, members, from, to })

describe('two components that take writes', () => {
  test('are those of two machines that have no member in common, for as long as both are seen', () => {
    expect(apart([span('host1', 'a', 0, 50), span('host2', 'b', 30, 80)])).toEqual([{ from: 30, to: 50 }])
    expect(apart([span('host1', 'a,b', 0, 50), span('host3', 'c', 30, 80)])).toEqual([{ from: 30, to: 50 }])
  })
  test('are not the members of one, nor what one of them has not noticed yet', () => {
    expect(apart([span('host1', 'a,b', 0, 50), span('host2', 'a,b', 0, 50)])).toEqual([])
    expect(apart([span('host1', 'a', 30, 80), span('host2', 'a,b', 0, 50)])).toEqual([])
  })
  test('are not one after the other, nor of one machine', () => {
    expect(apart([span('host1', 'a', 0, 50), span('host2', 'b', 50, 80)])).toEqual([])
    expect(apart([span('host1', 'a', 0, 50), span('host1', 'b', 20, 80)])).toEqual([])
  })
})
