/**
 * `apmode init`: find, ask, show, and after a yes do. Invariant: until that yes nothing is changed, and what a person has
 * written or changed is replaced only by a word of its own (a second yes, or --replace).
 */
import { dirname } from 'node:path'
import { bootUnitOf } from '../../core/config.ts'
import type { Answers } from '../../core/init/answers.ts'
import { listOf, unitOf } from '../../core/init/answers.ts'
import { bootUnitPath, changeOf, MARIADB_CONFS, PACKAGED_BOOT_UNIT, wantedFiles } from '../../core/init/files.ts'
import { APIS, DATABASES, leftMode, notesOn, ROUTER } from '../../core/init/found.ts'
import { actionsFor, nextSteps, obstaclesOn } from '../../core/init/plan.ts'
import { grantedWith } from '../../core/render/grants.ts'
import type { SetupMachine } from '../../ports/setup.ts'
import { type Context, printJson } from '../context.ts'
import { EXIT, type Exit, Failure } from '../exit.ts'
import { LiveProgress } from '../show/command.ts'
import { apply } from './apply.ts'
import type { Asker } from './asking.ts'
import { decide, list } from './decide.ts'
import { interview } from './interview.ts'
import { type Password, passwordFor } from './password.ts'
import { type Outcome, type Plan, planAsJson, showDiffs, showNext, showPair, showPlan } from './show.ts'

export interface InitFlags {
  readonly answers: Answers
  readonly passwordFile?: string
  readonly yes: boolean
  readonly replace: boolean
  readonly dryRun: boolean
  readonly json: boolean
}

export interface Desk {
  readonly machine: SetupMachine
  readonly asker: Asker
}

export async function init(context: Context, flags: InitFlags, { machine, asker }: Desk): Promise<Exit> {
  const { terminal, paint } = context
  const { yes, dryRun, json } = flags
  if (machine.obstacle !== null) throw new Failure(EXIT.failed, `cannot set up this machine: ${machine.obstacle}`)
  const mayAsk = asker.isPerson && !yes && !json && flags.passwordFile !== '-'
  if (!mayAsk && !yes && !dryRun)
    throw new Failure(EXIT.usage, 'cannot ask for a yes here: add --yes, or --dry-run to see what it would do')
  const { plan, password, wasUsable } = await planFor(context, flags, { machine, asker }, mayAsk)
  const nothing = plan.changes.length + plan.actions.length === 0
  const end = (outcome: Pick<Outcome, 'exit' | 'sentence'> & Partial<Outcome>): Exit => {
    const whole = { done: [], notDone: [], placed: [], ...outcome }
    if (json) printJson(context, planAsJson(plan, whole))
    else {
      const say = outcome.exit === EXIT.done ? terminal.out : terminal.err
      for (const sentence of whole.notDone) say(`${paint('yellow', '–')} not done: ${sentence}\n`)
      say(`${whole.sentence}\n`)
      if (outcome.exit === EXIT.done) terminal.out(showNext(plan.next, plan.config.node.name))
    }
    return outcome.exit as Exit
  }
  if (!json) terminal.out(`${showPair(plan.config)}${showDiffs(plan.changes, paint)}`)
  if (nothing) return end({ exit: EXIT.done, sentence: 'nothing to do: everything is as it must be' })
  if (!json) terminal.out(showPlan(plan, paint))
  if (dryRun) return end({ exit: EXIT.done, sentence: 'a dry run: nothing was changed' })

  const byHand = plan.changes.filter((change) => change.byHand).map(({ path }) => path)
  if (!mayAsk && byHand.length > 0 && !flags.replace)
    return end({
      exit: EXIT.refused,
      sentence: `${byHand.join(', ')}: not written by init, or changed since; --replace writes it anew (a copy is kept). Nothing was changed`,
    })
  const isYes = async (question: string) => /^y(es)?$/i.test(((await asker.ask(question)) ?? '').trim())
  if (mayAsk) {
    const refused = { exit: EXIT.refused, sentence: 'nothing was changed' }
    if (byHand.length > 0 && !flags.replace && !(await isYes(`replace ${byHand.join(', ')}? A copy is kept. [y/N] `)))
      return end(refused)
    if (!(await isYes('do this? [y/N] '))) return end(refused)
  }
  const live = terminal.errIsTerminal && !json ? new LiveProgress(terminal, context.paintErr) : null
  const outcome = await apply(
    {
      machine,
      client: context.client,
      secret: password.secret,
      wasUsable,
      begin: (sentence) => live?.show({ type: 'begin', step: 'init', sentence }),
      done: (sentence, took) => {
        live?.stop()
        if (!json) terminal.out(`${paint('green', '✓')} ${sentence}  ${paint('dim', took)}\n`)
      },
    },
    plan,
  ).finally(() => live?.stop())
  return end(outcome)
}

