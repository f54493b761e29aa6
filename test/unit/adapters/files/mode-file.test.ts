import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { temporaryOf } from '../../../../src/adapters/files/durable.ts'
import { DiskModeFile } from '../../../../src/adapters/files/mode-file.ts'
import { ApmodeError } from '../../../../src/core/errors.ts'
import { MODES } from '../../../../src/core/vocabulary.ts'
import { failingAt } from './failing-disk.ts'

/** With a patience that a busy machine does not exhaust. */
const eventually = <T>(claim: () => T) => vi.waitFor(claim, { timeout: 10_000, interval: 10 })

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-mode-'))
  path = join(folder, 'ap-mode')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the mode file', () => {
  it.each(MODES)('holds exactly one line for %s, at rest and while changing, readable by everybody', (mode) => {
    const file = new DiskModeFile(path)
    file.writeBeing(mode)
    expect(readFileSync(path, 'utf8')).toBe(`being ${mode}\n`)
    expect(file.read()).toEqual({ mode, being: mode, problem: null })
    file.write(mode)
    expect(readFileSync(path, 'utf8')).toBe(`${mode}\n`)
    expect(file.read()).toEqual({ mode, being: null, problem: null })
    expect(statSync(path).mode & 0o777).toBe(0o644)
    expect(readdirSync(folder)).toEqual(['ap-mode'])
  })

  it('that is missing is unset, also when its folder is', () => {
    expect(new DiskModeFile(path).read()).toEqual({ mode: 'unset', being: null, problem: null })
    expect(new DiskModeFile(join(folder, 'no', 'file')).read().mode).toBe('unset')
  })

  it.each(['ap', 'ap\n', 'ap \r\n', 'ap\n\n', 'ap\t'])('may end in white space: %j', (text) => {
    writeFileSync(path, text)
    expect(new DiskModeFile(path).read()).toEqual({ mode: 'ap', being: null, problem: null })
  })

  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['AP\n', 'holds "AP"'],
    ['being\n', 'holds "being"'],
    ['being x\n', 'holds "being x"'],
    [' ap\n', 'holds " ap"'],
    ['ap\nm\n', 'holds'],
    ['\u0000\u0001', 'holds'],
    [`ap${' '.repeat(1000)}`, 'is longer than 64 bytes'],
  ])('that holds %j is unreadable, with what was found', (text, found) => {
    writeFileSync(path, text)
    const record = new DiskModeFile(path).read()
    expect(record.mode).toBe('unreadable')
    expect(record.problem).toContain(found)
    expect(record.problem).toContain('expected ap, m or s')
  })

  it('that is a folder, a FIFO or a circle of links is unreadable and holds nobody', () => {
    const file = new DiskModeFile(path)
    mkdirSync(path)
    expect(file.read()).toMatchObject({ mode: 'unreadable', problem: expect.stringContaining('it is a folder') })
    expect(() => file.write('m')).toThrow(/cannot write the mode file .*: a folder is in its place/)
    rmSync(path, { recursive: true })
    execFileSync('mkfifo', [path])
    expect(file.read()).toMatchObject({ mode: 'unreadable', problem: expect.stringContaining('not a regular file') })
    rmSync(path)
    symlinkSync(path, path)
    expect(file.read().mode).toBe('unreadable')
  })

  it.each([
    ['openSync', 'EROFS', 'the file system is read-only'],
    ['writeSync', 'ENOSPC', 'no space left on the disk'],
    ['fsyncSync', 'EIO', 'the disk reports an error'],
    ['renameSync', 'EACCES', 'permission denied'],
  ] as const)('keeps its old text when %s fails with %s, and says why', (call, code, words) => {
    new DiskModeFile(path).write('ap')
    const broken = new DiskModeFile(path, undefined, failingAt(call, code))
    let thrown: unknown
    try {
      broken.write('m')
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(ApmodeError)
    expect(thrown).toMatchObject({ code: 'storage', message: `cannot write the mode file ${path}: ${words} (${code})` })
    expect(readFileSync(path, 'utf8')).toBe('ap\n')
    expect(readdirSync(folder)).toEqual(['ap-mode'])
  })

  it('removes what an interrupted write left behind', () => {
    writeFileSync(temporaryOf(path), 'being')
    new DiskModeFile(path)
    expect(existsSync(temporaryOf(path))).toBe(false)
  })

  it('announces a change by somebody else, and never its own', async () => {
    const file = new DiskModeFile(path)
    file.write('ap')
    const seen: string[] = []
    const stop = file.watch(() => seen.push(file.read().mode))
    file.writeBeing('m')
    file.write('m')
    writeFileSync(join(folder, 'other'), 'x')
    execFileSync('sh', ['-c', 'echo s >"$0"', path])
    await eventually(() => expect(seen).toEqual(['s']))
    file.write('ap')
    rmSync(path)
    await eventually(() => expect(seen).toEqual(['s', 'unset']))
    writeFileSync(path, '')
    await eventually(() => expect(seen).toEqual(['s', 'unset', 'unreadable']))
    stop()
  })

  it('says that it cannot be watched, and does not throw', () => {
    const problems: string[] = []
    const file = new DiskModeFile(join(folder, 'no', 'file'), (sentence) => problems.push(sentence))
    file.watch(() => {})()
    expect(problems).toEqual([expect.stringContaining('cannot watch the mode file')])
  })
})
