import { describe, expect, test } from 'vitest'
import { withMeasured } from '../../../bench/failover/document.ts'
import { cellsOf, markdownTable, textTable } from '../../../bench/failover/table.ts'
import { duration, times } from '../../../bench/failover/words.ts'
import { runOf, SOME_RUNS } from './runs.ts'

const result = { runs: SOME_RUNS }

describe('the table', () => {
  test('has a row for each fault and design that was run, in the order of the faults', () => {
    expect(cellsOf(result).map(([fault, design]) => `${fault}|${design}`)).toEqual([
      'database killed (kill -9)|apmode',
      '|bash, tuned',
      '|bash, original',
      'power off|apmode',
      '|bash, original',
      'disk full|apmode',
      '|bash, original',
    ])
  })
  test('says how often the service never came back where the median does not', () => {
    const runs = [runOf('tuned', 'nic-down', 10), runOf('tuned', 'nic-down', 20), runOf('tuned', 'nic-down', null)]
    expect(cellsOf({ runs })[0]?.slice(2, 6)).toEqual(['3', '20 ms (never in 1)', 'never', 'never'])
    expect(cellsOf(result)[6]?.slice(2, 6)).toEqual(['1', 'never', 'never', 'never'])
  })
  test('marks what is not known, and two writable databases that stayed', () => {
    expect(cellsOf(result)[6]?.[6]).toBe('0 ?')
    expect(cellsOf(result)[4]?.[7]).toBe('1.5 s +')
  })
  test('compares with the original', () => {
    expect(cellsOf(result).map((cells) => cells[8])).toEqual(['∞', '∞', '', '11 ×', '', '∞', ''])
  })
  test('has the same cells as text and as Markdown', () => {
    for (const cell of cellsOf(result).flat()) {
      expect(textTable(result)).toContain(cell)
      expect(markdownTable(result)).toContain(cell)
    }
  })
})

describe('words', () => {
  test('a duration has two digits that matter', () => {
    expect([0, 12.4, 999.4, 999.6, 3540, 9960, 20_000].map(duration)).toEqual([
      '0 ms',
      '12 ms',
      '999 ms',
      '1.0 s',
      '3.5 s',
      '10 s',
      '20 s',
    ])
    expect(duration(Number.POSITIVE_INFINITY)).toBe('never')
    expect(duration(Number.NaN)).toBe('–')
  })
  test('a ratio is a factor', () => {
    expect([1.23, 36.7, Number.POSITIVE_INFINITY, Number.NaN].map(times)).toEqual(['1.2 ×', '37 ×', '∞', '–'])
  })
})

describe('the document', () => {
  const begin = '<!-- measured: begin (npm run bench:failover -- --write-docs) -->'
  const end = '<!-- measured: end -->'
  test('gets what was measured between its markers and keeps the rest', () => {
    const text = `before\n${begin}\nold\n${end}\nafter\n`
    const once = withMeasured(text, 'new')
    expect(once).toBe(`before\n${begin}\n\nnew\n\n${end}\nafter\n`)
    expect(withMeasured(once, 'new')).toBe(once)
  })
  test('without the markers is refused', () => {
    expect(() => withMeasured('text', 'new')).toThrow('cannot write the table')
    expect(() => withMeasured(`${end}${begin}`, 'new')).toThrow('cannot write the table')
  })
})
