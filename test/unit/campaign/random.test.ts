/** Chance that can be repeated. */
import { describe, expect, test } from 'vitest'
import { randomOf } from '../../campaign/random.ts'

const draws = (count: number, ...path: (string | number)[]) => {
  const random = randomOf(...path)
  return Array.from({ length: count }, () => random.next())
}

describe('the numbers of a path', () => {
  test('are the same each time, also in the next version: failing seeds are kept in notes and messages', () => {
    expect(draws(3, 'seed', 'round', 1)).toEqual(draws(3, 'seed', 'round', 1))
    expect(draws(3, 'a seed', 'round', 7).map((number) => Number(number.toFixed(6)))).toMatchInlineSnapshot(`
      [
        0.612494,
        0.006458,
        0.513723,
      ]
    `)
  })

  test('are others for another seed, another round, another name', () => {
    const firsts = [['a', 1], ['a', 2], ['b', 1], ['a1'], ['a', '1', '']].map((path) => draws(2, ...path).join())
    expect(new Set(firsts).size).toBe(firsts.length)
  })

  test('lie between 0 and 1, and are spread evenly', () => {
    const numbers = draws(20_000, 'even')
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...numbers)).toBeLessThan(1)
    for (const tenth of Array.from({ length: 10 }, (_, index) => index / 10)) {
      const inside = numbers.filter((number) => number >= tenth && number < tenth + 0.1).length
      expect(inside).toBeGreaterThan(1800)
      expect(inside).toBeLessThan(2200)
    }
  })
})

test('a whole number reaches both ends and nothing beyond', () => {
  const random = randomOf('whole')
  const numbers = Array.from({ length: 500 }, () => random.whole(3, 5))
  expect([...new Set(numbers)].sort()).toEqual([3, 4, 5])
})

test('shuffling keeps every item once and leaves the list alone', () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8]
  const shuffled = randomOf('shuffle').shuffled(items)
  expect(shuffled).not.toEqual(items)
  expect(shuffled.toSorted()).toEqual(items)
  expect(items).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

test('nothing can be picked from an empty list', () => {
  expect(() => randomOf('pick').pick([])).toThrow(RangeError)
})
