/**
 * From what a client sent to the requests of `ports/control.ts`. Every unknown field, wrong type and unknown word is a
 * BadRequest that says what was found and what is expected; nothing is guessed and nothing left over is ignored.
 */
import { CHECKS, type Check, isCheck } from '../../core/checks.ts'
import { shown } from '../../core/shown.ts'
import { MODES, type Mode, VRRP_STATES } from '../../core/vocabulary.ts'
import {
  type BootstrapRequest,
  type HandoverRequest,
  type PlanRequest,
  type RecloneRequest,
  type RejoinRequest,
  type SetRequest,
  UNIT_COMMANDS,
} from '../../ports/control.ts'
import type { VrrpEvent } from '../../ports/vrrp.ts'
import { BadRequest } from './http.ts'

const DEFAULT_HISTORY = 20
const LONGEST_HISTORY = 10_000
const NOTIFY_STATES = VRRP_STATES.filter((state) => state !== 'init')

type Fields = Readonly<Record<string, unknown>>

export function notifyRequest(body: unknown): VrrpEvent {
  const fields = fieldsOf(body, ['state', 'instance', 'source'])
  const { instance = null, source = 'notify' } = fields
  if (instance !== null && typeof instance !== 'string') throw wrong('instance', instance, 'a name or null')
  if (source !== 'notify') throw wrong('source', source, '"notify"')
  return { state: oneOf(fields, 'state', NOTIFY_STATES), instance, source }
}

export function setRequest(body: unknown): SetRequest & { readonly dryRun: boolean } {
  const fields = fieldsOf(body, ['mode', 'now', 'force', 'dryRun'])
  return { ...modeAndFlags(fields), dryRun: flag(fields, 'dryRun') }
}

export function handoverRequest(body: unknown): HandoverRequest & { readonly dryRun: boolean } {
  const fields = fieldsOf(body, ['kill', 'timeoutMs', 'dryRun'])
  return { kill: flag(fields, 'kill'), timeoutMs: milliseconds(fields, 'timeoutMs'), dryRun: flag(fields, 'dryRun') }
}

export function rejoinRequest(body: unknown): RejoinRequest & { readonly dryRun: boolean } {
  const fields = fieldsOf(body, ['force', 'timeoutMs', 'dryRun'])
  return { force: flag(fields, 'force'), timeoutMs: milliseconds(fields, 'timeoutMs'), dryRun: flag(fields, 'dryRun') }
}

export function recloneRequest(body: unknown): RecloneRequest & { readonly dryRun: boolean } {
  const fields = fieldsOf(body, ['physical', 'force', 'keepOld', 'dryRun'])
  return { ...recloneFlags(fields), dryRun: flag(fields, 'dryRun') }
}

export function bootstrapRequest(body: unknown): BootstrapRequest & { readonly dryRun: boolean } {
  const fields = fieldsOf(body, ['without', 'positions', 'dryRun'])
  return { ...bootstrapFields(fields), dryRun: flag(fields, 'dryRun') }
}

function bootstrapFields({ without = [], positions = {} }: Fields): BootstrapRequest {
  if (!Array.isArray(without) || !without.every((name) => typeof name === 'string'))
    throw wrong('without', without, 'a list of names')
  if (typeof positions !== 'object' || positions === null || Array.isArray(positions))
    throw wrong('positions', positions, 'an object: positions by name')
  const entries = Object.entries(positions)
  if (!entries.every(([, text]) => typeof text === 'string')) throw wrong('positions', positions, 'UUID:SEQNO by name')
  return { without, positions: Object.fromEntries(entries) }
}

function recloneFlags(fields: Fields): RecloneRequest {
  return { physical: flag(fields, 'physical'), force: flag(fields, 'force'), keepOld: flag(fields, 'keepOld') }
}

const PLAN_FIELDS = [
  ...['command', 'mode', 'now', 'force', 'state', 'kill', 'physical', 'keepOld'],
  ...['without', 'positions'],
]

