/**
 * The completion for fish: one function that says where the cursor is, and a line for each thing that may stand there.
 * Names of apmode.toml are asked for when they are needed.
 */
import { allOf, type Flag, nameOf, type Place, type Words } from './words.ts'

export function fishCompletion(words: Words): string {
  const all = allOf(words)
  const valued = all.flatMap((command) =>
    command.flags
      .filter(({ value }) => value !== null)
      .flatMap(({ names }) => names.map((name) => [...command.path, name].join(' '))),
  )
  return `# apmode in fish; made by "apmode completion fish".

# Is the cursor behind this command, and at this argument ("2", or "2+" for it and all that follow)?
function __apmode_at --argument-names wanted place
    set -l valued ${list(valued)}
    set -l commands ${list(all.slice(1).map(({ path }) => path.join(' ')))}
    set -l path
    set -l count 0
    set -l value 0
    for word in (commandline -opc)[2..]
        if test $value = 1
            set value 0
        else if string match -q -- '-*' $word
            contains -- (string join ' ' -- $path $word) $valued
            and set value 1
        else if contains -- (string join ' ' -- $path $word) $commands
            set -a path $word
            set count 0
        else
            set count (math $count + 1)
        end
    end
    test "$wanted" = (string join ' ' -- $path | string collect --allow-empty)
    or return 1
    switch "$place"
        case ''
            return 0
        case '*+'
            test $count -ge (string trim --right --chars + -- $place)
        case '*'
            test $count -eq $place
    end
end

complete -c apmode -f
${all.flatMap(linesOf).join('\n')}
`
}

function linesOf(command: Words): string[] {
  const path = command.path.join(' ')
  const here = (place: string) => `complete -c apmode -n ${quoted(`__apmode_at ${quoted(path)}${place}`)}`
  const commands = command.commands.map((one) => `${here(' 0')} -a ${quoted(nameOf(one))} -d ${quoted(one.summary)}`)
  const places = command.places.flatMap((place, index) =>
    offers(place).map((offer) => `${here(` ${index}${place.repeated ? '+' : ''}`)} ${offer}`),
  )
  return [...commands, ...places, ...command.flags.map((flag) => `${here('')} ${flagWords(flag)}`)]
}

function flagWords({ names, summary, value }: Flag): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  // -x: the value follows, and files are not offered for it; -r: files may be.
  const offered = value === null ? [] : [value.source === 'files' ? '-r' : '-x', ...offers(value)]
  return [...flags, ...offered, `-d ${quoted(summary)}`].join(' ')
}

function offers({ words, source }: Place): string[] {
  const fixed = words.length === 0 ? [] : [`-a ${quoted(words.join(' '))}`]
  switch (source) {
    case null:
      return fixed
    case 'files':
      return [...fixed, '-F']
    case 'folders':
      return [...fixed, `-a '(__fish_complete_directories)'`]
    case 'nodes':
    case 'units':
    case 'interfaces':
      return [`-a ${quoted([...words, `(command apmode __complete ${source} 2>/dev/null)`].join(' '))}`]
  }
}

const list = (texts: readonly string[]): string => texts.map(quoted).join(' ')
/** In fish a backslash and a quote are all that a single-quoted text cannot hold as they are. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
