/**
 * What stands for and against replacing the data of this machine: everything is looked at before anything is touched, here
 * and on the other machine. Invariant: it changes nothing, and what cannot be found out is a reason, never an exception.
 */
import { messageOf } from '../core/errors.ts'
import { isRunning, type Observed } from '../core/observed.ts'
import { nothingToCloneFor, recloneRefusals } from '../core/reclone.ts'
import type { CloneMethod, Cloner, CloneSource, DataFolder } from '../ports/clone.ts'
import type { RecloneRequest } from '../ports/control.ts'
import { fingerprint } from './fingerprint.ts'
import { type Parts, primaryOf } from './parts.ts'
import type { Supervisor } from './supervisor.ts'

/** Of many tables the size takes a while. */
const LOOK_MS = 60_000
const ASK_MS = 1_000

export interface Prospect {
  /** Why not, a sentence each; empty: it can be done. */
  readonly reasons: readonly string[]
  /** Nothing is wrong with this machine, and that is the only reason why not. */
  readonly needless: boolean
  readonly folder: DataFolder | null
  readonly source: CloneSource | null
  /** The database runs now. */
  readonly runs: boolean
}

export const methodOf = ({ physical }: RecloneRequest): CloneMethod => (physical ? 'physical' : 'logical')

export async function lookBeforeReclone(
  { settler, parts }: Supervisor,
  cloner: Cloner,
  request: RecloneRequest,
): Promise<Prospect> {
  const { config } = parts
  const observed = await settler.look('everything')
  const from = primaryOf(config)
  const { folder, problem } = from === null ? NOWHERE : await folderOf(cloner)
  const ask = from !== null && folder !== null && observed.peer?.reachable === true
  const source = ask ? await cloner.source({ method: methodOf(request), from }, { timeoutMs: LOOK_MS }) : null
  const { force } = request
  const configuration = { own: fingerprint(config), theirs: ask ? await theirConfiguration(parts) : null }
  const facts = { state: settler.state, observed, config, folder, folderProblem: problem, source, configuration, force }
  const reasons = recloneRefusals(facts)
  const needless = reasons.length === 1 && nothingToCloneFor(facts)
  return { reasons, needless, folder, source, runs: databaseRuns(observed) }
}

/** null: it does not say. */
async function theirConfiguration({ database, config }: Parts): Promise<string | null> {
  const primary = primaryOf(config)
  if (database === null || primary === null || config.peer === null) return null
  const details = await database.examinePeer(primary, config.peer.name, { timeoutMs: ASK_MS }).catch(() => null)
  return details?.presence?.configuration ?? null
}

const NOWHERE = { folder: null, problem: null }

async function folderOf(
  cloner: Cloner,
): Promise<{ readonly folder: DataFolder | null; readonly problem: string | null }> {
  try {
    return { folder: await cloner.folder({ timeoutMs: LOOK_MS }), problem: null }
  } catch (thrown) {
    return { folder: null, problem: messageOf(thrown) }
  }
}

function databaseRuns({ units }: Observed): boolean {
  return units.some((unit) => unit.kind === 'database' && isRunning(unit))
}
