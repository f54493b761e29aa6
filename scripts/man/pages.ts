/**
 * The man pages and the completions: everything that is made from the program itself, as files of the package.
 * Usage: scripts/man/pages.ts FOLDER   (writes the pages there, to look at: man -l FOLDER/apmode.8)
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { programOf } from '../../src/face/cli.ts'
import { renderCompletion } from '../../src/face/completion/render.ts'
import { contextOf } from '../../src/face/context.ts'
import type { Terminal } from '../../src/face/terminal.ts'
import { packageVersion, ROOT } from '../build.ts'
import { apmodePage } from './apmode-8.ts'
import { configurationPage } from './apmode-toml-5.ts'

export interface Words {
  /** Without its folder: `apmode.8`. */
  readonly pages: Readonly<Record<string, string>>
  readonly completions: Readonly<Record<'bash' | 'zsh' | 'fish', string>>
}

export function wordsOfPackage(version: string, when: Date): Words {
  let said = ''
  const out = (text: string) => {
    said += text
  }
  const paper: Terminal = { out, err: out, outIsTerminal: false, errIsTerminal: false, width: 80, environment: {} }
  const program = programOf(contextOf(paper), () => {})
  const helpOf = (command: Command) => {
    said = ''
    command.outputHelp()
    return said
  }
  const toml = readFileSync(join(ROOT, 'scripts/deb/apmode.toml'), 'utf8')
  return {
    pages: {
      'apmode.8': apmodePage(program, helpOf, { version, when }),
      'apmode.toml.5': configurationPage(toml, { version, when }),
    },
    completions: {
      bash: renderCompletion(program, 'bash'),
      zsh: renderCompletion(program, 'zsh'),
      fish: renderCompletion(program, 'fish'),
    },
  }
}

if (import.meta.main) {
  const [folder = 'dist/man'] = process.argv.slice(2)
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(wordsOfPackage(packageVersion(), new Date()).pages)) {
    writeFileSync(join(folder, name), text)
  }
}
