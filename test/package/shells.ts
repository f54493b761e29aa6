/**
 * What three real shells offer at a TAB, each asked in its own way, without a terminal of anybody's: bash through the
 * function that it would call, zsh in a terminal of its own (zpty), fish through `complete -C`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Shelf {
  /** The folder with what is on the PATH: `apmode`. */
  readonly bin: string
  /** The package's files, below the root folder of the machine. */
  readonly files: (path: string) => string
  readonly environment: Readonly<Record<string, string>>
}

const LIMIT_MS = 30_000

function run(shelf: Shelf, command: string, args: readonly string[]): string {
  const env = {
    PATH: `${shelf.bin}:/usr/bin:/bin`,
    HOME: shelf.bin,
    LC_ALL: 'C.UTF-8',
    TERM: 'dumb',
    ...shelf.environment,
  }
  return execFileSync(command, args, { encoding: 'utf8', env, timeout: LIMIT_MS })
}

const linesOf = (text: string): string[] => [...new Set(text.split('\n').filter((line) => line !== ''))].sort()

/** Splits the line as readline does: at blanks, and `=` is a word. */
const BASH = `
source "$1"
read -ra COMP_WORDS <<< "\${2//=/ = }"
[[ $2 != *[\\ =] ]] || COMP_WORDS+=('')
[[ $2 != *= ]] || unset 'COMP_WORDS[-1]'
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_apmode 2>&1
printf '%s\\n' "\${COMPREPLY[@]}"
`

/** What is offered is written down where zsh would show it; then the line is replaced by `exit`, which ends it all. */
const ZSH = `
zmodload zsh/zpty
zpty z "zsh -f -i"
zpty -w z "fpath=($1:h \\$fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=9999"
zpty -w z 'compadd() {
  [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]] || { builtin compadd "$@"; return }
  local -a offered; builtin compadd -A offered "$@"
  (( $#offered == 0 )) || print -rl -- $offered >> '$3'; builtin compadd "$@" }'
zpty -w z 'tab() { zle list-choices; BUFFER=exit; zle accept-line }; zle -N tab'
zpty -w z "bindkey '^I' tab"
zpty -w -n z "$2"$'\\t'
while zpty -r z line; do :; done
zpty -d z
`

export function offeredBy(shell: 'bash' | 'zsh' | 'fish', shelf: Shelf, line: string): string[] {
  switch (shell) {
    case 'bash': {
      const file = shelf.files('usr/share/bash-completion/completions/apmode')
      return linesOf(run(shelf, 'bash', ['--norc', '-c', BASH, 'bash', file, line]))
    }
    case 'fish': {
      const file = shelf.files('usr/share/fish/vendor_completions.d/apmode.fish')
      const script = 'source $argv[1]; complete -C $argv[2]'
      const said = run(shelf, 'fish', ['--no-config', '--private', '-c', script, file, line])
      // Behind the word, after a tab, is its description.
      return linesOf(said.replace(/\t.*$/gm, '').replace(/^--\w+=/gm, ''))
    }
    case 'zsh': {
      const folder = mkdtempSync(join(tmpdir(), 'apmode-zsh-'))
      try {
        const offered = join(folder, 'offered')
        writeFileSync(offered, '')
        const file = shelf.files('usr/share/zsh/vendor-completions/_apmode')
        run(shelf, 'zsh', ['-f', '-c', ZSH, 'zsh', file, line, offered])
        return linesOf(readFileSync(offered, 'utf8'))
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
  }
}
