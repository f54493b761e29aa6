import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listHooks } from '../../../../src/adapters/hooks/folder.ts'

const NOBODY = 65534
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-hooks-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function put(name: string, mode = 0o755): string {
  const path = join(folder, name)
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, mode)
  return path
}

test('without a folder, or with an empty one, there are no hooks and no trouble', () => {
  expect(listHooks(join(folder, 'missing'))).toEqual({ names: [], refused: [] })
  expect(listHooks(folder)).toEqual({ names: [], refused: [] })
})

test('what editors and package managers leave behind is no hook, and not worth a word', () => {
  for (const name of ['10-a.dpkg-old', '10-a.rpmsave', '10-a~', '.10-a.swp', 'README', 'README.md', '10-a.bak'])
    put(name)
  mkdirSync(join(folder, 'folder'))
  expect(listHooks(folder)).toEqual({ names: [], refused: [] })
})

test('an executable with a name that run-parts would not run is refused with a sentence', () => {
  const path = put('notify.sh')
  expect(listHooks(folder)).toEqual({
    names: [],
    refused: [
      `hook ${path} is not run: found the name "notify.sh", expected letters, digits, "_" and "-" only (as run-parts)`,
    ],
  })
})

test('a file that is not executable is refused with a sentence', () => {
  put('10-log', 0o644)
  expect(listHooks(folder).refused.join()).toContain(
    '10-log is not run: it is not executable (chmod 755), or remove it',
  )
})

// Only root can give files to root, and away.
describe.skipIf(process.getuid?.() !== 0)('with files of root', () => {
  test('they are run in the order of their names', () => {
    for (const name of ['20-b', '10-a', 'Z_last']) put(name)
    expect(listHooks(folder)).toEqual({ names: ['10-a', '20-b', 'Z_last'], refused: [] })
  })

  test.each([
    ['another owner', (path: string) => chownSync(path, NOBODY, 0), `it belongs to user ${NOBODY}, expected root`],
    [
      'writable by its group',
      (path: string) => chmodSync(path, 0o775),
      'it can be written by others than root (mode 0775)',
    ],
    ['writable by all', (path: string) => chmodSync(path, 0o757), 'it can be written by others than root (mode 0757)'],
  ])('one that others could have written is refused: %s', (_what, spoil, sentence) => {
    const path = put('10-a')
    put('20-b')
    spoil(path)
    const { names, refused } = listHooks(folder)
    expect(names).toEqual(['20-b'])
    expect(refused).toEqual([`hook ${path} is not run: ${sentence}`])
  })

  test('a folder that others can write makes every hook of it refused', () => {
    put('10-a')
    chmodSync(folder, 0o777)
    expect(listHooks(folder).names).toEqual([])
    expect(listHooks(folder).refused.join()).toContain(`${folder} can be written by others than root (mode 0777)`)
  })

  test('of a link it counts where it leads', () => {
    const outside = mkdtempSync(join(tmpdir(), 'apmode-linked-'))
    const target = join(outside, 'program.sh')
    writeFileSync(target, '#!/bin/sh\n')
    chmodSync(target, 0o755)
    symlinkSync(target, join(folder, '10-linked'))
    symlinkSync('/no/such/program', join(folder, '20-broken'))
    expect(listHooks(folder).names).toEqual(['10-linked'])
    expect(listHooks(folder).refused.join()).toContain('20-broken')
    chownSync(outside, NOBODY, 0)
    expect(listHooks(folder).names).toEqual([])
    expect(listHooks(folder).refused.join()).toContain(`${outside} belongs to user ${NOBODY}`)
    rmSync(outside, { recursive: true })
  })
})
