/** keepalived's FIFO and its words: bytes in any pieces, and never an event that nobody wrote. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { LineCutter } from '../../src/adapters/keepalived/lines.ts'
import { parseFifoLine, parseNotifyWords } from '../../src/core/vrrp-line.ts'
import { damaged, fuzz, hostile } from './fuzz.ts'

const LONGEST = 1024
const LINES = [
  'INSTANCE "VI_1" MASTER 100\n',
  'INSTANCE "VI_1" BACKUP 100\nGROUP "g" FAULT 1\n',
  'INSTANCE "VI_2" STOP 0\n',
]

function cut(pieces: readonly Buffer[]): { readonly lines: string[]; readonly dropped: number } {
  const lines: string[] = []
  let dropped = 0
  const cutter = new LineCutter(
    (line) => lines.push(line),
    () => {
      dropped += 1
    },
  )
  for (const piece of pieces) cutter.push(piece)
  return { lines, dropped }
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }).map((array) => Buffer.from(array)),
  damaged(LINES).map((text) => Buffer.from(text)),
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 2100 }), fc.constantFrom(...LINES)), { maxLength: 4 })
    .map((parts) =>
      Buffer.from(parts.map(([long, line]) => 'x'.repeat(long) + (long % 2 ? '\n' : '') + line).join('')),
    ),
)
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 })

fuzz('lines are the same however the bytes arrive, and none is too long', fc.tuple(bytes, places), ([all, cuts]) => {
  const at = cuts.map((place) => Math.floor(place * all.length)).sort((a, b) => a - b)
  const pieces = [0, ...at].map((from, index) => all.subarray(from, at[index] ?? all.length))
  const found = cut(pieces)
  const whole = all.toString('latin1').split('\n').slice(0, -1)
  expect(found.lines).toEqual(whole.filter((line) => line.length <= LONGEST))
})

fuzz('a line of the FIFO is an event only if it is one to the letter', fc.oneof(damaged(LINES), hostile), (text) => {
  for (const line of text.split('\n')) {
    const found = parseFifoLine(line, 'VI_1')
    if (found.kind !== 'event') continue
    expect(line).toMatch(/^INSTANCE "VI_1" (MASTER|BACKUP|FAULT|STOP|DELETED) \d+$/i)
    expect([...line].every((letter) => letter < '\u0080')).toBe(true)
  }
})

const WORDS = ['master', 'MASTER', 'INSTANCE', 'VI_1', 'backup', '100', 'GROUP', '']
const words = fc.array(fc.oneof(fc.constantFrom(...WORDS), damaged(WORDS), hostile), { maxLength: 6 })
fuzz('words of a notify script are an event only if they are one to the letter', words, (all) => {
  const found = parseNotifyWords(all, null)
  if (found.kind === 'problem') expect(found.sentence.length).toBeLessThan(600)
  if (found.kind !== 'event') return
  const word = all.length === 1 ? all[0] : all[2]
  expect(word).toMatch(/^[A-Z]+$/i)
  expect(['master', 'backup', 'fault', 'stop', 'deleted']).toContain(word?.toLowerCase())
})
