/**
 * The completion for zsh: a function for each command, with `_arguments` doing the work, so that descriptions and
 * "given already" come for free. Names of apmode.toml are asked for when they are needed.
 */
import { allOf, type Flag, nameOf, type Place, type Words } from './words.ts'

export function zshCompletion(words: Words): string {
  return `#compdef apmode
# apmode in zsh; made by "apmode completion zsh".

# _arguments puts its own words before ours.
_apmode_names() {
  local -a names
  names=(\${(f)"$(_call_program names apmode __complete $@[-1] 2>/dev/null)"})
  compadd "\${(@)@[1,-2]}" -a names
}

${allOf(words).map(functionOf).join('\n')}
if [ "$funcstack[1]" = "_apmode" ]; then
  _apmode "$@"
else
  compdef _apmode apmode
fi
`
}

const functionName = ({ path }: Words): string => ['_apmode', ...path].join('_')

function functionOf(command: Words): string {
  const flags = command.flags.map(flagSpec)
  if (command.commands.length === 0) {
    const specs = [...flags, ...command.places.map(placeSpec)]
    return `${functionName(command)}() {\n  _arguments -s -S ${specs.map((spec) => `\\\n    ${spec}`).join(' ')}\n}\n`
  }
  const inner = command.commands.map((one) => `    ${quoted(`${nameOf(one)}:${colons(one.summary)}`)}`)
  const cases = command.commands.map((one) => `      (${nameOf(one)}) ${functionName(one)} ;;`)
  return `${functionName(command)}() {
  local curcontext="$curcontext" state state_descr line
  typeset -A opt_args
  local -a commands
  commands=(
${inner.join('\n')}
  )
  _arguments -C -S ${flags.map((flag) => `\\\n    ${flag}`).join(' ')} \\
    '1: :->command' \\
    '*:: :->rest'
  case $state in
    (command) _describe -t commands 'command' commands ;;
    (rest)
      curcontext="\${curcontext%:*}-$line[1]:"
      case $line[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}
`
}

function flagSpec({ names, summary, value }: Flag): string {
  const rest = `[${brackets(summary)}]${value === null ? '' : `:${colons(value.name)}:${actionOf(value)}`}`
  // With "=" zsh takes both forms, `--node host1` and `--node=host1`.
  const spelled = names.map((name) => (value !== null && name.startsWith('--') ? `${name}=` : name))
  const often = value?.repeated === true ? '*' : ''
  if (spelled.length < 2) return quoted(`${often}${spelled[0]}${rest}`)
  return `'(${names.join(' ')})'{${spelled.join(',')}}${quoted(rest)}`
}

function placeSpec(place: Place): string {
  return quoted(`${place.repeated ? '*' : ''}:${colons(place.name)}:${actionOf(place)}`)
}

function actionOf({ words, source }: Place): string {
  const fixed = words.length === 0 ? [] : [`(${words.join(' ')})`]
  switch (source) {
    case null:
      return fixed.join('')
    case 'files':
      return '_files'
    case 'folders':
      return '_files -/'
    case 'nodes':
    case 'units':
    case 'interfaces':
      // Both at once: zsh's _alternative takes a list of kinds.
      return words.length === 0
        ? `_apmode_names ${source}`
        : `{_alternative "words:word:${fixed.join('')}" "names:name:_apmode_names ${source}"}`
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const colons = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll(':', '\\:')
const brackets = (text: string): string => colons(text).replaceAll('[', '\\[').replaceAll(']', '\\]')
