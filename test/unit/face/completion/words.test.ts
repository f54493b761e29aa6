import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { programOf } from '../../../../src/face/cli.ts'
import { interfacesOf, namesIn } from '../../../../src/face/completion/names.ts'
import { renderCompletion } from '../../../../src/face/completion/render.ts'
import { allOf, wordsOf } from '../../../../src/face/completion/words.ts'
import { contextOf } from '../../../../src/face/context.ts'
import { SHELLS } from '../../../../src/face/offline.ts'
import { realTerminal } from '../../../../src/face/terminal.ts'

const program = programOf(contextOf(realTerminal()), () => {})
const words = wordsOf(program)
const at = (...path: string[]) => allOf(words).find((one) => one.path.join(' ') === path.join(' '))

describe('the words that a shell offers', () => {
  test('are the visible commands of the program, and each has its options', () => {
    const commands = program.createHelp().visibleCommands(program)
    expect(words.commands.map(({ path }) => path.join(' '))).toEqual(commands.map((command) => command.name()))
    for (const command of commands) {
      const flags = at(command.name())?.flags.flatMap(({ names }) => names) ?? []
      for (const { long, short } of command.options) expect(flags).toContain(long ?? short)
      expect(flags).toContain('--help')
    }
  })

  test('are the modes for set, and the names of apmode.toml for nodes and units', () => {
    expect(at('set')?.places).toMatchObject([{ words: ['ap', 'm', 's'] }])
    expect(at('render')?.flags.find(({ names }) => names.includes('--node'))?.value).toMatchObject({ source: 'nodes' })
    expect(at('check')?.places).toMatchObject([{ source: 'units', repeated: true }])
    expect(at('config', 'check')?.places).toMatchObject([{ source: 'files' }])
    const asked = at('init')?.flags.find(({ names }) => names.includes('--interface'))?.value
    expect(asked).toMatchObject({ source: 'interfaces' })
  })

  test('follow what is planned: after plan set a mode, and only the options of set', () => {
    expect(at('plan', 'set')?.places).toMatchObject([{ words: ['ap', 'm', 's'] }])
    const flags = at('plan', 'set')?.flags.flatMap(({ names }) => names)
    expect(flags).toEqual(expect.arrayContaining(['--now', '--force', '--json']))
    expect(flags).not.toContain('--kill')
  })

  test.each(SHELLS)('are complete for %s: a new command with a choice needs nothing more', (shell) => {
    const other = new Command('apmode')
    other.command('tea').description('Make tea.').option('--cup <node>', 'for whom').argument('<kind>', 'which')
    const text = renderCompletion(other, shell)
    for (const word of ['tea', 'cup', 'nodes']) expect(text).toContain(word)
  })
})

describe('names', () => {
  let folder = ''
  let env: NodeJS.ProcessEnv = {}
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'apmode-names-'))
    env = { APMODE_CONFIG: join(folder, 'apmode.toml') }
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const write = (text: string) => writeFileSync(join(folder, 'apmode.toml'), text)

  test('are read also from a configuration that has other faults', () => {
    write(
      'codenam = 5\n[[node]]\nname = "host1"\n[[node]]\nname = 7\n[[unit]]\nname = "nginx.service"\nkind = "none"\n',
    )
    expect(namesIn(env, 'nodes')).toEqual(['host1'])
    expect(namesIn(env, 'units')).toEqual(['nginx.service'])
  })

  test.each([
    ['no file', null],
    ['a syntax error', '[[node]\nname ='],
    ['something else', 'node = 5'],
    ['a name that a shell would run', '[[node]]\nname = "$(reboot)"'],
  ])('of %s are none, without a word', (_what, text) => {
    if (text !== null) write(text)
    expect(namesIn(env, 'nodes')).toEqual([])
  })

  test('of interfaces are those that reach another machine', () => {
    const address = { address: '192.0.2.1', netmask: '', family: 'IPv4' as const, mac: '', cidr: null }
    const found = { lo: [{ ...address, internal: true }], eth0: [{ ...address, internal: false }], down: undefined }
    expect(interfacesOf(found)).toEqual(['eth0'])
  })

  test('of anything else are none', () => {
    write('[[node]]\nname = "host1"\n')
    expect([namesIn(env, 'passwords'), namesIn(env, undefined)]).toEqual([[], []])
  })
})
