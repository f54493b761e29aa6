/**
 * What `apmode status` and GET /status say: the last look, made readable. Pure over what the supervisor knows; the only
 * new look is asked for by the caller. Never holds a secret.
 */
import type { Config } from '../core/config.ts'
import { isRunning } from '../core/observed.ts'
import { rowFor } from '../core/posture.ts'
import type { Status } from '../ports/control.ts'
import type { PeerStatus } from '../ports/database.ts'
import type { HistoryEntry } from '../ports/storage.ts'
import { nextCommand } from './next-command.ts'
import type { Settler } from './settle.ts'
import { VERSION } from './version.ts'

export interface StatusFacts {
  readonly config: Config
  readonly settler: Settler
  readonly problems: readonly string[]
  readonly lastChange: HistoryEntry | null
}

export function statusView({ config, settler, problems, lastChange }: StatusFacts): Status {
  const { state, last } = settler
  const database = last?.observed.database ?? null
  const present = database?.answers === true ? database : null
  const units = last?.observed.units ?? []
  const base: Omit<Status, 'next'> = {
    node: config.node.name,
    codename: config.codename,
    mode: state.mode,
    being: settler.mode.being,
    role: state.role,
    vrrp: state.vrrp,
    holder: last?.observed.vip ?? null,
    writable: database === null ? null : (present?.writable ?? (database.answers ? null : isDownFor(database.reason))),
    commitsWithPeer: present?.writable === true ? present.commitsWithPeer : null,
    fit: last === null ? null : last.judgement.unfit.length === 0,
    reasons: last === null ? [] : [...new Set([...last.judgement.unfit, ...last.judgement.holds])],
    posture: rowFor(state).sentence,
    units: units.map(({ name, kind, active, file }) => ({
      name,
      kind,
      active: active ?? 'missing',
      file: file ?? 'missing',
    })),
    replication: present?.replication ?? null,
    peer: peerView(config, settler.observer.memory.peer, last?.observed.peerAttached ?? null),
    lead: present?.lead ?? null,
    lastChange,
    version: VERSION,
    problems,
  }
  return {
    ...base,
    next: nextCommand(
      base,
      units.every(
        (unit) => unit.kind === 'router' || isRunning(unit) || (unit.runs === 'holder' && state.vrrp !== 'master'),
      ),
    ),
  }
}

/** A database that is down accepts no write; one that hangs may. */
function isDownFor(reason: string): false | null {
  return reason === 'down' ? false : null
}

function peerView(config: Config, peer: PeerStatus | null, attached: boolean | null): Status['peer'] {
  if (config.peer === null) return null
  return {
    name: config.peer.name,
    address: config.peer.address,
    reachable: peer?.reachable ?? null,
    writable: peer?.writable ?? null,
    attached,
  }
}
