/**
 * `apmode check`: what of this machine is well, from the last look alone: keepalived asks this and must not wait. It looks at
 * nothing and decides nothing.
 */

import { CHECKS, type Check, type CheckItem, type CheckResult } from '../core/checks.ts'
import { ApmodeError } from '../core/errors.ts'
import { isRunning, type ObservedUnit } from '../core/observed.ts'
import type { Supervisor } from './supervisor.ts'

/** Throws ApmodeError `usage` for the name of a unit that is none of ours: a script that asks for it would wait for ever. */
export function checkView({ settler, parts }: Supervisor, wanted: readonly Check[]): CheckResult {
  const names = parts.config.units.map(({ name }) => name)
  const what = wanted.length === 0 ? CHECKS : wanted
  const stranger = what.find((item) => item.includes('.') && !names.includes(item))
  if (stranger !== undefined) {
    throw new ApmodeError('usage', `cannot check ${JSON.stringify(stranger)}: expected one of ${names.join(', ')}`)
  }
  const { last } = settler
  const items = what.map((item): CheckItem => {
    if (last === null) return { what: item, ok: false, sentence: 'nothing has been looked at yet' }
    const { observed } = last
    if (item === 'nic') {
      const ok = observed.carrier !== false
      return { what: item, ok, sentence: ok ? 'the interface has a carrier' : 'the interface has no carrier' }
    }
    const units = observed.units.filter((unit) => unit.kind === item || unit.name === item)
    const { database } = observed
    const asked = item === 'database' || units.some(({ kind }) => kind === 'database')
    const silent = asked && database !== null && !database.answers
    return { what: item, ...judged(item, units, silent ? database.detail : null) }
  })
  return { ok: items.every((item) => item.ok), items }
}

function judged(item: Check, units: readonly ObservedUnit[], silence: string | null): Omit<CheckItem, 'what'> {
  const down = units.filter((unit) => !isRunning(unit))
  if (down.length > 0) return { ok: false, sentence: down.map(({ name, active }) => `${name} is ${active}`).join('; ') }
  if (silence !== null) return { ok: false, sentence: silence }
  const names = units.map(({ name }) => name).join(', ')
  return { ok: true, sentence: units.length === 0 ? `no ${item} is configured` : `${names}: active` }
}
