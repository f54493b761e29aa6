/**
 * The steps that the machine can make, each idempotent. A step either withdraws a right or grants one. What it means is
 * said here once, as a sentence (log, history, plan) and as the calls that it makes (plan, dry run). It performs nothing.
 */
import { clusterStatements } from './cluster-statements.ts'
import type { Config } from './config.ts'
import { type GtidRange, rangeText } from './divergence.ts'
import { statements } from './statements.ts'

export type Step =
  /** `limitMs`: instead of the configured limit; less for a database that does not answer anyway, more for a member that leaves. */
  | { readonly do: 'fence'; readonly effect: 'withdraw'; readonly limitMs?: number }
  /** `because`: ends the sentence "kill …: ". */
  | { readonly do: 'kill-database'; readonly effect: 'withdraw'; readonly unit: string; readonly because: string }
  | { readonly do: 'wait-for-peer'; readonly effect: 'withdraw'; readonly limitMs: number }
  | { readonly do: 'declare-unfit'; readonly effect: 'withdraw'; readonly reasons: readonly string[] }
  /** A Galera member: falls behind without holding up the others; `limitMs`: waits for its clients' transactions. */
  | { readonly do: 'desync'; readonly effect: 'withdraw' }
  | { readonly do: 'drain-clients'; readonly effect: 'withdraw'; readonly limitMs: number }
  | { readonly do: 'stop-unit'; readonly effect: 'withdraw'; readonly unit: string }
  | { readonly do: 'remove-vip'; readonly effect: 'withdraw' }
  | { readonly do: 'cut-replication'; readonly effect: 'withdraw' }
  | { readonly do: 'mask-files'; readonly effect: 'withdraw'; readonly mask: readonly string[] }
  | { readonly do: 'drain'; readonly effect: 'grant' }
  | { readonly do: 'stop-replication'; readonly effect: 'grant' }
  | { readonly do: 'offer-lead'; readonly effect: 'withdraw'; readonly reason: string }
  | { readonly do: 'record-lead'; readonly effect: 'grant'; readonly reason: string }
  | { readonly do: 'forget-primary'; readonly effect: 'grant' }
  | { readonly do: 'commit-with-peer'; readonly effect: 'grant' }
  | { readonly do: 'commit-alone'; readonly effect: 'grant' }
  | { readonly do: 'resync'; readonly effect: 'grant' }
  /** `anywhere`: also without the VIP (a person has asked for it, on the machine that is proven to have everything). */
  | { readonly do: 'form-component'; readonly effect: 'grant'; readonly anywhere?: boolean }
  /** `anywhere`: also without the VIP (a member of a cluster). */
  | { readonly do: 'allow-writes'; readonly effect: 'grant'; readonly anywhere?: boolean }
  | { readonly do: 'declare-fit'; readonly effect: 'grant' }
  | { readonly do: 'start-unit'; readonly effect: 'grant'; readonly unit: string; readonly as?: StartsAs }
  | { readonly do: 'follow'; readonly effect: 'grant' }
  | { readonly do: 'keep-transactions'; readonly effect: 'grant'; readonly ranges: readonly GtidRange[] }
  | {
      readonly do: 'change-files'
      readonly effect: 'grant'
      readonly unmask: readonly string[]
      readonly disable: readonly string[]
      readonly enable: readonly string[]
    }

/**
 * What makes a MariaDB that crashed as a semi-sync primary truncate its binary log to what was acknowledged (10.11.9 and
 * later, MDEV-33465); never for one that stays primary. Its unit takes options from this variable, as MariaDB ships it.
 */
export const START_AS_REPLICA = { name: 'MYSQLD_OPTS', value: '--init-rpl-role=SLAVE' } as const

/** What makes a Galera member form a new primary component. Its unit takes options from this variable, as MariaDB ships it. */
export const START_AS_FIRST_MEMBER = { name: '_WSREP_NEW_CLUSTER', value: '--wsrep-new-cluster' } as const

/**
 * How a database starts. `replica`: one that was a primary when it ended gives up what the peer never acknowledged. `first member`:
 * of a Galera cluster that has no primary component.
 */
export const START_VARIABLES = { replica: START_AS_REPLICA, 'first member': START_AS_FIRST_MEMBER } as const
export type StartsAs = keyof typeof START_VARIABLES

export type StepName = Step['do']

