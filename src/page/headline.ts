/**
 * The pair in one sentence, and how much it worries. Pure: it knows no document. Invariant: `well` is said only of what is
 * known to be well; what is unknown is at least worth a look.
 */
import { hasDatabase } from '../core/without-database.ts'
import type { Status } from '../ports/control.ts'
import { replicaOf } from './words.ts'

export const TONES = ['well', 'look', 'trouble'] as const
export type Tone = (typeof TONES)[number]

/** The text beside the colour. */
export const TONE_WORDS: Readonly<Record<Tone, string>> = {
  well: '✓ all is well',
  look: '! worth a look',
  trouble: '✗ trouble',
}

export interface Headline {
  readonly tone: Tone
  readonly words: string
}

export function headlineOf(status: Status): Headline {
  const { node, holder, writable, peer } = status
  if (!hasDatabase(status)) return withoutDatabase(status)
  if (status.engine === 'galera') return member(status)
  if (holder === true && writable === true) return { tone: careOf(status), words: `${node} serves${besides(status)}` }
  if (holder === true)
    return {
      tone: 'trouble',
      words: `${node} holds the VIP and ${writable === false ? 'takes no writes' : 'it is unknown whether it takes writes'}`,
    }
  if (writable === true) return { tone: 'trouble', words: `${node} takes writes without the VIP` }
  if (peer?.writable === true)
    return { tone: careOf(status), words: `${peer.name} serves, ${node} ${standing(status)}` }
  if (holder === null) return { tone: 'look', words: `${node} does not know yet where it stands` }
  if (status.mode === 'unset') return { tone: 'look', words: `${node} has no mode yet: nothing is supervised` }
  const words = peer === null ? `${node} does not serve` : `nobody is known to serve: ${node} does not hold the VIP`
  return { tone: 'trouble', words }
}

/** Every member writes: what counts is whether this one does. */
function member(status: Status): Headline {
  const { node, holder, cluster, mode } = status
  const vip = holder === true ? ' and holds the VIP' : ''
  if (cluster?.serves === true)
    return { tone: careOf(status), words: `${node} takes writes, one of ${cluster.size}${vip}` }
  if (mode === 'm') return { tone: 'look', words: `${node} is in maintenance, out of the cluster` }
  if (mode === 'unset') return { tone: 'look', words: `${node} has no mode yet: nothing is supervised` }
  if (cluster === null) return { tone: 'trouble', words: `the database of ${node} does not answer` }
  return { tone: 'trouble', words: `${node} takes no writes: ${cluster.component}, ${cluster.state}${vip}` }
}

function besides({ peer, mode }: Status): string {
  if (peer === null) return ''
  if (mode === 's') return ` alone${peer.attached === true ? `, ${peer.name} follows` : ''}`
  return peer.attached === true ? `, ${peer.name} follows` : `, ${peer.name} does not follow`
}

function standing(status: Status): string {
  const { mode, fit, replication } = status
  if (mode === 'm') return 'is in maintenance'
  if (mode === 'unreadable') return 'is fenced'
  if (mode !== 'ap') return 'is not part of the pair'
  if (fit === false) return 'is not able to take over'
  return replication?.io === 'Yes' && replication.sql ? 'stands by' : 'does not follow'
}

function careOf(status: Status): Tone {
  const { mode, being, fit, peer, problems, reasons, units } = status
  if (mode === 'unreadable' || problems.length > 0 || fit === false) return 'trouble'
  const calm = being === null && reasons.length === 0 && !units.some(({ active }) => active === 'failed')
  const whole = peer === null || (mode === 'ap' && peer.fit !== false && (!hasDatabase(status) || follows(status)))
  return fit === true && calm && whole ? 'well' : 'look'
}

/** The replica of the pair receives and applies, and is connected to this machine where this machine serves. */
function follows(status: Status): boolean {
  const replica = replicaOf(status)?.found
  return replica?.io === 'Yes' && replica.sql && (status.holder !== true || status.peer?.attached === true)
}

function withoutDatabase(status: Status): Headline {
  const { node, holder, mode } = status
  if (holder === null) return { tone: 'look', words: `${node} does not know yet where it stands` }
  if (mode === 'unset') return { tone: 'look', words: `${node} has no mode yet: nothing is supervised` }
  if (holder) return { tone: careOf(status), words: `${node} holds the VIP${mode === 's' ? ', alone' : ''}` }
  const words = `${node} ${mode === 'm' ? 'is in maintenance' : 'does not hold the VIP'}`
  // In maintenance it is not fit, and that is meant so.
  return { tone: mode === 'm' && status.problems.length === 0 ? 'look' : careOf(status), words }
}
