/** What lies on the disk: mode, state, history. Whatever is found there, the answer is one of ours, and nothing is granted. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import { DiskHistory } from '../../src/adapters/files/history.ts'
import { linesFromEnd } from '../../src/adapters/files/lines-from-end.ts'
import { parseMode, readModeFile } from '../../src/adapters/files/mode-file.ts'
import { parseState } from '../../src/adapters/files/state-file.ts'
import { AN_ENTRY } from '../fakes/control.ts'
import { damaged, fuzz, hostile, jsonText } from './fuzz.ts'

const folder = mkdtempSync(join(tmpdir(), 'apmode-fuzz-'))
const path = join(folder, 'file')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const MODES = ['ap\n', 'm\n', 's\n', 'being ap\n', 'being m\n', 'being s\n']
const KNOWN = /^(being )?(ap|m|s)[ \t\r\n]*$/

fuzz('a mode is one of the words, or nothing', fc.oneof(damaged(MODES), hostile), (text) => {
  const found = parseMode(text)
  if (found !== null) expect(text).toMatch(KNOWN)
  if (found?.being) expect(text).toMatch(/^being /)
})

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array)),
  damaged(MODES).map((text) => Buffer.from(text)),
)
fuzz('a mode file is one of the words, or unreadable with a reason', bytes, (content) => {
  writeFileSync(path, content)
  const { mode, problem } = readModeFile(path)
  if (mode === 'unreadable') expect(problem).toMatch(/^the mode file /)
  else expect(content.toString('latin1')).toMatch(KNOWN)
  if (problem !== null) expect(problem.length).toBeLessThan(1000)
})

const STATES = [
  '{"version":1,"role":"active","peerAttachedAt":null}\n',
  '{"version":1,"role":"standby","peerAttachedAt":17}',
]
fuzz('a state is wholly understood, or absent with a short reason', fc.oneof(damaged(STATES), jsonText), (text) => {
  const found = parseState(text)
  if (typeof found === 'string') expect(found.length).toBeLessThan(300)
  else expect(['active', 'standby']).toContain(found.role)
})

const ENTRY = JSON.stringify(AN_ENTRY)
const anything = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom<unknown>(null, {}, [null], [{}], 'x', -1))
const misshapen = fc
  .dictionary(fc.constantFrom(...Object.keys(AN_ENTRY)), anything, { maxKeys: 3 })
  .map((fields) => JSON.stringify({ ...AN_ENTRY, ...fields }))
const line = fc.oneof(
  fc.constant(ENTRY),
  misshapen,
  damaged([ENTRY], fc.oneof(hostile, fc.json({ maxDepth: 1 }))),
  jsonText,
)
fuzz('a history gives whole entries, the good lines among the bad', fc.array(line, { maxLength: 6 }), (lines) => {
  writeFileSync(path, lines.join('\n'))
  const found = new DiskHistory(path).newest(10)
  const good = lines.flatMap((text) => text.split('\n')).filter((text) => text === ENTRY).length
  expect(found.filter((entry) => JSON.stringify(entry) === ENTRY).length).toBeGreaterThanOrEqual(Math.min(good, 10))
  for (const { at, from, to, steps } of found) {
    expect([at, from.mode, from.role, from.vrrp, to.mode, to.role, to.vrrp].map((text) => typeof text)).toEqual(
      Array(7).fill('string'),
    )
    for (const step of steps) expect(typeof step.sentence + typeof step.ms + typeof step.ok).toBe('stringnumberboolean')
  }
})

const content = fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(Uint8Array.of(10))), { maxLength: 20 })
const size = fc.integer({ min: 1, max: 50 })
fuzz('lines from the end are the lines, whatever the blocks cut', fc.tuple(content, size), ([parts, block]) => {
  const all = Buffer.concat(parts)
  writeFileSync(path, all)
  const wanted: string[] = []
  let rest: Buffer = all
  for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
    wanted.push(rest.toString('utf8', 0, at))
    rest = rest.subarray(at + 1)
  }
  wanted.push(rest.toString('utf8'))
  expect([...linesFromEnd(path, block)]).toEqual(wanted.filter((text) => text !== '').reverse())
})
