/** The commands that change something, as a table: words, help and examples; the work behind them is `change.ts`. */
import { Argument, type Command, Option } from 'commander'
import { MODES } from '../core/vocabulary.ts'
import { UNIT_COMMANDS } from '../ports/control.ts'
import { bootstrap, COMMAND_TIMEOUT, handover, reclone, rejoin, set, units } from './change.ts'
import { completing } from './completion/hints.ts'
import type { Context } from './context.ts'
import type { Exit } from './exit.ts'

const CHANGING = 'Change something:'

/** What `cli.ts` makes commands with. */
export interface Table {
  readonly command: (words: string, group: string, summary: string, example: string) => Command
  readonly act: <Args extends unknown[]>(action: (...args: Args) => Promise<Exit>) => (...args: Args) => Promise<void>
  readonly context: Context
  readonly json: () => Option
}

export function addChanging({ command, act, context, json }: Table): void {
  const timeout = () =>
    new Option('--timeout <seconds>', 'how long to wait; what is not done by then goes on (exit 5)').default(
      COMMAND_TIMEOUT,
    )

  command(
    'set',
    CHANGING,
    'Decide the mode: ap (active-standby), m (maintenance) or s (standalone).',
    '  apmode set ap --now        take part in the pair and start every service\n  apmode set m --dry-run     only show what it would do',
  )
    .addArgument(new Argument('<mode>', 'the mode').choices(MODES))
    .option('--now', 'also start (ap, s) or stop (m) every service unit')
    .option('--force', 'do it although a guard refuses; the responsibility is yours')
    .option('--dry-run', 'show what would be done, change nothing')
    .addOption(timeout())
    .addOption(json())
    .action(
      act(async (word: (typeof MODES)[number], options) =>
        set(context, { mode: word, now: options.now === true, force: options.force === true }, options),
      ),
    )

  command(
    'handover',
    CHANGING,
    'The other machine takes over on purpose, and both stay in ap. On the machine that serves; undone when it cannot finish.',
    '  apmode handover --dry-run       what would be checked and done\n  apmode handover                 writes wait for about a tenth of a second\n  apmode handover --timeout 2     undone when it takes longer',
  )
    .option('--kill', 'end what holds it up: transactions that wrote, table locks')
    .option('--dry-run', 'show what would be checked and done, change nothing')
    .option('--timeout <seconds>', 'for the whole; then this machine goes on serving (default: handover_timeout, 10)')
    .addOption(json())
    .action(act((options) => handover(context, options)))

  command(
    'rejoin',
    CHANGING,
    'The way back of a machine that fell out: start the database as a replica, catch up, stand by.',
    '  apmode rejoin --dry-run\n  apmode rejoin                   says what is left to do on the other machine',
  )
    .option('--force', 'although apmode.toml is not the same on both machines')
    .option('--dry-run', 'show what would be checked and done, change nothing')
    .option('--timeout <seconds>', 'how long to wait for the data; it goes on catching up (exit 5)')
    .addOption(json())
    .action(act((options) => rejoin(context, options)))

  command(
    'reclone',
    CHANGING,
    'A fresh copy of the data from the machine that leads, for one that has diverged or lacks too much; then rejoin.',
    '  apmode reclone --dry-run\n  apmode reclone                  a dump over SQL; the lead goes on serving\n  apmode reclone --physical       mariadb-backup over ssh, for large data',
  )
    .option('--physical', 'copy the files with mariadb-backup over ssh')
    .option('--keep-old', 'keep the old data where it was put aside')
    .option('--force', 'although nothing is wrong with the data, or what only this machine has cannot be kept')
    .option('--dry-run', 'show what would be checked and done, change nothing')
    .addOption(json())
    .action(act((options) => reclone(context, options)))

  command(
    'bootstrap',
    CHANGING,
    'The first member of a Galera cluster that has no primary component, on the machine that has the newest data; the others then start.',
    '  apmode bootstrap --dry-run                where each machine stands, and which one may\n  apmode bootstrap                          refused where another one has more\n  apmode bootstrap --without host3          host3 is gone for good',
  )
    .addOption(
      completing(new Option('--without <node...>', 'machines that are gone for good: what only they have is lost'), {
        source: 'nodes',
      }),
    )
    .option('--position <node=uuid:seqno...>', 'where a machine stands that cannot say it, as read there by hand')
    .option('--dry-run', 'show where each machine stands and what would be done, change nothing')
    .addOption(timeout())
    .addOption(json())
    .action(act((options) => bootstrap(context, options)))

  const unitSummaries = {
    start: 'Start all service units, in the configured order.',
    stop: 'Stop all service units, in reverse; on the holder the database is fenced first.',
    restart: 'Stop and start all service units.',
  }
  for (const word of UNIT_COMMANDS) {
    command(word, CHANGING, unitSummaries[word], `  apmode ${word}\n  apmode ${word} --timeout 30 --json`)
      .addOption(timeout())
      .addOption(json())
      .action(act((options) => units(context, word, options)))
  }
}
