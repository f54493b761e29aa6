import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatProblems, loadConfig, problemsAsJson, readSecret } from '../../../src/adapters/config-file.ts'
import { changed, EXAMPLE } from '../core/config/example.ts'

let folder: string
let path: string
let nodePath: string
let secret: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-cfg-'))
  path = join(folder, 'apmode.toml')
  nodePath = join(folder, 'node')
  secret = join(folder, 'replication.password')
  writeFileSync(secret, 'hunter2\n', { mode: 0o600 })
  writeFileSync(path, changed(EXAMPLE, ['/etc/apmode/replication.password', secret]))
})
afterEach(() => rmSync(folder, { recursive: true }))

const load = () => loadConfig({ path, nodePath, hostname: 'host1' })

/** The text of every problem, as a person sees it. */
function complaint(): string {
  const result = load()
  return result.ok ? '' : formatProblems(result.path, result.problems)
}

test('a good file is loaded', () => {
  expect(load()).toMatchObject({ ok: true, path, config: { node: { name: 'host1' } } })
})

test('the node file decides which machine this is', () => {
  writeFileSync(nodePath, 'host2\n')
  expect(load()).toMatchObject({ ok: true, config: { node: { name: 'host2' } } })
})

test('render may read it as another machine', () => {
  const result = loadConfig({ path, nodePath, hostname: 'elsewhere', node: 'host2' })
  expect(result).toMatchObject({ ok: true, config: { node: { name: 'host2' } } })
})

test('APMODE_CONFIG names another file', () => {
  process.env.APMODE_CONFIG = path
  try {
    expect(loadConfig({ nodePath, hostname: 'host1' })).toMatchObject({ ok: true, path })
  } finally {
    delete process.env.APMODE_CONFIG
  }
})

describe('a file that cannot be read is a problem, not an exception', () => {
  test('none there', () => {
    rmSync(path)
    expect(complaint()).toBe(
      `${path}: 1 fault\n  file  found no such file (${path}), expected a readable file with the configuration`,
    )
  })
  test('a directory', () => {
    rmSync(path)
    mkdirSync(path)
    expect(complaint()).toContain(`found a directory (${path})`)
  })
  test('the node file is a directory', () => {
    mkdirSync(nodePath)
    expect(complaint()).toContain(
      `found a directory (${nodePath}), expected a readable file with the name of this node`,
    )
  })
})

describe('the password file', () => {
  test.each([0o640, 0o604, 0o620, 0o602, 0o610])('is refused with mode %o', (mode) => {
    chmodSync(secret, mode)
    expect(complaint()).toContain(
      `line 37  database.replication_password_file: found mode 0${mode.toString(8)} (${secret}), expected 0600`,
    )
  })

  test('is refused when it is missing, empty or no file', () => {
    writeFileSync(secret, '\nhunter2\n')
    expect(complaint()).toContain('found an empty first line')
    rmSync(secret)
    expect(complaint()).toContain('found no such file')
    mkdirSync(secret)
    expect(complaint()).toContain('something that is no regular file')
  })

  test('need not be there when nothing secret is asked for', () => {
    rmSync(secret)
    expect(loadConfig({ path, nodePath, hostname: 'host1', checkSecrets: false })).toMatchObject({ ok: true })
  })

  test('gives its first line', () => {
    writeFileSync(secret, 'pass word \r\nnot this\n')
    expect(readSecret(secret)).toEqual({ ok: true, secret: 'pass word ' })
  })

  test('is never shown', () => {
    chmodSync(secret, 0o644)
    expect(complaint()).not.toContain('hunter2')
  })
})

test('problems of the file and of the password stand together, aligned and in the order of the lines', () => {
  chmodSync(secret, 0o644)
  writeFileSync(path, changed(EXAMPLE, ['/etc/apmode/replication.password', secret], ['"/opt/ap-mode"', '7']))
  expect(complaint().split('\n')).toEqual([
    `${path}: 2 faults`,
    '  line 2   mode_file: found the number 7, expected an absolute path of a file, as "/opt/ap-mode"',
    `  line 37  database.replication_password_file: found mode 0644 (${secret}), expected 0600: nothing for group and others`,
  ])
})

test('programs get the same as JSON', () => {
  const problems = [{ line: 2, key: 'mode_file', message: 'found the number 7' }]
  expect(JSON.parse(JSON.stringify(problemsAsJson(path, problems)))).toEqual({ ok: false, path, problems })
})
