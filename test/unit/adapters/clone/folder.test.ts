/** Old data moves aside and back: interrupted after any step, the next run finds all of it, and nothing whole is removed. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  bringFlags,
  clear,
  complete,
  putBack,
  removeOld,
  setAside,
  survey,
} from '../../../../src/adapters/clone/folder.ts'

const AT = new Date('2026-11-21T08:30:00Z')
const MARK = 'apmode-reclone-is-incomplete'

describe('a data folder that is replaced', () => {
  let base = ''
  let data = ''
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'apmode-folder-'))
    data = join(base, 'mysql')
    mkdirSync(join(data, 'app'), { recursive: true, mode: 0o750 })
    writeFileSync(join(data, 'ibdata1'), 'old')
    writeFileSync(join(data, 'app', 't.ibd'), 'rows')
    writeFileSync(join(data, 'debian-10.11.flag'), '')
  })
  afterEach(() => rmSync(base, { recursive: true, force: true }))

  const copy = () => writeFileSync(join(data, 'ibdata1'), 'copy')
  const old = () => join(base, 'mysql.before-reclone-20261121T083000Z')

  test('goes aside whole, with the folder itself left in place, and comes back whole', async () => {
    const before = statSync(data)
    expect(await setAside(data, false, AT)).toBe(old())
    expect(readdirSync(old()).toSorted()).toEqual(['app', 'debian-10.11.flag', 'ibdata1'])
    expect(readdirSync(data)).toEqual([MARK])
    expect(await survey(data)).toMatchObject({ state: 'incomplete', aside: [old()], old: old() })
    copy()
    await putBack(data, old())
    expect(readFileSync(join(data, 'ibdata1'), 'utf8')).toBe('old')
    expect(readFileSync(join(data, 'app', 't.ibd'), 'utf8')).toBe('rows')
    expect(readdirSync(base)).toEqual(['mysql'])
    expect(statSync(data)).toMatchObject({ ino: before.ino, mode: before.mode })
    expect(await survey(data)).toMatchObject({ state: 'whole', aside: [], old: null })
  })

  test('is data again when the copy is whole; only then the old data is removed', async () => {
    await setAside(data, false, AT)
    copy()
    await expect(removeOld(data)).rejects.toThrow(/no whole data/)
    await bringFlags(old(), data)
    await complete(data)
    expect(readdirSync(data).toSorted()).toEqual(['debian-10.11.flag', 'ibdata1'])
    expect(await removeOld(data)).toEqual([old()])
    expect(readdirSync(base)).toEqual(['mysql'])
  })

  test('what somebody has asked to keep is never removed', async () => {
    const kept = await setAside(data, true, AT)
    copy()
    await complete(data)
    expect(await removeOld(data)).toEqual([])
    expect(await survey(data)).toMatchObject({ aside: [], old: kept })
  })

  test('set aside again, an incomplete copy is thrown away and the old data stays what it was', async () => {
    await setAside(data, false, AT)
    copy()
    expect(await setAside(data, false, new Date())).toBe(old())
    expect(readdirSync(data)).toEqual([MARK])
    expect(readFileSync(join(old(), 'ibdata1'), 'utf8')).toBe('old')
  })

  test('what a later run asks to keep is kept, and what an earlier one asked to keep stays kept', async () => {
    await setAside(data, false, AT)
    const kept = await setAside(data, true, new Date())
    expect(kept).toBe(join(base, 'mysql.kept-by-reclone-20261121T083000Z'))
    expect(await setAside(data, false, new Date())).toBe(kept)
    expect(readFileSync(join(kept ?? '', 'ibdata1'), 'utf8')).toBe('old')
  })

  test('what is not marked counts as data, whatever it is', async () => {
    rmSync(join(data, 'ibdata1'))
    expect((await survey(data)).state).toBe('whole')
    await expect(clear(data)).rejects.toThrow(/not known to hold an incomplete copy/)
    await expect(putBack(data, old())).rejects.toThrow(/not there/)
  })

  test('an empty folder has nothing to set aside', async () => {
    rmSync(data, { recursive: true })
    mkdirSync(data)
    expect(await setAside(data, false, AT)).toBeNull()
    expect((await survey(data)).state).toBe('incomplete')
  })

  test('a move that was interrupted goes on, in either direction', async () => {
    const moving = `${old()}.moving`
    mkdirSync(join(moving, 'app'), { recursive: true })
    writeFileSync(join(moving, 'app', 'db.opt'), 'charset')
    writeFileSync(join(moving, 'ibdata1'), 'old')
    rmSync(join(data, 'ibdata1'))
    expect((await survey(data)).state).toBe('divided')
    cpSync(base, `${base}-2`, { recursive: true })
    expect(await setAside(data, false, new Date())).toBe(old())
    expect(readdirSync(old()).toSorted()).toEqual(['app', 'debian-10.11.flag', 'ibdata1'])
    expect(readdirSync(join(old(), 'app')).toSorted()).toEqual(['db.opt', 't.ibd'])
    rmSync(base, { recursive: true })
    cpSync(`${base}-2`, base, { recursive: true })
    rmSync(`${base}-2`, { recursive: true })
    await putBack(data, '')
    expect(readdirSync(data).toSorted()).toEqual(['app', 'debian-10.11.flag', 'ibdata1'])
    expect(readdirSync(join(data, 'app')).toSorted()).toEqual(['db.opt', 't.ibd'])
    expect(existsSync(moving)).toBe(false)
  })

  test('a mark beside a move that goes on is not moved', async () => {
    mkdirSync(`${old()}.moving`)
    writeFileSync(join(data, MARK), '')
    expect(await setAside(data, false, AT)).toBe(old())
    expect(readdirSync(data)).toEqual([MARK])
    expect(readdirSync(old())).not.toContain(MARK)
  })

  test('room is what is free, and what an incomplete copy takes', async () => {
    const before = (await survey(data)).room
    expect(before).toBeGreaterThan(0)
    await setAside(data, false, AT)
    writeFileSync(join(data, 'ibdata1'), Buffer.alloc(8 * 1024 * 1024, 1))
    expect(Math.abs((await survey(data)).room - before)).toBeLessThan(256 * 1024 * 1024)
  })
})
