/** What fuzzing, and reading for it, have found: one test for each, the input made small, and the answer that it has had since. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setRequest } from '../../src/adapters/control/requests.ts'
import { DiskHistory } from '../../src/adapters/files/history.ts'
import { linesFromEnd } from '../../src/adapters/files/lines-from-end.ts'
import { parseMode } from '../../src/adapters/files/mode-file.ts'
import { DiskStateFile, parseState } from '../../src/adapters/files/state-file.ts'
import { TrackedUnfitFile } from '../../src/adapters/files/unfit-file.ts'
import { parseConfig } from '../../src/core/config/parse.ts'
import { covers, gtidsOf } from '../../src/core/gtid.ts'
import { parseNotifyWords } from '../../src/core/vrrp-line.ts'
import { AN_ENTRY } from '../fakes/control.ts'
import { HOST1 } from '../unit/core/config/example.ts'

let folder = ''
const at = (name: string) => join(folder, name)
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-found-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

describe('GTID positions', () => {
  it('are not covered when they are none: "caught up" would have been the answer to garbage', () => {
    for (const garbage of ['garbage', '0-1', '0-1-5,', 'a-b-5', '0-1-5,x-1-2', `0-1-${'9'.repeat(21)}`]) {
      expect(covers('0-1-100', garbage), garbage).toBe(false)
    }
    expect(gtidsOf('a-b-5')).toEqual([])
    expect(covers('', '')).toBe(true)
  })
})

describe('words', () => {
  it('of a notify script are ASCII: a ligature made a MASTER', () => {
    expect(parseNotifyWords(['ma\ufb06er'], null).kind).toBe('problem')
    expect(parseNotifyWords(['INSTANCE', 'VI_1', 'MA\ufb06ER', '100'], null).kind).toBe('problem')
  })

  it('of the mode file end with a space or a newline, not with what JavaScript takes for one', () => {
    for (const end of ['\u00a0', '\ufeff', '\v', '\f']) expect(parseMode(`ap${end}`)).toBeNull()
    expect(parseMode('ap \t\r\n')).toMatchObject({ mode: 'ap' })
  })
})

describe('nesting without end', () => {
  it('in the state file is a fault: it ended the supervisor at its start', () => {
    expect(parseState(`{"version":${nested(50_000)}}`)).toContain('nested without end')
  })

  it('in a request is a fault of the client, not of the server', () => {
    expect(() => setRequest({ mode: JSON.parse(nested(30_000)) })).toThrow('nested without end')
  })

  it('in the configuration is a fault with a line', () => {
    const result = parseConfig(`x = ${nested(50_000)}`, HOST1)
    expect(result).toMatchObject({ ok: false, problems: [{ line: 1 }] })
  })
})

describe('the history', () => {
  it('leaves out a line whose fields have other types: it broke the command that showed it', () => {
    const path = at('misshapen')
    const bad = [{ steps: [null] }, { from: {} }, { to: { mode: 'ap' } }, { steps: [{ step: 'x' }] }]
    const lines = [AN_ENTRY, ...bad.map((fields) => ({ ...AN_ENTRY, ...fields }))]
    writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'))
    expect(new DiskHistory(path).newest(10)).toEqual([AN_ENTRY])
  })

  it('reads past a line without end, and does not hold it', () => {
    const path = at('endless')
    writeFileSync(path, 'first\n')
    truncateSync(path, 64 * 1024 * 1024)
    expect([...linesFromEnd(path)]).toEqual(['first'])
  })
})

describe('a FIFO in the place of a file', () => {
  it('is said, and nothing waits for its other end', () => {
    const path = at('fifo')
    execFileSync('mkfifo', [path])
    const problems: string[] = []
    expect(new DiskStateFile(path, (sentence) => problems.push(sentence)).read()).toBeNull()
    expect(problems).toEqual([expect.stringContaining('not a regular file')])
    expect(new TrackedUnfitFile(path).read()).toBeNull()
    expect(new DiskHistory(path).newest(3)).toEqual([])
    expect(new DiskHistory(path).append(AN_ENTRY)).toMatchObject({ ok: false })
  })
})
