/**
 * The command line, as a table of commands: words, help and examples here, the work behind them. Invariant: `run` never
 * exits and never throws; it resolves with one of the exit codes, and with --json stdout holds one JSON value whatever
 * happens.
 */
import { Argument, Command, CommanderError, Option } from 'commander'
import { CHECKS } from '../core/checks.ts'
import { VERSION } from '../host/version.ts'
import { mode, NOTIFY_STATES, PLANNED, plan, planRequestOf, status } from './ask.ts'
import { addChanging } from './changing.ts'
import { CHECK_TIMEOUT_MS, check } from './check.ts'
import { completing } from './completion/hints.ts'
import { type Context, contextOf, printJson } from './context.ts'
import { doctor } from './doctor.ts'
import { EXIT, EXIT_CODES_TEXT, type Exit, Failure } from './exit.ts'
import { addHistoryOptions, HISTORY_EXAMPLE, HISTORY_SUMMARY, history } from './history.ts'
import { addInitOptions, INIT_EXAMPLE, INIT_SUMMARY, runInit } from './init/command.ts'
import { NOTIFY_TIMEOUT_MS, notify } from './notify.ts'
import { completion, configCheck, RENDERED, render, SHELLS, table } from './offline.ts'
import { realTerminal, type Terminal } from './terminal.ts'

const ASKING = 'Ask:'
const KEEPALIVED = 'For keepalived:'
const SETTING_UP = 'Set up:'

