/**
 * What `apmode status` and GET /status say: the last look, made readable. Pure over what the supervisor knows; the only
 * new look is asked for by the caller. Never holds a secret.
 */
import { donorMayServe, serves } from '../core/cluster.ts'
import type { Config } from '../core/config.ts'
import { isRunning } from '../core/observed.ts'
import { meaningOf, rowFor } from '../core/posture.ts'
import { givenUp } from '../core/starting.ts'
import type { State } from '../core/state.ts'
import type { Status } from '../ports/control.ts'
import type { Membership } from '../ports/database.ts'
import type { HistoryEntry } from '../ports/storage.ts'
import { nextCommand } from './next-command.ts'
import type { Parts } from './parts.ts'
import type { Settler } from './settle.ts'
import { VERSION } from './version.ts'

export interface StatusFacts {
  readonly parts: Pick<Parts, 'config' | 'network'>
  readonly settler: Settler
  readonly problems: readonly string[]
  readonly lastChange: HistoryEntry | null
}

export function statusView({ parts, settler, problems, lastChange }: StatusFacts): Status {
  const { config } = parts
  const { state, last } = settler
  const { database } = settler.observer.memory.sight
  const present = database?.answers === true ? database : null
  const units = last?.observed.units ?? []
  const failed = last === null ? [] : givenUp(last.observed).map(({ unit }) => unit)
  const base: Omit<Status, 'next'> = {
    node: config.node.name,
    codename: config.codename,
    engine: config.database.engine,
    mode: state.mode,
    being: settler.mode.being,
    role: state.role,
    vrrp: state.vrrp,
    holder: last === null ? null : parts.network.holdsVip(),
    writable: database === null ? null : (present?.writable ?? (database.answers ? null : isDownFor(database.reason))),
    commitsWithPeer: present?.writable === true ? present.commitsWithPeer : null,
    fit: last === null ? null : last.judgement.unfit.length === 0,
    reasons: last === null ? [] : [...new Set([...last.judgement.unfit, ...last.judgement.holds])],
    gtid: present?.binlogPosition ?? null,
    posture: meaningOf(rowFor(state), config.database.engine),
    units: units.map(({ name, kind, runs, active, file }) => ({
      name,
      kind,
      runs,
      active: active ?? 'missing',
      file: file ?? 'missing',
      givenUp: failed.includes(name),
    })),
    replication: present?.replication ?? null,
    cluster: clusterView(config, state, present?.cluster ?? null),
    // Only a database tells who is attached.
    peer: peerView(config, settler, config.database.engine === 'none' ? null : (last?.observed.peerAttached ?? null)),
    peers: config.peers.map(({ name, address }) => ({ name, address })),
    lead: present?.lead ?? null,
    lastChange,
    version: VERSION,
    problems,
  }
  return {
    ...base,
    next: nextCommand(
      base,
      failed.length === 0 &&
        units.every(
          (unit) => unit.kind === 'router' || isRunning(unit) || (unit.runs === 'holder' && state.vrrp !== 'master'),
        ),
    ),
  }
}

/** Of one that leaves, the mode says so before its database does. */
function clusterView(config: Config, state: State, cluster: Membership | null): Status['cluster'] {
  if (cluster === null) return null
  const { leads: _, ...shown } = cluster
  const stays = state.mode === 'ap' || state.mode === 's'
  return { ...shown, serves: stays && serves(cluster, donorMayServe(state, cluster, config)) }
}

/** A database that is down accepts no write; one that hangs may. */
function isDownFor(reason: string): false | null {
  return reason === 'down' ? false : null
}

function peerView(config: Config, { observer, bond }: Settler, attached: boolean | null): Status['peer'] {
  if (config.peer === null) return null
  const { peer } = observer.memory
  const { details } = bond.word
  const said = details?.presence ?? null
  return {
    name: config.peer.name,
    address: config.peer.address,
    reachable: peer?.reachable ?? null,
    writable: peer?.writable ?? null,
    attached,
    mode: said?.mode ?? null,
    role: said?.role ?? null,
    vrrp: said?.vrrp ?? null,
    fit: said?.fit ?? null,
    reasons: said === null || said.reasons === '' ? [] : said.reasons.split('; '),
    version: said?.version ?? null,
    saidAt: said?.at ?? null,
    replication: details?.replication ?? null,
    gtid: peer?.reachable === true ? peer.binlogPosition : null,
  }
}
