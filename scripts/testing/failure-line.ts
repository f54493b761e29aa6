/** A failed test in one line, for the end of a long run: where, which, and how its message begins. Pure. */
import { stripVTControlCharacters } from 'node:util'

const LONGEST = 300

/** `message` as vitest reports it: the error, then its stack. */
export function failureLine(file: string, test: string, message: string): string {
  const plain = stripVTControlCharacters(message)
  const begins = plain
    .split('\n')
    .filter((line) => !/^\s+at /.test(line))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
  const said = begins.length > LONGEST ? `${begins.slice(0, LONGEST)} …` : begins
  const place = plain.slice(plain.indexOf(file)).match(/^\S+?:(\d+):\d+/)?.[1]
  return `${file}${place === undefined ? '' : `:${place}`} > ${test}: ${said}`
}
