/** What is said of a round: a line when all is well, all the evidence when an oracle is broken. Pure. */
import type { Fault } from './fault.ts'
import type { RoundResult } from './round.ts'
import type { Round } from './schedule.ts'
import { duration } from './summary.ts'

export function roundLine(result: RoundResult): string {
  const parts = [
    `${duration(result.tookMs)}`,
    `${result.acknowledged} acknowledged, ${result.lost ?? '?'} lost`,
    `${duration(result.outageMs === null ? null : Math.round(result.outageMs))} without a write`,
  ]
  if (result.bothWritableMs > 0) parts.push(`both writable ${duration(result.bothWritableMs)}`)
  if (result.bothHoldersMs > 0) parts.push(`VIP on both ${duration(result.bothHoldersMs)}`)
  if (result.person !== null) parts.push(`a person was needed (${result.person})`)
  const broken = [...new Set(result.broken.map(({ oracle }) => oracle))]
  return `${broken.length === 0 ? 'kept' : `BROKEN: ${broken.join(', ')}`}; ${parts.join('; ')}`
}

/** The command that plays the round again. */
export function replayOf(round: Round, faults: readonly Fault[], all: readonly Fault[]): string {
  const only = faults.length === all.length ? '' : ` --faults ${faults.map(({ key }) => key).join(',')}`
  return `npm run campaign -- --seed ${round.seed} --round ${round.number}${only}`
}

/** What is told of a round, whatever machines it was played on. */
type Told = Pick<RoundResult, 'begun' | 'events' | 'stories'> & {
  readonly round: Pick<RoundResult['round'], 'number' | 'seed'> & {
    readonly strikes: readonly Record<'fault' | 'place' | 'atMs' | 'lastsMs', string | number>[]
  }
  readonly broken: readonly { readonly oracle: string; readonly sentence: string }[]
}

/** `machines`: what they are, where they are not the pair. */
export function reportOf(result: Told, replay: string, machines = ''): string {
  const { round } = result
  return [
    `══ ${machines}round ${round.number} of seed ${round.seed}, begun ${result.begun}`,
    `again: ${replay}`,
    ...result.broken.map(({ oracle, sentence }) => `BROKEN ${oracle}: ${sentence}`),
    '',
    ...round.strikes.map(
      ({ fault, place, atMs, lastsMs }) => `planned: ${fault} on ${place} at +${atMs} ms for ${lastsMs} ms`,
    ),
    ...result.events.map(({ ms, what }) => `  ${`+${ms} ms`.padStart(10)}  ${what}`),
    '',
    ...result.stories,
  ].join('\n')
}