export async function run(argv: readonly string[], terminal: Terminal = realTerminal()): Promise<number> {
  const context = contextOf(terminal)
  let exit: Exit = EXIT.done
  const program = programOf(context, (code) => {
    exit = code
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exit
  } catch (error) {
    // commander has already said what it found; help and --version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    return failed(context, error, argv.includes('--json'))
  }
}

function failed(context: Context, error: unknown, json: boolean): Exit {
  const exit = error instanceof Failure ? error.exit : EXIT.failed
  const sentence = error instanceof Error ? error.message : String(error)
  if (json) printJson(context, { exit, sentence })
  context.terminal.err(`apmode: ${sentence}\n`)
  return exit
}

/** The commands with their words; nothing runs before it is parsed. Completions and man pages are made from it too. */
export function programOf(context: Context, end: (exit: Exit) => void): Command {
  const { terminal } = context
  const program = new Command('apmode')
    .description(
      'Keeps this machine of a highly available pair in its mode: keepalived, systemd and MariaDB made to agree.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command, with an example')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .addHelpText(
      'after',
      `\n${EXIT_CODES_TEXT}\n\nExample:\n  apmode status          where this machine stands, and what to do next\n  apmode set m --now     maintenance: stop everything, and keep it stopped`,
    )
  const command = (words: string, group: string, summary: string, example: string): Command =>
    program.command(words).helpGroup(group).description(summary).addHelpText('after', `\nExample:\n${example}`)
  const act =
    <Args extends unknown[]>(action: (...args: Args) => Promise<Exit>) =>
    async (...args: Args) =>
      end(await action(...args))

  const json = () => new Option('--json', 'print one JSON value on stdout and nothing else')

  addChanging({ command, act, context, json })

  command(
    'status',
    ASKING,
    'Where this machine stands, and what to do next.',
    '  apmode status\n  apmode status --watch            live, until Ctrl-C\n  apmode status --json | jq .fit',
  )
    .option('--watch', 'show it live, until Ctrl-C; with --json one line for each change')
    .addOption(json())
    .action(act((options) => status(context, options)))

  command('mode', ASKING, 'Print the mode: ap, or "being m" while changing.', '  apmode mode')
    .addOption(json())
    .action(act((options) => mode(context, options)))

  addHistoryOptions(command('history', ASKING, HISTORY_SUMMARY, HISTORY_EXAMPLE), json).action(
    act((options) => history(context, options)),
  )

  command(
    'doctor',
    ASKING,
    'Look for what is wrong, or will be at the next failover, and say what mends it. Needs no supervisor; changes nothing.',
    '  apmode doctor              exit 1 where there is an error\n  apmode doctor --json | jq \'.findings[] | select(.severity != "ok")\'\n  apmode doctor --list       what is checked, and why',
  )
    .option('--list', 'say what is checked and why, and look at nothing')
    .addOption(json())
    .action(act((options) => doctor(context, options)))

  command(
    'plan',
    ASKING,
    'What a command or an event would do here now, as D-Bus calls and SQL. Changes nothing.',
    '  apmode plan handover\n  apmode plan set m --now\n  apmode plan notify master',
  )
    .addArgument(
      completing(
        new Argument('<words...>', 'set <mode>, handover, rejoin, reclone, notify <state>, start, stop or restart'),
        { next: PLANNED },
      ),
    )
    .option('--now', 'as for set')
    .option('--force', 'as for set, rejoin and reclone')
    .option('--kill', 'as for handover')
    .option('--physical', 'as for reclone')
    .option('--keep-old', 'as for reclone')
    .addOption(json())
    .action(act(async (words: string[], options) => plan(context, planRequestOf(words, options), options)))

  command(
    'notify',
    KEEPALIVED,
    "Tell the supervisor what keepalived says; ends as soon as it is accepted. Also takes keepalived's own four words.",
    '  apmode notify master\n  apmode notify INSTANCE VI_1 FAULT 0\n  notify "/usr/bin/apmode notify"      in keepalived.conf',
  )
    .addArgument(
      completing(new Argument('<words...>', 'master, backup, fault or stop; or INSTANCE <name> <STATE> <priority>'), {
        words: NOTIFY_STATES,
      }),
    )
    .option('--timeout <seconds>', 'how long to wait', String(NOTIFY_TIMEOUT_MS / 1000))
    .action(
      act((words: string[]) =>
        notify({ words, timeoutMs: NOTIFY_TIMEOUT_MS, json: false }, context.client.socketPath, terminal.err),
      ),
    )

  command(
    'check',
    KEEPALIVED,
    'Exit 0 when all that is named is well. Without a name: is there a supervisor that works (on the holder of the VIP always 0).',
    '  apmode check router api\n  apmode check nginx.service\n  script "/usr/bin/apmode check"       in keepalived.conf, vrrp_script',
  )
    .addArgument(
      completing(new Argument('[what...]', `one of ${CHECKS.join(', ')}, or the name of a service unit`), {
        words: CHECKS,
        source: 'units',
      }),
    )
    .option('--timeout <seconds>', 'how long to wait', String(CHECK_TIMEOUT_MS / 1000))
    .addOption(json())
    .action(
      act((words: string[], options) =>
        check(
          { words, timeoutMs: CHECK_TIMEOUT_MS, json: options.json === true },
          terminal.environment,
          context.client.socketPath,
          terminal.out,
        ),
      ),
    )

  addInitOptions(command('init', SETTING_UP, INIT_SUMMARY, INIT_EXAMPLE), json).action(
    act((options) => runInit(context, options)),
  )

  command(
    'render',
    SETTING_UP,
    "Write keepalived's or MariaDB's configuration, or the grants, from apmode.toml to stdout.",
    '  apmode render keepalived >/etc/keepalived/keepalived.conf\n  apmode render mariadb --node host2\n  apmode render grants | mariadb      the password is shown only in a pipe',
  )
    .addArgument(new Argument('<what>', 'what to write').choices(RENDERED))
    .option('--node <node>', 'for this machine of the configuration')
    .action(act((what: (typeof RENDERED)[number], options) => render(context, what, options)))

  command(
    'table',
    SETTING_UP,
    'Print the decision table: what holds in which mode, role and VRRP state.',
    '  apmode table',
  ).action(act(() => table(context)))

  const config = command('config', SETTING_UP, 'About /etc/apmode/apmode.toml.', '  apmode config check').helpCommand(
    false,
  )
  config
    .command('check')
    .description('Say every fault of the configuration, each with its line (exit 2).')
    .argument('[file]', 'another file than /etc/apmode/apmode.toml')
    .addOption(json())
    .addHelpText('after', '\nExample:\n  apmode config check ./apmode.toml')
    .action(act((file: string | undefined, options) => configCheck(context, file, options)))

  command(
    'completion',
    SETTING_UP,
    'Print the completion for a shell. The package brings all three.',
    '  source <(apmode completion bash)      for this shell alone',
  )
    .addArgument(new Argument('<shell>', 'for which shell').choices(SHELLS))
    .action(act((shell: (typeof SHELLS)[number]) => completion(context, program, shell)))

  command(
    'supervise',
    SETTING_UP,
    'Run the supervisor; systemd does that (apmode.service).',
    '  systemctl start apmode.socket',
  ).action(
    act(async () => {
      const { supervise } = await import('../host/main.ts')
      return (await supervise()) === 0 ? EXIT.done : EXIT.failed
    }),
  )
  return program
}
