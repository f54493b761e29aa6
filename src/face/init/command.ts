/** The words of `apmode init`: one flag for each question of the table, and those that say how to go about it. */
import { type Command, Option } from 'commander'
import { ANSWER_NAMES, type AnswerName, type Answers, QUESTIONS } from '../../core/init/answers.ts'
import { ROLES } from '../../core/vocabulary.ts'
import { completing, type Hint } from '../completion/hints.ts'
import type { Context } from '../context.ts'
import type { Exit } from '../exit.ts'

interface Options extends Answers {
  readonly passwordFile?: string
  readonly yes?: boolean
  readonly replace?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

export const INIT_SUMMARY =
  "Set this machine up: the configuration, the password, keepalived's and MariaDB's files, the accounts, the boot unit. Shows every change first."
export const INIT_EXAMPLE = `  apmode init                                                   asks, with what it finds as default
  apmode init --vip 192.168.33.100/24 --peer host2              asks for what is open, then for a yes
  apmode init --vip 192.168.33.100/24 --peer host2 --yes        for scripts
  apmode init                                                   on the other machine, with the files of the first one`

/** What a shell can offer for an answer. */
const OFFERED: { readonly [name in AnswerName]?: Hint } = {
  role: { words: ROLES },
  durability: { words: ['semi-sync', 'async'] },
  interface: { source: 'interfaces' },
  peerInterface: { source: 'interfaces' },
  modeFile: { source: 'files' },
  socket: { source: 'files' },
}

export function addInitOptions(command: Command, json: () => Option): Command {
  for (const name of ANSWER_NAMES) {
    const { flag, about } = QUESTIONS[name]
    command.addOption(completing(new Option(flag, about), OFFERED[name] ?? {}))
  }
  return command
    .option(
      '--password-file <file>',
      'take the replication password from this file, - is stdin (made here, or there already)',
    )
    .option('--yes', 'change what is to be changed without asking')
    .option('--replace', 'also write anew what was written or changed by hand (a copy is kept)')
    .option('--dry-run', 'show every change, make none')
    .addOption(json())
}

export async function runInit(context: Context, options: Options): Promise<Exit> {
  const [{ init }, { realMachine }, { realAsker }] = await Promise.all([
    import('./init.ts'),
    import('./machine.ts'),
    import('./asking.ts'),
  ])
  const given = ANSWER_NAMES.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]] as const]))
  const machine = await realMachine(context.terminal.environment)
  const asker = realAsker()
  try {
    return await init(
      context,
      {
        answers: Object.fromEntries(given),
        ...(options.passwordFile === undefined ? {} : { passwordFile: options.passwordFile }),
        yes: options.yes === true,
        replace: options.replace === true,
        dryRun: options.dryRun === true,
        json: options.json === true,
      },
      { machine, asker },
    )
  } finally {
    asker.close()
    machine.close()
  }
}