export function planRequest(body: unknown): PlanRequest {
  const all = fieldsOf(body, PLAN_FIELDS)
  const command = oneOf(all, 'command', [
    'set',
    'notify',
    'handover',
    'rejoin',
    'reclone',
    'bootstrap',
    ...UNIT_COMMANDS,
  ])
  switch (command) {
    case 'set':
      return { command, ...modeAndFlags(fieldsOf(body, ['command', 'mode', 'now', 'force'])) }
    case 'notify':
      return { command, state: oneOf(fieldsOf(body, ['command', 'state']), 'state', NOTIFY_STATES) }
    case 'handover':
      return { command, kill: flag(fieldsOf(body, ['command', 'kill']), 'kill') }
    case 'rejoin':
      return { command, force: flag(fieldsOf(body, ['command', 'force']), 'force') }
    case 'reclone':
      return { command, ...recloneFlags(fieldsOf(body, ['command', 'physical', 'force', 'keepOld'])) }
    case 'bootstrap':
      return { command, ...bootstrapFields(fieldsOf(body, ['command', 'without', 'positions'])) }
    case 'start':
    case 'stop':
    case 'restart':
      fieldsOf(body, ['command'])
      return { command }
  }
}

export function unitsRequest(body: unknown): void {
  fieldsOf(body, [])
}

/** `?what=router,api,nginx.service`; without it the four. */
export function checkRequest(query: URLSearchParams): readonly Check[] {
  const words = query
    .getAll('what')
    .flatMap((value) => value.split(','))
    .filter((word) => word !== '')
  if (words.length === 0) return CHECKS
  return words.map((word) => (isCheck(word) ? word : fail('what', word, [...CHECKS, 'the name of a service unit'])))
}

/** `?history=10`: so many of the newest decisions first; none without it. */
export function eventsRequest(query: URLSearchParams): number {
  return query.has('history') ? countOf(query, 'history', 0) : 0
}

export function historyRequest(query: URLSearchParams): number {
  return query.has('n') ? countOf(query, 'n', 1) : DEFAULT_HISTORY
}

function countOf(query: URLSearchParams, name: string, least: number): number {
  const text = query.get(name) ?? ''
  const count = /^\d{1,6}$/.test(text) ? Number(text) : -1
  if (count < least || count > LONGEST_HISTORY) throw wrong(name, text, `a number from ${least} to ${LONGEST_HISTORY}`)
  return count
}

function modeAndFlags(fields: Fields): { readonly mode: Mode; readonly now: boolean; readonly force: boolean } {
  return { mode: oneOf(fields, 'mode', MODES), now: flag(fields, 'now'), force: flag(fields, 'force') }
}

function fieldsOf(body: unknown, expected: readonly string[]): Fields {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new BadRequest(400, 'the body is JSON but no object')
  }
  for (const name of Object.keys(body)) {
    if (expected.includes(name)) continue
    const names = expected.length === 0 ? 'none is expected' : `expected ${expected.join(', ')}`
    throw new BadRequest(400, `unknown field ${shown(name)}, ${names}`)
  }
  return body as Fields
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false
  if (typeof value !== 'boolean') throw wrong(name, value, 'true or false')
  return value
}

/** null: not given. At most a day. */
function milliseconds(fields: Fields, name: string): number | null {
  const value = fields[name] ?? null
  if (value === null) return null
  if (typeof value === 'number' && Number.isFinite(value) && value > 0 && value <= 86_400_000) return value
  throw wrong(name, value, 'milliseconds, more than 0, at most 86400000')
}

function oneOf<Word extends string>(fields: Fields, name: string, words: readonly Word[]): Word {
  return known(words, fields[name]) ?? fail(name, fields[name], words)
}

function known<Word extends string>(words: readonly Word[], found: unknown): Word | undefined {
  return words.find((word) => word === found)
}

function fail(name: string, found: unknown, words: readonly string[]): never {
  throw wrong(name, found, words.join(', '))
}

function wrong(name: string, found: unknown, expected: string): BadRequest {
  return new BadRequest(400, `${name} is ${shown(found)}, expected ${expected}`)
}
