import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DiskHistory } from '../../../../src/adapters/files/history.ts'
import { linesFromEnd } from '../../../../src/adapters/files/lines-from-end.ts'
import type { HistoryEntry } from '../../../../src/ports/storage.ts'
import { failingAt, fullAfter } from './failing-disk.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-history-'))
  path = join(folder, 'lib', 'history.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function entry(sentence: string): HistoryEntry {
  const place = { mode: 'ap', role: 'active', vrrp: 'master' } as const
  const at = '2026-01-01T00:00:00.000Z'
  return { at, event: 'master', source: 'fifo', from: place, to: place, sentence, steps: [], ms: 12, result: 'done' }
}
const sentences = (entries: HistoryEntry[]) => entries.map((found) => found.sentence)

describe('the history', () => {
  it('gives the newest entries, oldest first', () => {
    const history = new DiskHistory(path)
    expect(history.newest(5)).toEqual([])
    for (const word of ['one', 'two', 'dreißig €'])
      expect(history.append(entry(word))).toEqual({ ok: true, detail: '' })
    expect(sentences(history.newest(2))).toEqual(['two', 'dreißig €'])
    expect(sentences(history.newest(100))).toEqual(['one', 'two', 'dreißig €'])
    expect(history.newest(0)).toEqual([])
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4)
  })

  it('leaves out a line that a power cut tore, and never writes onto it', () => {
    const history = new DiskHistory(path)
    history.append(entry('one'))
    appendFileSync(path, '{"at":"2026-01-01T00:00')
    expect(sentences(history.newest(2))).toEqual(['one'])
    history.append(entry('two'))
    expect(sentences(history.newest(2))).toEqual(['one', 'two'])
  })

  it('leaves out garbage and foreign JSON', () => {
    const history = new DiskHistory(path)
    history.append(entry('one'))
    appendFileSync(path, '\n\u0000\nnull\n{}\n[1]\n{"at":1}\n')
    history.append(entry('two'))
    expect(sentences(history.newest(10))).toEqual(['one', 'two'])
  })

  it('keeps one older file, and reads across both', () => {
    const size = Buffer.byteLength(`${JSON.stringify(entry('n00'))}\n`)
    const history = new DiskHistory(path, size * 10)
    const words = Array.from({ length: 25 }, (_, index) => `n${String(index).padStart(2, '0')}`)
    for (const word of words) history.append(entry(word))
    expect(statSync(path).size).toBe(size * 5)
    expect(sentences(history.newest(8))).toEqual(words.slice(-8))
    expect(sentences(history.newest(100))).toEqual(words.slice(10))
    expect(existsSync(`${path}.2`)).toBe(false)
  })

  it.each([
    ['openSync', 'EROFS', 'the file system is read-only'],
    ['writeSync', 'ENOSPC', 'no space left on the disk'],
  ] as const)('reports that %s failed with %s, and does not throw', (call, code, words) => {
    const outcome = new DiskHistory(path, undefined, failingAt(call, code)).append(entry('one'))
    expect(outcome).toEqual({ ok: false, detail: `cannot write the history ${path}: ${words} (${code})` })
  })

  it('mends the half line of a disk that was full, once there is room', () => {
    new DiskHistory(path).append(entry('one'))
    expect(new DiskHistory(path, undefined, fullAfter(7)).append(entry('two')).ok).toBe(false)
    new DiskHistory(path).append(entry('three'))
    expect(sentences(new DiskHistory(path).newest(10))).toEqual(['one', 'three'])
  })
})

describe('lines from the end', () => {
  it.each([1, 2, 3, 7, 1000])('are whole when read in blocks of %i bytes', (block) => {
    path = join(folder, 'lines')
    writeFileSync(path, 'first\nsecond €\n\nthird\nlast')
    expect([...linesFromEnd(path, block)]).toEqual(['last', 'third', 'second €', 'first'])
  })
})
