/**
 * The completion for bash. One function walks the words before the cursor (which command, how many arguments, does an
 * option wait for its value), and a table says what may stand there. It needs nothing of the bash-completion package, and
 * starts a process only for names that are in apmode.toml.
 */
import { allOf, type Flag, type Place, type Words } from './words.ts'

export function bashCompletion(words: Words): string {
  const all = allOf(words)
  const valued = all.flatMap((command) =>
    command.flags.filter(({ value }) => value !== null).flatMap(({ names }) => names.map((name) => at(command, name))),
  )
  return `# apmode in bash; made by "apmode completion bash".
_apmode() {
  local IFS=$' \\t\\n' cur=\${COMP_WORDS[COMP_CWORD]} path='' flag='' place=0 word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $flag ]]; then
      # "--node=host1" is three words here.
      [[ $word == = ]] || flag=''
    elif [[ $word == -* ]]; then
      case "$path $word" in
      ${patterns(valued)}) flag=$word ;;
      esac
    else
      case "$path $word" in
      ${patterns(all.slice(1).map((command) => at(command)))})
        path+=" $word"
        place=0
        ;;
      *) place=$((place + 1)) ;;
      esac
    fi
  done
  [[ -z $flag || $cur != = ]] || cur=''
  case "$path $flag" in
${all.flatMap((command) => command.flags.flatMap((flag) => valueCase(command, flag))).join('\n')}
  esac
  [[ -z $flag ]] || return 0
  if [[ $cur != -* ]]; then
    case "$path $place" in
${all.flatMap(placeCases).join('\n')}
    esac
    [[ \${#COMPREPLY[@]} -eq 0 && -z $cur ]] || return 0
  fi
  case $path in
${all.map((command) => `  '${pathOf(command)}') ${offer(command.flags.map(({ names }) => names.at(-1) ?? ''))} ;;`).join('\n')}
  esac
}

_apmode_offer() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}

_apmode_names() {
  _apmode_offer "$(command apmode __complete "$1" 2>/dev/null)"
}

_apmode_files() {
  local word
  compopt -o filenames 2>/dev/null
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$1" -- "$cur")
}

complete -F _apmode apmode
`
}

/** ` config check`: a space before each word, so that the program itself is the empty text. */
function pathOf({ path }: Words): string {
  return path.map((word) => ` ${word}`).join('')
}

function at(command: Words, word?: string): string {
  return word === undefined ? pathOf(command) : `${pathOf(command)} ${word}`
}

const patterns = (texts: readonly string[]): string => texts.map((text) => `'${text}'`).join(' | ')

const offer = (words: readonly string[]): string => `_apmode_offer '${words.join(' ')}'`

function offers({ words, source }: Place): string {
  const parts = words.length === 0 ? [] : [offer(words)]
  switch (source) {
    case null:
      break
    case 'files':
      parts.push('_apmode_files -f')
      break
    case 'folders':
      parts.push('_apmode_files -d')
      break
    case 'nodes':
    case 'units':
    case 'interfaces':
      parts.push(`_apmode_names ${source}`)
      break
  }
  return parts.join('; ')
}

function valueCase(command: Words, { names, value }: Flag): string[] {
  const body = value === null ? '' : offers(value)
  return body === '' ? [] : [`  ${patterns(names.map((name) => at(command, name)))}) ${body} ;;`]
}

function placeCases(command: Words): string[] {
  const inner = command.commands.map(({ path }) => path.at(-1) ?? '')
  if (inner.length > 0) return [`    '${at(command, '0')}') ${offer(inner)} ;;`]
  return command.places.flatMap((place, index) => {
    const body = offers(place)
    if (body === '') return []
    // A repeated one is the last: it stands at every place from here on.
    const onwards = `'${pathOf(command)} '[${index}-9] | '${pathOf(command)} '[1-9][0-9]`
    const pattern = place.repeated ? onwards : `'${at(command, String(index))}'`
    return [`    ${pattern}) ${body} ;;`]
  })
}
