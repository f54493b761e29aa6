/**
 * Starts and stops a unit: asks for the job, waits for its JobRemoved, then looks whether the unit agrees.
 * Invariant: `done` only when the job is done *and* ActiveState is what was asked for; systemd says `done` also for a
 * start that a condition skipped. An operation that is given up leaves its job to systemd: the next one replaces it.
 */
import type { Call, JobOutcome } from '../../ports/systemd.ts'
import { BusError } from './bus.ts'
import type { JobEnd, Jobs } from './jobs.ts'
import { type Link, SYSTEMD } from './link.ts'
import type { Look } from './look.ts'
import { isUnitName } from './unit-name.ts'
import type { UnitRow } from './unit-status.ts'

const NO_SUCH_UNIT = new Set(['org.freedesktop.systemd1.NoSuchUnit', 'org.freedesktop.DBus.Error.FileNotFound'])
const RUNNING = new Set(['active', 'reloading', 'refreshing'])
const STOPPED = new Set(['inactive', 'failed', 'missing'])

/**
 * Runs again from its beginning when the bus is lost on the way: a StartUnit for a start that still runs joins its job,
 * and one for a unit that already runs is done at once.
 */
export function runJob(
  parts: { readonly link: Link; readonly look: Look; readonly jobs: Jobs },
  verb: 'start' | 'stop',
  unit: string,
  call: Call,
): Promise<JobOutcome> {
  const { link, look, jobs } = parts
  return link.until(call, async (left) => {
    if (!isUnitName(unit)) return { result: 'unknown-unit', detail: `${unit} is not the name of a unit` }
    // By its primary name: an alias of a masked unit is a unit of its own to systemd, and always stopped.
    const known = (await look.rows([unit], left())).get(unit)
    if (known === undefined) return { result: 'unknown-unit', detail: `systemd does not know ${unit}` }
    const unpin = pin(link, known.path, left())
    try {
      const asked = await request(look, verb, known.id, left())
      if (typeof asked !== 'string') return asked
      const end = await jobEnd(jobs, asked, left())
      const row = (await look.rows([known.id], left())).get(known.id)
      const agrees = row !== undefined && (verb === 'start' ? RUNNING : STOPPED).has(row.active)
      if (end.result === 'done' && agrees) return { result: 'done', detail: '' }
      const detail = await explain(look, verb, known.id, end, row, left())
      return { result: end.result === 'done' ? 'failed' : end.result, detail }
    } finally {
      unpin()
    }
  })
}

/** Keeps systemd from forgetting a stopped unit, and with it why it did not start, before it was looked at. */
function pin(link: Link, path: string, call: Call): () => void {
  const tell = (member: string) =>
    void link.call({ path, interface: `${SYSTEMD}.Unit`, member }, call).catch(() => {
      // A unit that is not there has nothing to forget; a lost connection ends the pin by itself.
    })
  tell('Ref')
  return () => tell('Unref')
}

/** The path of the job, or the outcome when there will be none. */
async function request(look: Look, verb: 'start' | 'stop', id: string, call: Call): Promise<string | JobOutcome> {
  try {
    const [job] = await look.manager(verb === 'start' ? 'StartUnit' : 'StopUnit', 'ss', [id, 'replace'], call)
    return String(job)
  } catch (thrown) {
    if (!(thrown instanceof BusError) || thrown.answer === '' || thrown.lost) throw thrown
    if (!NO_SUCH_UNIT.has(thrown.answer)) return { result: 'failed', detail: `systemd refused: ${thrown.message}` }
    if (verb === 'start') return { result: 'unknown-unit', detail: thrown.message }
    // StopUnit knows only loaded units: one that nobody refers to is stopped and forgotten.
    const row = (await look.rows([id], call)).get(id)
    if (row !== undefined && row.load !== 'not-found' && STOPPED.has(row.active)) return { result: 'done', detail: '' }
    return { result: 'unknown-unit', detail: thrown.message }
  }
}

async function jobEnd(jobs: Jobs, job: string, call: Call): Promise<JobEnd> {
  const { ended, abandon } = jobs.end(job)
  const { signal } = call
  const aborted = () => abandon(signal?.reason)
  const timer = setTimeout(
    () => abandon(new BusError('timeout', 'systemd is still at it when the time limit is reached')),
    call.timeoutMs,
  )
  if (signal?.aborted) aborted()
  else signal?.addEventListener('abort', aborted)
  try {
    return await ended
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', aborted)
  }
}

/** A sentence about why it is not done; what cannot be found out any more is left out. */
async function explain(
  look: Look,
  verb: 'start' | 'stop',
  unit: string,
  end: JobEnd,
  row: UnitRow | undefined,
  call: Call,
): Promise<string> {
  if (row === undefined) return `the ${verb} job of ${unit} ended as ${end.word}`
  const read = (face: string, name: string) => look.property(row.path, face, name, call).catch(() => undefined)
  const [result, conditionResult, conditions] = await Promise.all([
    row.id.endsWith('.service') ? read('Service', 'Result') : undefined,
    read('Unit', 'ConditionResult'),
    read('Unit', 'Conditions'),
  ])
  const skipped = skippedBecause(conditionResult, conditions)
  if (verb === 'start' && end.result === 'done' && row.active === 'inactive' && skipped !== null)
    return `systemd skipped the start of ${row.id}: ${skipped}`
  const why = typeof result === 'string' && result !== 'success' ? `, its result is ${result}` : ''
  return `the ${verb} job of ${row.id} ended as ${end.word}; the unit is ${row.active} (${row.sub})${why}`
}

/** `conditions` is a(sbbsi): type, is a trigger, is negated, parameter, state (negative: not met). */
export function skippedBecause(conditionResult: unknown, conditions: unknown): string | null {
  if (conditionResult !== false) return null
  const unmet = (Array.isArray(conditions) ? conditions : []).filter(
    (condition): condition is unknown[] => Array.isArray(condition) && Number(condition[4]) < 0,
  )
  const texts = unmet.map(([type, , negated, parameter]) => `${type}=${negated ? '!' : ''}${parameter}`)
  return texts.length === 0 ? 'a condition is not met' : `${texts.join(', ')} is not met`
}
