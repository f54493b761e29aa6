/**
 * Everything that can be typed after `apmode`, as data, read off the program that also makes the help: so that a new
 * command or option is completed by every shell without anybody thinking of it. Hidden commands are not in it. Pure.
 */
import type { Argument, Command, Option } from 'commander'
import { type Hint, hintOf, type Source } from './hints.ts'

/** One argument, or the value of an option. */
export interface Place {
  readonly name: string
  readonly summary: string
  readonly words: readonly string[]
  readonly source: Source | null
  readonly repeated: boolean
}

export interface Flag {
  /** `-h`, `--help`: the short one first. */
  readonly names: readonly string[]
  readonly summary: string
  /** null: it takes no value. */
  readonly value: Place | null
}

export interface Words {
  /** From the program on: `[]`, `['config', 'check']`. */
  readonly path: readonly string[]
  readonly summary: string
  readonly flags: readonly Flag[]
  readonly places: readonly Place[]
  readonly commands: readonly Words[]
}

export function wordsOf(command: Command, path: readonly string[] = []): Words {
  const help = command.createHelp()
  const options = help.visibleOptions(command)
  const own = help.visibleCommands(command).map((inner) => wordsOf(inner, [...path, inner.name()]))
  const [language] = command.registeredArguments
  const next = Object.entries((language && hintOf(language, language.name()).next) ?? {})
  const bound = new Set(next.flatMap(([, { flags }]) => flags))
  const spoken = next.map(([word, { words, flags }]): Words => {
    const fitting = options.filter(
      (option) => !bound.has(option.attributeName()) || flags.includes(option.attributeName()),
    )
    const places = words.length === 0 ? [] : [{ name: 'word', summary: word, words, source: null, repeated: false }]
    return { path: [...path, word], summary: `apmode ${word}`, flags: fitting.map(flagOf), places, commands: [] }
  })
  return {
    path,
    summary: sentenceOf(help.subcommandDescription(command)),
    flags: options.map(flagOf),
    places: spoken.length > 0 ? [] : command.registeredArguments.map(placeOfArgument),
    commands: [...own, ...spoken],
  }
}

/** The command itself and all below it, a command before its own. */
export function allOf(words: Words): readonly Words[] {
  return [words, ...words.commands.flatMap(allOf)]
}

export function nameOf({ path }: Words): string {
  return path.at(-1) ?? 'apmode'
}

/** The first one: a shell shows it in one line. */
function sentenceOf(text: string): string {
  return text.split(/\.\s|;\s|\.$/)[0] ?? ''
}

function placeOfArgument(argument: Argument): Place {
  const hint = hintOf(argument, argument.name())
  return place(argument.name(), argument.description, hint, argument.variadic)
}

function flagOf(option: Option): Flag {
  const names = [option.short, option.long].filter((name) => name !== undefined)
  const [, placeholder] = /[<[]([^\]>.]+)/.exec(option.flags) ?? []
  const value =
    placeholder === undefined
      ? null
      : place(placeholder, option.description, hintOf(option, placeholder), option.variadic)
  return { names, summary: sentenceOf(option.description), value }
}

function place(name: string, summary: string, { words = [], source }: Hint, repeated: boolean): Place {
  return { name, summary, words, source: source ?? null, repeated }
}
