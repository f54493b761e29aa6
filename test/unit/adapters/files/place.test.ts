import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { places } from '../../../../src/adapters/files/place.ts'

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0)
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-place-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)
const file = (name: string, text: string, mode = 0o644) => ({ path: at(name), text, mode, secret: mode === 0o600 })
const open = () => places({ record: at('state/init.json'), now: () => NOW })
const modeOf = (name: string) => (statSync(at(name)).mode & 0o777).toString(8)

describe('files that are put in their places', () => {
  test('are there, with their modes, and their folders are made', () => {
    expect(open().place([file('a/b/conf', 'one\n'), file('password', 'x\n', 0o600)])).toEqual([
      { path: at('a/b/conf'), backup: null },
      { path: at('password'), backup: null },
    ])
    expect([readFileSync(at('a/b/conf'), 'utf8'), modeOf('a/b/conf'), modeOf('password')]).toEqual([
      'one\n',
      '644',
      '600',
    ])
  })

  test('leave what was there beside them, as it was', () => {
    writeFileSync(at('conf'), 'old\n')
    chmodSync(at('conf'), 0o640)
    const [placed] = open().place([file('conf', 'new\n')])
    expect(placed?.backup).toBe(`${at('conf')}.old-20261121T120000Z`)
    expect(readFileSync(placed?.backup ?? '', 'utf8')).toBe('old\n')
    expect(modeOf('conf.old-20261121T120000Z')).toBe('640')
  })

  test('are untouched until somebody changes them; the secret is in no record', () => {
    expect(open().read(at('conf'))).toBeNull()
    open().place([file('conf', 'one\n'), file('password', 'hunter2\n', 0o600)])
    expect(open().read(at('conf'))).toMatchObject({ text: 'one\n', untouched: true })
    writeFileSync(at('conf'), 'mine\n')
    expect(open().read(at('conf'))).toMatchObject({ untouched: false })
    open().place([file('conf', 'two\n')])
    expect(open().read(at('conf'))).toMatchObject({ untouched: true })
    expect(Object.keys(JSON.parse(readFileSync(at('state/init.json'), 'utf8')))).toEqual([at('conf')])
  })

  test('are all as they were when one of them cannot be written', () => {
    writeFileSync(at('conf'), 'old\n')
    mkdirSync(at('in-the-way'))
    const files = [file('conf', 'new\n'), file('more', 'new\n'), file('in-the-way', 'new\n')]
    expect(() => open().place(files)).toThrow(/cannot (read|write)/)
    expect(readFileSync(at('conf'), 'utf8')).toBe('old\n')
    expect(readdirSync(folder).sort()).toEqual(['conf', 'in-the-way'])
  })

  test('without a record that can be read, every file is somebody else’s', () => {
    open().place([file('conf', 'one\n')])
    writeFileSync(at('state/init.json'), 'garbage')
    expect(open().read(at('conf'))).toMatchObject({ untouched: false })
    open().place([file('conf', 'two\n')])
    expect(open().read(at('conf'))).toMatchObject({ untouched: true })
  })
})
