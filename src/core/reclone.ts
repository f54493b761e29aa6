/**
 * May the data of this machine be replaced by a copy of its peer's, and if not, why not? Pure. Every reason is a sentence
 * with what helps, and all of them are told at once. Invariant: only a machine that does not serve is cloned, and only from
 * one that does. It changes nothing and knows nothing of how a copy is made.
 */
import type { CloneProgress, CloneSource, DataFolder } from '../ports/clone.ts'
import type { Config } from './config.ts'
import type { Observed } from './observed.ts'
import type { State } from './state.ts'

/** Beside the copy: InnoDB's own logs, the binary log of what comes meanwhile, and a machine that still can breathe. */
const RESERVE_BYTES = 512 * 1024 * 1024
/** What an index or a page needs more than the tables say. */
const MARGIN = 1.1

export interface RecloneFacts {
  readonly state: State
  readonly observed: Observed
  readonly config: Config
  /** null: it could not be looked at, and `folderProblem` says why. */
  readonly folder: DataFolder | null
  readonly folderProblem: string | null
  /** null: nobody could be asked. */
  readonly source: CloneSource | null
  /** Hashes of the two configurations; null: the other machine does not say. */
  readonly configuration: { readonly own: string; readonly theirs: string | null }
  /** A person takes the responsibility for what cannot be proven. */
  readonly force: boolean
}

/** Empty: it can be done. */
export function recloneRefusals(facts: RecloneFacts): string[] {
  const { observed, config } = facts
  if (observed.database === null) return ['there is no database on this machine (engine = "none")']
  if (config.database.engine === 'galera') {
    return [
      'a member of a Galera cluster gets a whole copy from the others by itself: stop its database, move grastate.dat out of its ' +
        'data folder, and apmode start',
    ]
  }
  if (config.peer === null) return ['there is no peer to clone from: one machine is configured']
  return [...ownReasons(facts), ...peerReasons(facts), ...roomReasons(facts), ...needReasons(facts)]
}

/** What is bad about this machine: whoever serves, or may have to serve alone, is not cloned over. */
function ownReasons({ state, observed, config }: RecloneFacts): string[] {
  const reasons: string[] = []
  const { database, vip } = observed
  if (state.mode === 's')
    reasons.push('this machine is in s, it serves alone: apmode set m first, if the peer shall serve')
  if (state.mode === 'unreadable') reasons.push('the mode file cannot be understood: apmode set m first')
  if (vip) reasons.push(`this machine holds ${config.vrrp.vip}: it is the one to clone from`)
  if (database?.answers === true && database.writable) reasons.push('the database of this machine accepts writes')
  return reasons
}

function peerReasons({ observed, config, source, configuration, force }: RecloneFacts): string[] {
  const name = config.peer?.name ?? 'the peer'
  const { peer } = observed
  if (peer?.reachable !== true || peer.writable === null) {
    return [`the database of ${name} does not answer (${peer?.detail ?? 'it was not asked'}): nothing can be copied`]
  }
  if (!peer.writable)
    return [`the database of ${name} does not accept writes: only a machine that leads is cloned from`]
  const { own, theirs } = configuration
  // Found out now, not when the copy is made and cannot come back into the pair.
  const differs = theirs !== null && theirs !== own && !force
  const other =
    `/etc/apmode/apmode.toml is not the same on both machines (${own} here, ${theirs} on ${name}): make it so, ` +
    'or apmode reclone --force'
  return [...(source?.obstacles ?? []), ...(differs ? [other] : [])]
}

function roomReasons({ folder, folderProblem, source, force }: RecloneFacts): string[] {
  if (folder === null) return [folderProblem ?? 'the data folder of this machine cannot be found']
  const reasons = [...folder.obstacles]
  if (source === null || source.obstacles.length > 0) return reasons
  if (source.bytes === null) {
    return force
      ? reasons
      : [...reasons, 'how much has to be copied cannot be found out: apmode reclone --force, if it fits']
  }
  const needed = roomFor(source.bytes)
  if (needed <= folder.room) return reasons
  return [
    ...reasons,
    `the copy needs about ${bytesText(needed)} beside the old data, and there is room for ${bytesText(folder.room)} in ` +
      `${folder.path}: make room, or clone by hand without keeping the old data`,
  ]
}

function needReasons(facts: RecloneFacts): string[] {
  return nothingToCloneFor(facts)
    ? ['nothing to clone for: it follows and is not diverged (apmode reclone --force does it all the same)']
    : []
}

/** Nothing is copied for no reason: it takes long, and until it is done the pair has one machine. */
export function nothingToCloneFor({ observed, folder, force }: RecloneFacts): boolean {
  if (force || observed.withdrawal?.stage === 'data' || (folder !== null && folder.state !== 'whole')) return false
  const { database, lineage } = observed
  if (database?.answers !== true || lineage.diverged.length > 0) return false
  const { replication } = database
  return replication !== null && replication.io === 'Yes' && replication.sql && replication.errno === 0
}

/** How many bytes a copy of `bytes` may take. */
export function roomFor(bytes: number): number {
  return Math.ceil(bytes * MARGIN) + RESERVE_BYTES
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const

/** `12.3 GiB`, as a person reads it. */
export function bytesText(bytes: number): string {
  let value = bytes / 1024
  let unit: (typeof UNITS)[number] = 'KiB'
  for (const next of UNITS.slice(1)) {
    if (value < 1024) break
    value /= 1024
    unit = next
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** `4 min 10 s`. */
export function durationText(seconds: number): string {
  const whole = Math.max(Math.round(seconds), 0)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `copy the data of 192.168.33.101: 1.2 GiB of about 5.0 GiB, 45 MiB/s, about 1 min 20 s left`. */
export function progressText({ what, doneBytes, totalBytes, bytesPerSecond, leftSeconds }: CloneProgress): string {
  const of = totalBytes === null ? '' : ` of about ${bytesText(totalBytes)}`
  const left = leftSeconds === null ? '' : `, about ${durationText(leftSeconds)} left`
  return `${what}: ${bytesText(doneBytes)}${of}, ${bytesText(bytesPerSecond)}/s${left}`
}
