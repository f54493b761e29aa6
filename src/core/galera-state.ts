/**
 * Where the data of a Galera member stands: the UUID of its history and the number of its last write set, as grastate.dat and
 * galera_recovery write them. Pure. Invariant: what is not understood is a reason, never a position: a wrong one would let an
 * older machine bootstrap the cluster.
 */

export interface Position {
  /** Of the history; `NO_HISTORY` where there never was one. */
  readonly uuid: string
  /** -1: unknown, or none. */
  readonly seqno: number
}

/** grastate.dat. */
export interface SavedPosition extends Position {
  /** It was the last one to leave the cluster, or the only one in it. null: the file does not say (Galera before 3.19). */
  readonly safeToBootstrap: boolean | null
}

export const NO_HISTORY = '00000000-0000-0000-0000-000000000000'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const SEQNO = /^(-1|0|[1-9]\d{0,15})$/
/** The file has five lines. */
const LONGEST = 4096

/** A machine that has never been a member: whatever it has, the cluster does not have it from there. */
export function hasHistory({ uuid }: Position): boolean {
  return uuid !== NO_HISTORY
}

/** The position is one that can be compared. */
export function isWhole(position: Position): boolean {
  return !hasHistory(position) || position.seqno >= 0
}

/** `UUID:SEQNO`, also as Galera writes it in its GTID mode (`UUID:SEQNO,7-1-5`). null: it is none. */
export function parsePosition(text: string): Position | null {
  const [, uuid = '', number = ''] =
    /^([^:]{36}):([^,\s]{1,17})(?:,[\d,-]{1,200})?$/.exec(text.trim().toLowerCase()) ?? []
  const seqno = SEQNO.test(number) ? Number(number) : Number.NaN
  return UUID.test(uuid) && Number.isSafeInteger(seqno) ? { uuid, seqno } : null
}

export function positionText({ uuid, seqno }: Position): string {
  return `${uuid}:${seqno}`
}

/** The text of grastate.dat; a string says why it is not understood. */
export function parseSaved(text: string): SavedPosition | string {
  if (text.length > LONGEST) return `it has ${text.length} characters`
  const value = (name: string): string[] =>
    text.split('\n').flatMap((line) => {
      const [key = '', ...rest] = line.split(':')
      return key.trim() === name ? [rest.join(':').trim()] : []
    })
  const [uuids, seqnos, safes] = [value('uuid'), value('seqno'), value('safe_to_bootstrap')]
  if (uuids.length !== 1 || seqnos.length !== 1 || safes.length > 1) return 'it has not one uuid and one seqno'
  const position = parsePosition(`${uuids[0]}:${seqnos[0]}`)
  if (position === null) return 'its uuid or its seqno cannot be read'
  const [safe] = safes
  if (safe !== undefined && safe !== '0' && safe !== '1') return 'its safe_to_bootstrap is neither 0 nor 1'
  return { ...position, safeToBootstrap: safe === undefined ? null : safe === '1' }
}

/** What galera_recovery prints: `--wsrep_start_position=UUID:SEQNO`, or nothing where wsrep is off. */
export function parseRecovered(output: string): Position | string {
  const found = [...output.matchAll(/^\s*--wsrep[_-]start[_-]position=(\S+)\s*$/gm)]
  const [first] = found
  if (first === undefined)
    return output.trim() === '' ? 'it found no position: wsrep_on is off' : 'it printed no position'
  const position = found.length === 1 ? parsePosition(first[1] ?? '') : null
  return position ?? 'it printed a position that cannot be read'
}

/** The same file, and it may bootstrap, or must not. */
export function withSafeToBootstrap(text: string, safe = true): string {
  const wanted = `safe_to_bootstrap: ${safe ? 1 : 0}`
  const line = /^safe_to_bootstrap:[^\n]*$/m
  if (line.test(text)) return text.replace(line, wanted)
  return `${text}${text.endsWith('\n') ? '' : '\n'}${wanted}\n`
}

/** gvwstate.dat: the last primary view had this member and nobody else. What is not understood is a no. */
export function isAloneIn(view: string): boolean {
  if (view.length > LONGEST) return false
  const [self] = [...view.matchAll(/^my_uuid:\s*(\S+)\s*$/gm)].map(([, uuid = '']) => uuid)
  const members = [...view.matchAll(/^member:\s*(\S+)/gm)].map(([, uuid = '']) => uuid)
  return self !== undefined && UUID.test(self) && members.length === 1 && members[0] === self && /^#vwend/m.test(view)
}
