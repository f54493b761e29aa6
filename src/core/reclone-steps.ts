/**
 * What `apmode reclone` looks at and does, in order, as sentences and as the commands behind them: for its plan. Pure: it is
 * told what was seen and performs nothing. The operation itself (host/reclone.ts) uses the same names and sentences.
 */
import type { CloneMethod, DataFolder } from '../ports/clone.ts'
import type { PlannedStep } from '../ports/control.ts'
import type { Config } from './config.ts'
import { bytesText } from './reclone.ts'

export type RecloneStep =
  | 'withdraw'
  | 'keep-transactions'
  | 'stop-unit'
  | 'set-aside'
  | 'fill'
  | 'start-unit'
  | 'load'
  | 'complete'
  | 'put-back'
  | 'rejoin'
  | 'remove-old'

/** What each step does, for a person; in the infinitive without "to". */
export function recloneSentence(step: RecloneStep, config: Config, method: CloneMethod, folder: string): string {
  const from = config.peer?.name ?? 'the peer'
  const unit = databaseUnitOf(config)
  switch (step) {
    case 'withdraw':
      return 'take this machine out of the pair: unfit, in ap, and it follows nobody'
    case 'keep-transactions':
      return `keep what only this machine has, as SQL in a file`
    case 'stop-unit':
      return `stop ${unit}`
    case 'set-aside':
      return `set the old data aside, beside ${folder}`
    case 'fill':
      return method === 'logical' ? `make an empty database in ${folder}` : `copy the files of ${from} into ${folder}`
    case 'start-unit':
      return `start ${unit}, read-only`
    case 'load':
      return method === 'logical' ? `copy the data of ${from}, and the position last` : `set the position of the copy`
    case 'complete':
      return 'the copy is whole: from now on it counts as data'
    case 'put-back':
      return 'throw the incomplete copy away and put the old data back'
    case 'rejoin':
      return `come back into the pair and follow ${from} (as apmode rejoin)`
    case 'remove-old':
      return 'remove the old data'
  }
}

function databaseUnitOf(config: Config): string {
  return config.units.find(({ kind }) => kind === 'database')?.name ?? 'the database'
}

/** What is looked at first; one that is not as it must be refuses the whole, before anything is touched. */
export function recloneChecks(config: Config, method: CloneMethod): string[] {
  const from = config.peer?.name ?? 'the peer'
  const programs =
    method === 'logical'
      ? `mariadb-dump is here, and ${config.database.replicationUser} may read everything on ${from}`
      : `mariadb-backup is on both machines, and root of this one may log in as root of ${from} by ssh`
  return [
    'this machine carries no VIP, accepts no writes, and is not in s',
    `the database of ${from} answers and accepts writes`,
    'there is a reason: this machine is diverged or does not follow (--force does without)',
    `both run the same version of MariaDB; ${programs}`,
    'the copy fits beside the old data',
  ]
}

export interface ReclonePlan {
  readonly method: CloneMethod
  readonly keepOld: boolean
  readonly folder: DataFolder
  readonly bytes: number | null
}

export function recloneSteps(config: Config, { method, keepOld, folder, bytes }: ReclonePlan): PlannedStep[] {
  const step = (name: RecloneStep, effect: PlannedStep['effect'], calls: readonly string[]): PlannedStep => ({
    step: name,
    effect,
    sentence: recloneSentence(name, config, method, folder.path),
    calls,
  })
  const { path } = folder
  const unit = databaseUnitOf(config)
  const manager = (job: string) => `org.freedesktop.systemd1.Manager.${job}(${unit}, replace)`
  const size = bytes === null ? 'of unknown size' : `about ${bytesText(bytes)}`
  const aside = `${path}.${keepOld ? 'kept-by' : 'before'}-reclone-<time>`
  const kept = step('keep-transactions', 'withdraw', ['mariadb-binlog --verbose … > /var/lib/apmode/diverged/…'])
  return [
    step('withdraw', 'withdraw', ['write 1 to /run/apmode/vrrp.unfit', 'write ap to the mode file, unless it says so']),
    ...(folder.state === 'whole' ? [kept] : []),
    step('stop-unit', 'withdraw', [manager('StopUnit')]),
    step('set-aside', 'withdraw', folder.state === 'incomplete' ? [`rm -r ${path}/*`] : [`mv ${path}/* ${aside}/`]),
    step('fill', 'withdraw', fillCalls(config, method, path, size)),
    step('start-unit', 'withdraw', [manager('StartUnit')]),
    step('load', 'withdraw', loadCalls(config, method, size)),
    step('complete', 'grant', [`rm ${path}/apmode-reclone-is-incomplete`]),
    step('rejoin', 'grant', ['apmode rejoin']),
    ...(keepOld ? [] : [step('remove-old', 'grant', [`rm -r ${path}.before-reclone-*`])]),
  ]
}

function fillCalls(config: Config, method: CloneMethod, path: string, size: string): string[] {
  if (method === 'logical') return [`mariadb-install-db --datadir=${path} --auth-root-authentication-method=socket`]
  const backup = 'mariadb-backup --backup --stream=xbstream'
  return [
    `ssh -o BatchMode=yes root@${config.peer?.address} ${backup} | mbstream -x -C ${path}    (${size})`,
    `mariadb-backup --prepare --target-dir=${path}`,
  ]
}

function loadCalls(config: Config, method: CloneMethod, size: string): string[] {
  const last = ['RESET MASTER', "SET GLOBAL gtid_slave_pos='<position of the copy>'"]
  if (method === 'physical') return last
  const { database, peer } = config
  const what = '--all-databases --single-transaction --master-data=2 --gtid --routines --triggers --events'
  const where = `--host=${peer?.address} --port=${database.port} --user=${database.replicationUser}`
  return [`mariadb-dump ${where} ${what} | mariadb    (${size})`, ...last]
}
