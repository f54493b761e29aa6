/** The completions and the man pages, as the package brings them: real shells, groff and mandoc. Nothing is installed here. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makePackage } from '../../scripts/package.ts'
import { SECTIONS } from '../../src/core/config/schema.ts'
import { offeredBy, type Shelf } from './shells.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
const isThere = (program: string) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0

let folder = ''
let shelf: Shelf = { bin: '', files: String, environment: {} }
const at = (path: string) => join(folder, 'data', path)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-words-test-'))
  const deb = process.env.APMODE_DEB ?? (await makePackage())
  execFileSync('dpkg-deb', ['--raw-extract', deb, at('')], { timeout: 60_000 })
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  // As /usr/bin/apmode, with this folder for the root of the machine.
  const script = readFileSync(at('usr/bin/apmode'), 'utf8').replaceAll('/usr/lib/apmode', at('usr/lib/apmode'))
  writeFileSync(join(bin, 'apmode'), script, { mode: 0o755 })
  const config = join(folder, 'apmode.toml')
  copyFileSync(at('usr/share/doc/apmode/examples/apmode.toml'), config)
  shelf = { bin, files: at, environment: { APMODE_CONFIG: config } }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const apmode = (args: readonly string[], environment: Readonly<Record<string, string>> = shelf.environment) =>
  spawnSync(join(shelf.bin, 'apmode'), args, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', ...environment } })

describe.each(SHELLS)('completion in %s', (shell) => {
  const place = {
    bash: 'usr/share/bash-completion/completions/apmode',
    zsh: 'usr/share/zsh/vendor-completions/_apmode',
    fish: 'usr/share/fish/vendor_completions.d/apmode.fish',
  }[shell]

  test('is what the program itself prints', () => {
    expect(readFileSync(at(place), 'utf8')).toBe(apmode(['completion', shell]).stdout)
  })

  test.skipIf(!isThere(shell)).each([
    ['the commands', 'apmode sta', ['start', 'status']],
    ['the modes', 'apmode set ', ['ap', 'm', 's']],
    ['the modes, behind an option with its value', 'apmode set --timeout 5 --now ', ['ap', 'm', 's']],
    ['the options', 'apmode set ap --t', ['--timeout']],
    ['what can be planned', 'apmode plan re', ['reclone', 'rejoin', 'restart']],
    ['what follows it', 'apmode plan notify ', ['backup', 'fault', 'master', 'stop']],
    ['only the options of what is planned', 'apmode plan handover --k', ['--kill']],
    ['the events', 'apmode history --event re', ['reclone', 'rejoin', 'restart']],
    ['the roles', 'apmode init --role ', ['active', 'standby']],
    ['nothing where nothing fits', 'apmode plan start --k', []],
    ['the command in a command', 'apmode config ch', ['check']],
    ['the machines of apmode.toml', 'apmode render keepalived --node ', ['host1', 'host2']],
    ['the machines of apmode.toml, behind an equals sign', 'apmode render keepalived --node=', ['host1', 'host2']],
    ['those that fit, behind an equals sign', 'apmode render keepalived --node=h', ['host1', 'host2']],
    ['the units of apmode.toml', 'apmode check router n', ['nginx.service', 'nic']],
  ])('offers %s', (_what, line, expected) => {
    const offered = offeredBy(shell, shelf, line)
    // zsh tells of all that stand there, and filters when it shows them.
    const word = /[^ =]*$/.exec(line)?.[0] ?? ''
    expect(offered.filter((one) => one.startsWith(word))).toEqual(expected)
  })

  test.skipIf(!isThere(shell))('offers no name and says no word when the configuration cannot be read', () => {
    const broken = { ...shelf, environment: { APMODE_CONFIG: '/nowhere/apmode.toml' } }
    expect(offeredBy(shell, broken, 'apmode render --node ')).toEqual([])
  })
})

describe('names of apmode.toml', () => {
  test('come without a message, whatever the matter is', () => {
    expect(apmode(['__complete', 'units']).stdout).toBe('mariadb.service\nnginx.service\nkeepalived.service\n')
    writeFileSync(join(folder, 'broken.toml'), '[[node]\nname =')
    for (const file of ['/nowhere', folder, join(folder, 'broken.toml')]) {
      const ended = apmode(['__complete', 'nodes'], { APMODE_CONFIG: file })
      expect([ended.status, ended.stdout, ended.stderr]).toEqual([0, '', ''])
    }
  })

  test('come before the one who pressed TAB notices: 60 ms of the processor beyond the start of Node', () => {
    // Not by the clock on the wall, and against the same machine in the same moment: the tests share it.
    const script = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null'
    const env = { PATH: '/usr/bin:/bin', ...shelf.environment }
    const spent = (...argv: string[]) => {
      const { stderr } = spawnSync('bash', ['--norc', '-c', script, 'bash', ...argv], { encoding: 'utf8', env })
      return stderr.split(' ').reduce((sum, part) => sum + Number(part), 0)
    }
    const both = Array.from({ length: 7 }, () => ({
      words: spent(join(shelf.bin, 'apmode'), '__complete', 'nodes'),
      node: spent(process.execPath, '-e', '0'),
    }))
    const least = (times: readonly number[]) => Math.min(...times)
    expect(least(both.map(({ words }) => words))).toBeGreaterThan(0)
    expect(least(both.map(({ words }) => words)) - least(both.map(({ node }) => node))).toBeLessThan(0.06)
  })
})

describe.each([
  ['apmode', 8],
  ['apmode.toml', 5],
])('the man page %s(%i)', (name, section) => {
  const packed = () => readFileSync(at(`usr/share/man/man${section}/${name}.${section}.gz`))
  const source = () => {
    const file = join(folder, `${name}.${section}`)
    writeFileSync(file, gunzipSync(packed()))
    return file
  }

  test('is packed without the time of its packing, so that equal pages are equal', () => {
    expect([...packed().subarray(4, 8)]).toEqual([0, 0, 0, 0])
  })

  test.skipIf(!isThere('mandoc'))('is what mandoc finds nothing to complain about', () => {
    const { stdout, stderr, status } = spawnSync('mandoc', ['-Tlint', source()], { encoding: 'utf8', timeout: 30_000 })
    expect([stdout, stderr, status]).toEqual(['', '', 0])
  })

  test.skipIf(!isThere('man'))('is what groff formats without a warning', () => {
    const argv = ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', source()]
    const env = { ...process.env, LC_ALL: 'C.UTF-8', MANROFFSEQ: '', MANWIDTH: '80' }
    const { stderr, status } = spawnSync('man', argv, { encoding: 'utf8', env, timeout: 30_000 })
    expect([stderr, status]).toEqual(['', 0])
  })
})

describe('the man pages', () => {
  const read = (page: string) => {
    const [section = ''] = page.slice(-1)
    const text = gunzipSync(readFileSync(at(`usr/share/man/man${section}/${page}.gz`))).toString()
    return text.replaceAll('\\-', '-')
  }

  test('have every command with its options, as the help has it', () => {
    const page = read('apmode.8')
    const commands = [...apmode(['--help']).stdout.matchAll(/^ {2}([a-z]+)\b(?! {2}\d)/gm)].map(
      ([, word]) => word ?? '',
    )
    expect(commands.length).toBeGreaterThan(10)
    for (const word of commands.filter((one) => one !== 'apmode')) {
      expect(page).toContain(`\\fBapmode ${word}`)
      const { stdout } = apmode([word, '--help'])
      for (const [option] of stdout.matchAll(/(?<=^ {2}.*)--[a-z-]+/gm)) expect(page).toContain(option)
    }
  })

  test('have every key of the configuration', () => {
    const page = read('apmode.toml.5')
    for (const { header, shape } of SECTIONS) {
      expect(page).toContain(header)
      for (const key of Object.keys(shape)) expect(page).toContain(`\n\\fB${key}\\fR\n`)
    }
  })
})
