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
  return [
    'this machine carries the VIP and accepts writes; its checks are well; there is room for the database',
    `the database of ${peer} answers, is read-only, replicates from here without an error, is nearly caught up (5,000 transactions, 2 s), and has nothing of its own (G6)`,
    `the supervisor of ${peer} has asked within 2 s; it says that ${peer} is in ap, in state backup, fit, has the same configuration and room for the database`,
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
    {
      step: 'wait-for-lead',
      effect: 'withdraw',
      sentence: `wait until ${to} has the VIP and accepts writes; otherwise this machine accepts writes again`,
      calls: [`on ${config.peer?.address ?? to}: SELECT @@global.read_only`],
    },
    described({ do: 'declare-fit', effect: 'grant' }, config),
  ]
}

/** As this machine will look when the peer leads. */
export function afterHandover(observed: Observed): Observed {
  const { database, peer } = observed
  if (database?.answers !== true || peer === null) return observed
  return { ...observed, vip: false, database: { ...database, writable: false }, peer: { ...peer, writable: true } }
}

export function rejoinChecks(config: Config): string[] {
  if (config.database.engine === 'none') return ['this machine carries no VIP']
  const peer = config.peer?.name ?? 'the peer'
  return [
    `the database of ${peer} answers and accepts writes; this machine carries no VIP and accepts none`,
    'the configuration is the same on both machines',
    `with its database started: it has nothing that ${peer} lacks (G6), and ${peer} still has all that it lacks`,
  ]
}

export function rejoinSteps(from: State, to: State, observed: Observed, config: Config): PlannedStep[] {
  const { plan } = judge(to, observed, config, CIRCUMSTANCES(from))
  const steps: Step[] = [...plan.withdraw, ...plan.grant.filter((step) => step.do === 'change-files')]
  const asReplica = config.database.durability === 'semi-sync' ? ({ as: 'replica' } as const) : {}
  const starts = (database: boolean) =>
    observed.units
      .filter((unit) => (unit.kind === 'database') === database && !isRunning(unit) && unit.runs !== 'holder')
      .map((unit): Step => ({ do: 'start-unit', effect: 'grant', unit: unit.name, ...(database ? asReplica : {}) }))
  if (config.database.engine === 'none') return [...steps, ...starts(false)].map((step) => described(step, config))
  steps.push(...starts(true))
  const { database } = observed
  if (database?.answers !== true || database.replication === null) steps.push({ do: 'follow', effect: 'grant' })
  return [
    ...steps.map((step) => described(step, config)),
    {
      step: 'catch-up',
      effect: 'grant',
      sentence: `wait until this machine has every write of ${config.peer?.name ?? 'the peer'}, and has proven it`,
      calls: ['SHOW ALL SLAVES STATUS', `on ${config.peer?.address ?? 'the peer'}: SELECT @@global.gtid_binlog_pos`],
    },
    ...starts(false).map((step) => described(step, config)),
  ]
}
