/** The moments of a failover as lines: milliseconds after the fault, a bar, who, what. Pure. */
import type { Paint } from '../../src/face/terminal.ts'
import type { Moment } from './moments.ts'

const BAR = 14

/** `struckAt` is the zero; the bar reaches from there to `servedAt`. */
export function timelineOf(
  moments: readonly Moment[],
  paint: Paint,
  { struckAt, servedAt }: { readonly struckAt: number; readonly servedAt: number },
): string {
  const lines = moments.map(({ at, who, what, afterwards }) => {
    const ms = Math.round(at - struckAt)
    const text = `${String(ms).padStart(6)} ms  ${bar((at - struckAt) / (servedAt - struckAt), paint)}  ${who.padEnd(6)}  `
    return `${text}${afterwards ? paint('dim', what) : what}`
  })
  return lines.join('\n')
}

function bar(share: number, paint: Paint): string {
  if (share < 0) return ' '.repeat(BAR)
  if (share > 1) return `${paint('dim', '─'.repeat(BAR - 1))}${paint('dim', '›')}`
  const place = Math.round(share * (BAR - 1))
  return `${paint('dim', '─'.repeat(place))}${paint('cyan', '●')}${' '.repeat(BAR - 1 - place)}`
}
