import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DiskStateFile } from '../../../../src/adapters/files/state-file.ts'
import { failingAt } from './failing-disk.ts'

let folder: string
let path: string
let problems: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-state-'))
  path = join(folder, 'lib', 'state.json')
  problems = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = () => new DiskStateFile(path, (sentence) => problems.push(sentence))

describe('the state file', () => {
  it('gives back what was written, in a folder that it creates', () => {
    open().write({ role: 'standby', peerAttachedAt: 1_700_000_000_000, claim: 'shared', cloning: null })
    expect(open().read()).toEqual({
      role: 'standby',
      peerAttachedAt: 1_700_000_000_000,
      claim: 'shared',
      cloning: null,
    })
    open().write({ role: 'active', peerAttachedAt: null, claim: 'shared', cloning: null })
    expect(open().read()).toEqual({ role: 'active', peerAttachedAt: null, claim: 'shared', cloning: null })
    const member = { unrecorded: true, ended: { epoch: 7, node: 'host2' } }
    open().write({ role: 'active', peerAttachedAt: null, claim: 'none', cloning: null, member })
    expect(open().read()).toEqual({ role: 'active', peerAttachedAt: null, claim: 'none', cloning: null, member })
    expect(problems).toEqual([])
  })

  it('that is missing is absent, without a word', () => {
    expect(open().read()).toBeNull()
    expect(problems).toEqual([])
  })

  it.each([
    ['', 'not JSON'],
    ['{"version":1,"role":"act', 'not JSON'],
    ['[]', 'not a JSON object'],
    ['{"role":"active","peerAttachedAt":null}', 'its version is'],
    ['{"version":2,"role":"active","peerAttachedAt":null}', 'its version is 2'],
    ['{"version":1,"role":"boss","peerAttachedAt":null}', 'its role is "boss"'],
    ['{"version":1,"role":"active","peerAttachedAt":"now"}', 'its peerAttachedAt is "now"'],
    ['{"version":1,"role":"active","peerAttachedAt":null,"claim":"king"}', 'its claim is "king"'],
    ['{"version":1,"role":"active","peerAttachedAt":null,"member":{"unrecorded":1}}', 'its member is'],
    ['{"version":1,"role":"active","peerAttachedAt":null,"member":{"unrecorded":true,"ended":1}}', 'its member is'],
    ['{"version":1,"role":"active","peerAttachedAt":null,"member":{"unrecorded":true,"ended":{}}}', 'its member is'],
  ])('that holds %j counts as absent, and the reason is said', (text, reason) => {
    open().write({ role: 'active', peerAttachedAt: null, claim: 'shared', cloning: null })
    writeFileSync(path, text)
    expect(open().read()).toBeNull()
    expect(problems).toEqual([expect.stringContaining(reason)])
  })

  it('keeps its old text on a full disk', () => {
    open().write({ role: 'standby', peerAttachedAt: null, claim: 'shared', cloning: null })
    const broken = new DiskStateFile(path, undefined, failingAt('writeSync', 'ENOSPC'))
    expect(() => broken.write({ role: 'active', peerAttachedAt: null, claim: 'shared', cloning: null })).toThrow(
      /no space left on the disk/,
    )
    expect(open().read()?.role).toBe('standby')
  })
})