async function planFor(
  { terminal }: Context,
  flags: InitFlags,
  { machine, asker }: Desk,
  mayAsk: boolean,
): Promise<{ readonly plan: Plan; readonly password: Password; readonly wasUsable: boolean }> {
  const { answers: given } = flags
  const named = [given.database, given.api, given.router].flatMap((text) => listOf(text).map(unitOf))
  const first = await machine.find([...DATABASES, ...APIS, ROUTER, ...named])
  const decided = await decide({
    machine,
    found: first,
    given,
    replace: flags.replace,
    interview: mayAsk ? (found, open) => interview({ machine, asker, say: terminal.err }, found, open) : null,
  })
  const { config, toml, nodeFile, wasUsable } = decided
  if (config.database.engine === 'galera')
    throw new Failure(
      EXIT.refused,
      'cannot set up a member of a Galera cluster: apmode init makes pairs; docs/recipes/galera says how it is done by hand. ' +
        'Nothing was changed',
    )
  const found = await machine.find([...config.units.map(({ name }) => name), bootUnitOf(config)])
  const obstacles = obstaclesOn(config, found, machine.read(bootUnitPath(config)) !== null)
  const secret = await passwordFor(config, machine, asker, flags.passwordFile)
  if (!secret.ok) obstacles.push(secret.fault)
  const mariadbConf = MARIADB_CONFS.find((path) => machine.folderExists(dirname(path)))
  if (mariadbConf === undefined && config.database.engine !== 'none' && obstacles.length === 0)
    obstacles.push(`found none of the folders ${MARIADB_CONFS.map(dirname).join(', ')}, expected MariaDB's settings`)
  const bootUnit = bootUnitOf(config) === PACKAGED_BOOT_UNIT ? '' : packagedBootUnit(machine, obstacles)
  if (!secret.ok || obstacles.length > 0)
    throw new Failure(EXIT.usage, list('something is missing', obstacles, 'run apmode init again when it is there'))

  const { password } = secret
  const conf = mariadbConf ?? MARIADB_CONFS[0]
  const wishes = {
    config,
    toml,
    nodeFile,
    bootUnit,
    mariadbConf: conf,
    password: password.isNew ? password.secret : null,
  }
  const changes = wantedFiles(wishes).flatMap((wanted) => changeOf(wanted, machine.read(wanted.path)) ?? [])
  const { socket, replicationUser: user, replicationPasswordFile } = config.database
  const accounts =
    password.secret === null
      ? true
      : await machine.accountsHold(
          socket,
          config.nodes.map(({ address }) => ({ user, host: address })),
          grantedWith(config.database.engine),
          password.secret,
        )
  const mode = machine.modeOf(config.modeFile)
  const seen = { found, isFresh: mode === 'unset', accounts, mariadbConf: conf }
  const shared = [machine.configPath, ...(password.secret === null ? [] : [replicationPasswordFile])]
  const plan = {
    config,
    changes,
    actions: actionsFor(config, seen, changes, machine.configPath),
    notes: [...notesOn(found, config.node, config.vrrp.vip), ...(wasUsable ? [] : leftMode(config.modeFile, mode))],
    next: nextSteps(config, seen, changes, shared),
  }
  return { plan, password, wasUsable }
}

const UNIT_FOLDERS = ['/usr/lib/systemd/system', '/lib/systemd/system']

/** The text that the package brings, of which another codename gets a copy. */
function packagedBootUnit(machine: SetupMachine, obstacles: string[]): string {
  for (const folder of UNIT_FOLDERS) {
    const file = machine.read(`${folder}/${PACKAGED_BOOT_UNIT}`)
    if (file !== null) return file.text
  }
  obstacles.push(`found no ${UNIT_FOLDERS[0]}/${PACKAGED_BOOT_UNIT}, expected the package's boot unit`)
  return ''
}
