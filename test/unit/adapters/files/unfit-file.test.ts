import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TrackedUnfitFile } from '../../../../src/adapters/files/unfit-file.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-unfit-'))
  path = join(folder, 'vrrp.unfit')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe("keepalived's tracked file", () => {
  it('holds 1 for unfit and 0 for fit, and is created when missing', () => {
    const file = new TrackedUnfitFile(path)
    expect(file.read()).toBeNull()
    for (const unfit of [true, false, true]) {
      file.write(unfit)
      expect(readFileSync(path, 'utf8')).toBe(unfit ? '1\n' : '0\n')
      expect(file.read()).toBe(unfit)
    }
    rmSync(path)
    file.write(true)
    expect(file.read()).toBe(true)
  })

  it.each(['', '1', 'garbage\nand more', '\u0000'])('is written anew when it holds %j', (text) => {
    writeFileSync(path, text)
    const file = new TrackedUnfitFile(path)
    expect(file.read()).toBeNull()
    file.write(true)
    expect(readFileSync(path, 'utf8')).toBe('1\n')
  })

  it('is overwritten in place, so that there is no instant without it', () => {
    const file = new TrackedUnfitFile(path)
    file.write(false)
    const { ino } = statSync(path)
    file.write(true)
    expect(statSync(path).ino).toBe(ino)
  })

  it('that cannot be written says why', () => {
    mkdirSync(path)
    expect(() => new TrackedUnfitFile(path).write(true)).toThrow(
      /cannot tell keepalived unfit in .*: a folder is in its place/,
    )
  })
})
