/**
 * What survives a restart beside the mode (/var/lib/apmode/state.json): versioned JSON, written durably, checked when
 * read. Invariant: a file that is not wholly understood counts as absent, and the reason is said.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { CLAIMS } from '../../core/lineage.ts'
import { shown } from '../../core/shown.ts'
import { ROLES } from '../../core/vocabulary.ts'
import type { SavedMember, SavedState, StateFile } from '../../ports/storage.ts'
import { codeOf, type FileCalls, reasonOf, removeLeftover, writeDurably } from './durable.ts'
import { readRegularFile } from './regular.ts'

const VERSION = 1
const LONGEST_BYTES = 64 * 1024

export class DiskStateFile implements StateFile {
  private readonly path: string
  private readonly onProblem: (sentence: string) => void
  private readonly calls: FileCalls | undefined

  constructor(path: string, onProblem: (sentence: string) => void = () => {}, calls?: FileCalls) {
    this.path = path
    this.onProblem = onProblem
    this.calls = calls
    removeLeftover(path, calls)
  }

  read(): SavedState | null {
    let text: string
    try {
      text = readRegularFile(this.path, LONGEST_BYTES)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.ignored(reasonOf(error))
      return null
    }
    const state = parseState(text)
    if (typeof state !== 'string') return state
    this.ignored(state)
    return null
  }

  /** Throws ApmodeError `storage`. */
  write(state: SavedState): void {
    try {
      mkdirSync(dirname(this.path), { recursive: true })
    } catch {
      // writeDurably says what is wrong with the folder.
    }
    writeDurably('the state file', this.path, `${JSON.stringify({ version: VERSION, ...state })}\n`, 0o644, this.calls)
  }

  forget(): void {
    rmSync(this.path, { force: true })
  }

  private ignored(reason: string): void {
    this.onProblem(`cannot use the state file ${this.path}: ${reason}; it is taken as absent`)
  }
}

/** The state, or a sentence about what was found instead. */
export function parseState(text: string): SavedState | string {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (error) {
    return `it is not JSON (${messageOf(error)})`
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return 'it is not a JSON object'
  const { version, role, peerAttachedAt, claim = 'none', cloning = null, member } = found as Record<string, unknown>
  if (version !== VERSION) return `its version is ${shown(version)}, expected ${VERSION}`
  const knownRole = ROLES.find((known) => known === role)
  if (knownRole === undefined) return `its role is ${shown(role)}, expected active or standby`
  if (peerAttachedAt !== null && !(typeof peerAttachedAt === 'number' && Number.isFinite(peerAttachedAt))) {
    return `its peerAttachedAt is ${shown(peerAttachedAt)}, expected milliseconds or null`
  }
  const knownClaim = CLAIMS.find((known) => known === claim)
  if (knownClaim === undefined) return `its claim is ${shown(claim)}, expected one of ${CLAIMS.join(', ')}`
  if (cloning !== null && typeof cloning !== 'string')
    return `its cloning is ${shown(cloning)}, expected a sentence or null`
  const state = { role: knownRole, peerAttachedAt, claim: knownClaim, cloning }
  if (member === undefined) return state
  const known = parseMember(member)
  return typeof known === 'string' ? known : { ...state, member: known }
}

function parseMember(found: unknown): SavedMember | string {
  const strange = `its member is ${shown(found)}, expected what is remembered of one`
  if (typeof found !== 'object' || found === null) return strange
  const { unrecorded, ended = null } = found as Record<string, unknown>
  if (typeof unrecorded !== 'boolean' || typeof ended !== 'object') return strange
  if (ended === null) return { unrecorded, ended }
  const { epoch, node } = ended as Record<string, unknown>
  const isKnown = typeof epoch === 'number' && Number.isSafeInteger(epoch) && typeof node === 'string'
  return isKnown ? { unrecorded, ended: { epoch, node } } : strange
}