/** What the step does, for a person; in the infinitive without "to". */
export function sentenceOf(step: Step, config: Config): string {
  switch (step.do) {
    case 'fence':
      return 'make the database refuse every write, and prove it'
    case 'kill-database':
      return `kill ${step.unit}: ${step.because} (G7 fence or die)`
    case 'wait-for-peer':
      return `wait until ${config.peer?.name ?? 'the peer'} has every write, ${step.limitMs} ms at most`
    case 'declare-unfit':
      return `tell keepalived that this machine is unfit: ${step.reasons.join('; ')}`
    case 'desync':
      return 'let the cluster go on without waiting for this member (wsrep_desync)'
    case 'drain-clients':
      return `let the transactions of the clients end, ${step.limitMs} ms at most`
    case 'resync':
      return 'keep up with the cluster again (wsrep_desync)'
    case 'form-component':
      return step.anywhere === true
        ? 'form the primary component with the members that are here (pc.bootstrap)'
        : 'form the primary component alone (pc.bootstrap): the other members are gone'
    case 'stop-unit':
      return `stop ${step.unit}`
    case 'remove-vip':
      return `take ${config.vrrp.vip} off ${config.node.interface}: keepalived left it behind`
    case 'cut-replication':
      return 'stop replication: the peer it came from has failed'
    case 'mask-files':
      return `mask ${step.mask.join(', ')}`
    case 'drain':
      return 'apply everything that replication has received'
    case 'stop-replication':
      return 'stop replication'
    case 'offer-lead':
      return `write the next row of apmode.lead: ${step.reason} (G1 lineage)`
    case 'record-lead':
      return `write the next row of apmode.lead: ${step.reason} (G1 lineage)`
    case 'forget-primary':
      return 'forget the primary that was followed'
    case 'commit-with-peer':
      return `acknowledge a write when ${config.peer?.name ?? 'the peer'} has it too (semi-sync)`
    case 'commit-alone':
      return `acknowledge writes alone: ${config.peer?.name ?? 'the peer'} is not attached, or this machine stands alone`
    case 'allow-writes':
      return 'let the database accept writes'
    case 'declare-fit':
      return 'tell keepalived that this machine is fit'
    case 'start-unit':
      return `start ${step.unit}${step.as === undefined ? '' : STARTS[step.as]}`
    case 'follow':
      return `replicate from ${config.peer?.name ?? 'the peer'}`
    case 'keep-transactions':
      return `keep what only this machine has: ${step.ranges.map(rangeText).join(', ')}`
    case 'change-files':
      return changeSentence(step)
  }
}

const STARTS: Readonly<Record<StartsAs, string>> = {
  replica: ' as a replica of the peer',
  'first member': ' as the first member: it forms the primary component',
}

function changeSentence(step: { unmask: readonly string[]; disable: readonly string[]; enable: readonly string[] }) {
  const part = (verb: string, units: readonly string[]) => (units.length > 0 ? [`${verb} ${units.join(', ')}`] : [])
  return [...part('unmask', step.unmask), ...part('disable', step.disable), ...part('enable', step.enable)].join('; ')
}

const manager = (method: string, ...args: readonly string[]) =>
  `org.freedesktop.systemd1.Manager.${method}(${args.join(', ')})`
const list = (units: readonly string[]) => `[${units.join(', ')}]`

/** What the step would send, one line each; secrets masked. For `apmode plan`. */
export function callsOf(step: Step, config: Config): string[] {
  const { peer, database } = config
  switch (step.do) {
    case 'fence':
      return statements.fence()
    case 'kill-database':
      return [manager('KillUnit', step.unit, 'all', 'SIGKILL')]
    case 'wait-for-peer':
      return [
        `on ${peer?.address ?? 'the peer'}: ${database.engine === 'galera' ? clusterStatements.status() : statements.waitFor('<gtid_binlog_pos>', step.limitMs)}`,
      ]
    case 'declare-unfit':
      return ['write 1 to /run/apmode/vrrp.unfit']
    case 'declare-fit':
      return ['write 0 to /run/apmode/vrrp.unfit']
    case 'stop-unit':
      return [manager('StopUnit', step.unit, 'replace')]
    case 'start-unit': {
      const start = manager('StartUnit', step.unit, 'replace')
      if (step.as === undefined) return [start]
      const { name, value } = START_VARIABLES[step.as]
      return [manager('SetEnvironment', list([`${name}=${value}`])), start, manager('UnsetEnvironment', list([name]))]
    }
    case 'desync':
    case 'resync':
      return [clusterStatements.desync(step.do === 'desync')]
    case 'drain-clients':
      return ['SELECT … FROM information_schema.INNODB_TRX, until there is none']
    case 'form-component':
      return [clusterStatements.formComponent()]
    case 'remove-vip':
      return [`ip address del ${config.vrrp.vip} dev ${config.node.interface}`]
    case 'cut-replication':
    case 'stop-replication':
      return statements.stopReplication()
    case 'mask-files':
      return [manager('MaskUnitFiles', list(step.mask)), manager('Reload')]
    case 'drain':
      return statements.drain()
    case 'offer-lead':
    case 'record-lead':
      return database.engine === 'galera'
        ? statements.recordLead(config.node.name, step.reason, clusterStatements.position())
        : statements.recordLead(config.node.name, step.reason)
    case 'forget-primary':
      return statements.forgetPrimary()
    case 'commit-with-peer':
      return statements.commitWithPeer(true)
    case 'commit-alone':
      return [
        ...statements.commitWithPeer(false),
        ...(peer === null ? [] : [statements.disconnectReplica(peer.address)]),
      ]
    case 'allow-writes':
      return statements.allowWrites()
    case 'follow':
      return peer === null ? [] : statements.follow(peer.address, database.port, database.replicationUser)
    case 'keep-transactions':
      return ['mariadb-binlog --verbose … > /var/lib/apmode/diverged/…']
    case 'change-files':
      return [
        ...(step.unmask.length > 0 ? [manager('UnmaskUnitFiles', list(step.unmask))] : []),
        ...(step.disable.length > 0 ? [manager('DisableUnitFiles', list(step.disable))] : []),
        ...(step.enable.length > 0 ? [manager('EnableUnitFiles', list(step.enable))] : []),
        manager('Reload'),
      ]
  }
}
