/**
 * apmode(8), made from the same program as `--help`: its commands, arguments, options, examples and exit codes. Only what
 * is about no command (modes, files) is written here. Pure but for reading the program.
 */
import type { Argument, Command, Help, Option } from 'commander'
import { CONFIG_PATH, NODE_PATH } from '../../src/adapters/config-file.ts'
import { TOP } from '../../src/core/config/schema.ts'
import { EXIT_CODES_TEXT } from '../../src/face/exit.ts'
import { PATHS } from '../../src/host/paths.ts'
import { bold, example, head, italic, type PageFacts, paragraph, tagged } from './roff.ts'

/** An option that so many commands have, with the same words, is explained once. */
const COMMON = 4

/** `helpOf`: what `--help` prints for a command. */
export function apmodePage(
  program: Command,
  helpOf: (command: Command) => string,
  { version, when }: Pick<PageFacts, 'version' | 'when'>,
): string {
  const help = program.createHelp()
  const commands = leavesOf(program, help)
  const common = commonOptions(commands, help)
  const groups = [...new Set(commands.map(({ group }) => group))]
  const facts = { name: 'apmode', section: 8, summary: 'supervisor of a highly available pair', version, when }
  const lines = [
    ...head(facts, 'System Administration'),
    '.SH SYNOPSIS',
    `${bold('apmode')} ${italic('command')} [${italic('argument')} ...] [${italic('option')} ...]`,
    '.SH DESCRIPTION',
    ...paragraph(program.description()),
    '.PP',
    ...paragraph(
      'Two machines run the same services: a database (MariaDB), an API server and a router (keepalived), which gives ' +
        'one of them the virtual IP. The supervisor on each machine knows the mode of its machine, hears what keepalived ' +
        'says and does what is missing; these commands ask it, or tell it what the operator wants.',
    ),
    '.SH MODES',
    ...tagged(
      bold('ap'),
      'Active-standby, a member of the pair. At boot nothing starts: `apmode start`, or `apmode rejoin`.',
    ),
    ...tagged(bold('s'), 'Standalone: this machine serves, the other one has failed. At boot everything starts.'),
    ...tagged(bold('m'), 'Maintenance: read-only, without the virtual IP, and everything masked.'),
    ...tagged(bold('unset'), 'Before the first `apmode set`: everything stays as it is.'),
    '.SH COMMANDS',
    ...groups.flatMap((group) => [
      `.SS ${group.replace(/:$/, '')}`,
      ...commands
        .filter((leaf) => leaf.group === group)
        .flatMap((leaf) => commandLines(leaf, help, common, examplesOf(helpOf(leaf.command)))),
    ]),
    '.SH OPTIONS',
    ...paragraph('These mean the same wherever they are accepted.'),
    ...common.flatMap((option) => optionLines(option, help)),
    ...tagged(optionTag('-V, --version'), 'Print the version.'),
    '.SH EXIT STATUS',
    ...[...EXIT_CODES_TEXT.matchAll(/^ +(\d) +(.*)$/gm)].flatMap(([, code = '', what = '']) =>
      tagged(bold(code), sentence(what)),
    ),
    '.SH ENVIRONMENT',
    ...tagged(bold('NO_COLOR'), 'When it is set, nothing is coloured; neither is what does not go to a terminal.'),
    ...tagged(bold('APMODE_CONFIG'), `Another configuration than \`${CONFIG_PATH}\`.`),
    ...tagged(bold('APMODE_SOCKET'), `Where the supervisor listens, when that is not \`${PATHS.socket}\`.`),
    '.SH FILES',
    ...tagged(italic(CONFIG_PATH), 'The configuration, the same on both machines: apmode.toml(5).'),
    ...tagged(italic(NODE_PATH), "This machine's name in the configuration, when that is not its host name."),
    ...tagged(italic(TOP.mode_file.fallback ?? ''), 'The mode: one line, `ap`, `m` or `s`; `being m` while changing.'),
    ...tagged(italic(PATHS.history), 'One line for each decision, for `apmode history`.'),
    ...tagged(italic(PATHS.socket), 'The control socket: HTTP with JSON, root alone.'),
    ...tagged(italic(PATHS.fifo), "keepalived's events."),
    ...tagged(italic(PATHS.unfit), 'What keepalived is told: 1, this machine may not carry the virtual IP.'),
    '.SH SEE ALSO',
    '.BR apmode.toml (5),',
    '.BR keepalived (8),',
    '.BR keepalived.conf (5),',
    '.BR systemctl (1),',
    '.BR mariadbd (8)',
  ]
  return `${lines.join('\n')}\n`
}

interface Leaf {
  readonly command: Command
  readonly path: string
  readonly group: string
}

/** The commands that do something: `config check`, not `config`. */
function leavesOf(program: Command, help: Help): Leaf[] {
  return help.visibleCommands(program).flatMap((command) => {
    const group = command.helpGroup()
    const inner = help.visibleCommands(command)
    if (inner.length === 0) return [{ command, path: `apmode ${command.name()}`, group }]
    return inner.map((one) => ({ command: one, path: `apmode ${command.name()} ${one.name()}`, group }))
  })
}

const sameWords = (option: Option): string => `${option.flags}: ${option.description}`

function commonOptions(commands: readonly Leaf[], help: Help): Option[] {
  const all = commands.flatMap(({ command }) => help.visibleOptions(command))
  const count = (option: Option) => all.filter((other) => sameWords(other) === sameWords(option)).length
  return all.filter(
    (option, index) =>
      count(option) >= COMMON && all.findIndex((one) => sameWords(one) === sameWords(option)) === index,
  )
}

function commandLines(
  { command, path }: Leaf,
  help: Help,
  common: readonly Option[],
  examples: readonly string[],
): string[] {
  const options = help.visibleOptions(command).filter((option) => option.long !== '--help')
  const places = command.registeredArguments.map((argument) => placeholder(argument))
  const flags = options.map((option) => `[${optionTag(option.flags)}]`)
  const own = options.filter((option) => !common.some((other) => sameWords(other) === sameWords(option)))
  const explained = command.registeredArguments.filter(({ description }) => description !== '')
  return [
    '.TP',
    [bold(path), ...places, ...flags].join(' '),
    ...paragraph(command.description()),
    '.RS',
    ...explained.flatMap((argument) => tagged(italic(argument.name()), sentence(help.argumentDescription(argument)))),
    ...own.flatMap((option) => optionLines(option, help)),
    '.PP',
    ...examples,
    '.RE',
  ]
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
}

function placeholder(argument: Argument): string {
  const name = `${italic(argument.name())}${argument.variadic ? ' ...' : ''}`
  return argument.required ? name : `[${name}]`
}

function optionLines(option: Option, help: Help): string[] {
  return tagged(optionTag(option.flags), sentence(help.optionDescription(option)))
}

/** `-t, --timeout <seconds>`: the names bold, the value in italics. */
function optionTag(flags: string): string {
  return flags
    .split(/(, | )/)
    .map((part) => (/^[<[]/.test(part) ? italic(part.slice(1, -1)) : part.startsWith('-') ? bold(part) : part))
    .join('')
}

/** What the help shows last. */
function examplesOf(shownHelp: string): string[] {
  const [, text] = shownHelp.split('\nExample:\n')
  return text === undefined ? [] : example(text.replace(/^ {2}/gm, ''))
}
