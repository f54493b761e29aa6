/** Where a supervisor that starts stands: the mode file and the saved state, before anything was looked at. */

import type { Claim } from '../core/lineage.ts'
import type { State } from '../core/state.ts'
import { type KnownMode, MODES, type Mode } from '../core/vocabulary.ts'
import type { SavedMember } from '../ports/storage.ts'
import type { Parts } from './parts.ts'

export function modeOf(mode: KnownMode): Mode | null {
  return MODES.find((known) => known === mode) ?? null
}

export interface Standing {
  readonly state: State
  /** A change that was begun and not finished: it is finished. */
  readonly interrupted: Mode | null
  readonly peerAttachedAt: number | null
  readonly claim: Claim
  readonly cloning: string | null
  readonly member?: SavedMember
  /** What was found in a mode file that cannot be understood. */
  readonly problem: string | null
}

export function readStanding(parts: Pick<Parts, 'modeFile' | 'stateFile' | 'config'>): Standing {
  const record = parts.modeFile.read()
  const saved = parts.stateFile.read()
  return {
    state: { mode: record.being ?? record.mode, role: saved?.role ?? parts.config.node.role, vrrp: 'init' },
    interrupted: record.being,
    peerAttachedAt: saved?.peerAttachedAt ?? null,
    claim: saved?.claim ?? 'none',
    cloning: saved?.cloning ?? null,
    ...(saved?.member === undefined ? {} : { member: saved.member }),
    problem: record.problem,
  }
}
