/**
 * What another machine answers at `GET /cluster`, as a value. Invariant: an answer that is not wholly understood is none: half a
 * position would be compared like a whole one.
 */
import { parsePosition } from '../../core/galera-state.ts'
import { shown } from '../../core/shown.ts'
import type { MemberView } from '../../ports/cluster.ts'

const COMPONENTS = ['Primary', 'non-Primary', 'Disconnected', null] as const
const KNOWN = ['running', 'grastate.dat', 'recovered', null] as const
const LONGEST_TEXT = 500

/** A string says why it is not understood. */
export function parseView(text: string): MemberView | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return `it answers no JSON: ${shown(text)}`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `it answers ${shown(value)}`
  const fields = value as Readonly<Record<string, unknown>>
  const strange: string[] = []
  const field = <T>(name: keyof MemberView, fits: (found: unknown) => found is T): T | null => {
    const found = fields[name]
    if (fits(found)) return found
    strange.push(`${name} ${shown(found)}`)
    return null
  }
  const isText = (found: unknown): found is string => typeof found === 'string' && found.length <= LONGEST_TEXT
  const isTextOrNull = (found: unknown): found is string | null => found === null || isText(found)
  const isYesNo = (found: unknown): found is boolean => typeof found === 'boolean'
  const isTri = (found: unknown): found is boolean | null => found === null || isYesNo(found)
  const isNumber = (found: unknown): found is number | null => found === null || typeof found === 'number'
  const oneOf =
    <T>(words: readonly T[]) =>
    (found: unknown): found is T =>
      words.some((word) => word === found)
  const view: MemberView = {
    node: field('node', isText) ?? '',
    running: field('running', isTri),
    component: field('component', oneOf(COMPONENTS)),
    state: field('state', isTextOrNull),
    uuid: field('uuid', isTextOrNull),
    seqno: field('seqno', isNumber),
    safeToBootstrap: field('safeToBootstrap', isTri),
    known: field('known', oneOf(KNOWN)),
    forming: field('forming', isYesNo) ?? false,
    detail: field('detail', isText) ?? '',
  }
  const ended = fields.ended === undefined ? {} : { ended: field('ended', isYesNo) ?? false }
  const { uuid, seqno } = view
  if ((uuid === null) !== (seqno === null)) strange.push('half a position')
  const position = uuid === null || seqno === null ? null : parsePosition(`${uuid}:${seqno}`)
  if (uuid !== null && seqno !== null && position === null) strange.push(`the position ${shown(`${uuid}:${seqno}`)}`)
  if (strange.length > 0) return `it answers what is not understood: ${strange.slice(0, 2).join(', ')}`
  return { ...view, ...position, ...ended }
}
