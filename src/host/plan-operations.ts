/**
 * What `handover`, `set m` on a machine that serves, and `rejoin` would do: the same judgement as theirs, on what is seen now.
 * Invariant: pure over a look; nothing is asked, nothing is changed.
 */
import type { Config } from '../core/config.ts'
import type { Purpose } from '../core/handover.ts'
import { type Circumstances, judge } from '../core/judge.ts'
import { isRunning, type Observed } from '../core/observed.ts'
import type { State } from '../core/state.ts'
import { callsOf, type Step, sentenceOf } from '../core/step.ts'
import type { PlannedStep } from '../ports/control.ts'

export function described(step: Step, config: Config): PlannedStep {
  const { do: name, effect } = step
  return { step: name, effect, sentence: sentenceOf(step, config), calls: callsOf(step, config) }
}

const CIRCUMSTANCES = (from: State): Circumstances => ({ event: 'plan', from, planned: true })

/** What is looked at first; one that is not as it must be refuses the whole, before anything is touched. */
export function handoverChecks(config: Config): string[] {
  const peer = config.peer?.name ?? 'the peer'
  const says = `the supervisor of ${peer} has asked within 2 s; it says that ${peer} is in ap, in state backup, fit, has the same configuration and room for the database`
  if (config.database.engine === 'galera') {
    return [
      'this machine carries the VIP and accepts writes; its checks are well; there is room for the database',
      `${peer} is in one primary component with this machine, and has every write set`,
      says,
    ]
  }
  return [
    'this machine carries the VIP and accepts writes; its checks are well; there is room for the database',
    `the database of ${peer} answers, is read-only, replicates from here without an error, is nearly caught up (5,000 transactions, 2 s), and has nothing of its own (G6)`,
    says,
    'no transaction that wrote is open for longer than 1 s, no table is locked (--kill ends those)',
  ]
}

export function handoverSteps(from: State, observed: Observed, config: Config, purpose: Purpose): PlannedStep[] {
  const to = config.peer?.name ?? 'the peer'
  const withdrawal = {
    stage: 'vip',
    sentence: `the lead is being handed over to ${to}`,
    offer: { purpose, to },
    follows: true,
  } as const
  const { plan } = judge(from, { ...observed, withdrawal }, config, CIRCUMSTANCES(from))
  const leaves = plan.withdraw.filter((step) => step.do === 'declare-unfit')
  const steps = [
    ...plan.withdraw.filter((step) => step.do !== 'declare-unfit'),
    ...plan.grant.filter((step) => step.do === 'follow'),
    ...leaves,
  ]
  return [
    ...steps.map((step) => described(step, config)),
    waitsForLead(to, config),
    described({ do: 'declare-fit', effect: 'grant' }, config),
  ]
}

function waitsForLead(to: string, config: Config): PlannedStep {
  const on = `on ${config.peer?.address ?? to}`
  const base = { step: 'wait-for-lead', effect: 'withdraw' } as const
  if (config.database.engine === 'galera') {
    const sentence = `wait until ${to} has the VIP and has written its row of apmode.lead; otherwise this machine is fit again`
    return { ...base, sentence, calls: [`${on}: SELECT … FROM apmode.lead`] }
  }
  const sentence = `wait until ${to} has the VIP and accepts writes; otherwise this machine accepts writes again`
  return { ...base, sentence, calls: [`${on}: SELECT @@global.read_only`] }
}

/** As this machine will look when the peer leads. */
export function afterHandover(observed: Observed): Observed {
  const { database, peer } = observed
  if (database?.answers !== true || peer === null) return observed
  if (database.cluster !== null) return { ...observed, vip: false }
  return { ...observed, vip: false, database: { ...database, writable: false }, peer: { ...peer, writable: true } }
}

export function rejoinChecks(config: Config): string[] {
  if (config.database.engine === 'none') return ['this machine carries no VIP']
  const peer = config.peer?.name ?? 'the peer'
  if (config.database.engine === 'galera') {
    return [
      `this machine carries no VIP${config.peer === null ? '' : `; ${peer} answers and accepts writes`}`,
      'the configuration is the same on both machines',
      'this machine is in no primary component of its own',
    ]
  }
  return [
    `the database of ${peer} answers and accepts writes; this machine carries no VIP and accepts none`,
    'the configuration is the same on both machines',
    `with its database started: it has nothing that ${peer} lacks (G6), and ${peer} still has all that it lacks`,
  ]
}

/** Of a grant, what comes before the machine is fit. */
const RETURNS: readonly Step['do'][] = ['change-files', 'resync', 'allow-writes']

export function rejoinSteps(from: State, to: State, observed: Observed, config: Config): PlannedStep[] {
  const { plan } = judge(to, observed, config, CIRCUMSTANCES(from))
  const steps: Step[] = [...plan.withdraw, ...plan.grant.filter((step) => RETURNS.includes(step.do))]
  const asReplica =
    config.database.engine === 'mariadb' && config.database.durability === 'semi-sync'
      ? ({ as: 'replica' } as const)
      : {}
  const starts = (database: boolean) =>
    observed.units
      .filter((unit) => (unit.kind === 'database') === database && !isRunning(unit) && unit.runs !== 'holder')
      .map((unit): Step => ({ do: 'start-unit', effect: 'grant', unit: unit.name, ...(database ? asReplica : {}) }))
  if (config.database.engine === 'none') return [...steps, ...starts(false)].map((step) => described(step, config))
  steps.push(...starts(true))
  const { database } = observed
  const clustered = config.database.engine === 'galera'
  if (!clustered && (database?.answers !== true || database.replication === null))
    steps.push({ do: 'follow', effect: 'grant' })
  return [
    ...steps.map((step) => described(step, config)),
    catchesUp(config),
    ...starts(false).map((step) => described(step, config)),
  ]
}

function catchesUp({ database, peer }: Config): PlannedStep {
  const base = { step: 'catch-up', effect: 'grant' } as const
  if (database.engine === 'galera') {
    const sentence = 'wait until this member has every write set (Synced)'
    return { ...base, sentence, calls: ["SHOW GLOBAL STATUS LIKE 'wsrep_%'"] }
  }
  return {
    ...base,
    sentence: `wait until this machine has every write of ${peer?.name ?? 'the peer'}, and has proven it`,
    calls: ['SHOW ALL SLAVES STATUS', `on ${peer?.address ?? 'the peer'}: SELECT @@global.gtid_binlog_pos`],
  }
}
