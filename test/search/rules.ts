/**
 * What the search must find, and what not, for one pair. Each pair has a test file of its own, so that they run side by
 * side. By hand, and deeper: `sh scripts/run test/search/main.ts --depth 4`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { DEPTH, sectionOf } from './document.ts'
import { sentenceOf, wayTo } from './explore.ts'
import type { Pair } from './observe.ts'
import { type Answer, search } from './search.ts'
import { isLimit } from './verdict.ts'

const LIMITS = join(import.meta.dirname, '../../docs/limits.md')
const LIMIT_MS = 240_000

export function holds(pair: Pair): void {
  describe(`two machines ${pair}, searched exhaustively`, () => {
    let answer: Answer
    beforeAll(() => {
      answer = search(pair, DEPTH)
    }, LIMIT_MS)

    test('never two writers while they see each other or one of them sees the witness; no acknowledged write is lost', () => {
      expect(answer.worlds).toBeGreaterThan(10_000)
      const broken = answer.found.filter(({ violation }) => !isLimit(violation))
      expect(broken.map(({ name, node }) => [name, ...wayTo(node).map(sentenceOf)])).toEqual([])
    })

    test('no state is a dead end: repairs and commands lead back to (ap,ap) with one that serves', () => {
      expect(answer.asked).toBeGreaterThan(500)
      expect(answer.deadEnds.slice(0, 3).map((node) => wayTo(node).map(sentenceOf))).toEqual([])
    })

    test('docs/limits.md says what it finds (sh scripts/run test/search/main.ts --write-docs)', () => {
      expect(readFileSync(LIMITS, 'utf8')).toContain(sectionOf(answer))
    })
  })
}
