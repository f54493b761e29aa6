import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { unifiedDiff } from '../../../../src/core/init/diff.ts'

const folder = mkdtempSync(join(tmpdir(), 'apmode-diff-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a unified diff', () => {
  test('of equal texts is nothing', () => {
    expect(unifiedDiff('/etc/x', 'a\nb\n', 'a\nb\n')).toEqual([])
  })

  test('of a file that is not there begins at /dev/null', () => {
    expect(unifiedDiff('/etc/x', null, 'a\nb\n')).toEqual([
      '--- /dev/null',
      '+++ /etc/x',
      '@@ -0,0 +1,2 @@',
      '+a',
      '+b',
    ])
  })

  test('shows three lines around each change, and changes that are far apart by themselves', () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`)
    const after = before.with(1, 'second').with(17, 'eighteenth')
    expect(unifiedDiff('/x', before.join('\n'), after.join('\n'))).toEqual([
      '--- /x',
      '+++ /x',
      '@@ -1,5 +1,5 @@',
      ' line 1',
      '-line 2',
      '+second',
      ' line 3',
      ' line 4',
      ' line 5',
      '@@ -15,6 +15,6 @@',
      ' line 15',
      ' line 16',
      ' line 17',
      '-line 18',
      '+eighteenth',
      ' line 19',
      ' line 20',
    ])
  })

  test('is what patch(1) understands: it makes the new text of the old one', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd', ''), { minLength: 1, maxLength: 30 })
    const file = join(folder, 'file')
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const [old, now] = [before, after].map((all) => all.map((line) => `${line}\n`).join('')) as [string, string]
        const diff = unifiedDiff(file, old, now)
        if (old === now) {
          expect(diff).toEqual([])
          return
        }
        writeFileSync(file, old)
        const patched = execFileSync('patch', ['--unified', '--output=-', file], {
          input: `${diff.join('\n')}\n`,
          encoding: 'utf8',
          stdio: ['pipe', 'pipe', 'ignore'],
        })
        expect(patched).toBe(now)
      }),
      { numRuns: 40 },
    )
  })
})
