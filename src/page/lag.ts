/**
 * The lag of the last minutes, as samples and as a line. Pure: it knows no document and no clock. Invariant: a lag that is
 * unknown is a gap in the line, never zero.
 */
export interface Sample {
  /** Milliseconds. */
  readonly at: number
  /** Seconds; null: unknown. */
  readonly lag: number | null
}

export const SPAN_MS = 5 * 60_000
/** A line that would need more than this is not seen any better. */
const MOST_SAMPLES = 600

/** One more sample; what is older than the span goes, but for the one that still holds at its beginning. */
export function sampled(series: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = series.at(-1)
  const grown = last !== undefined && last.lag === sample.lag ? series : [...series, sample]
  const begin = sample.at - SPAN_MS
  const first = grown.findLastIndex(({ at }) => at <= begin)
  return grown.slice(Math.max(first, grown.length - MOST_SAMPLES, 0))
}

/** A round number of seconds that is not below any sample. */
export function heightOf(series: readonly Sample[]): number {
  const most = Math.max(0, ...series.map(({ lag }) => lag ?? 0))
  return [1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600].find((seconds) => seconds >= most) ?? Math.ceil(most / 3600) * 3600
}

/** As the `d` of an SVG path in a box of 100 × 100: a level lasts until the next sample, the last one until now. */
export function pathOf(series: readonly Sample[], nowMs: number, height: number): string {
  const x = (at: number) => round(Math.min(100, Math.max(0, 100 - ((nowMs - at) / SPAN_MS) * 100)))
  const y = (lag: number) => round(98 - (lag / height) * 96)
  let path = ''
  let drawing = false
  for (const [index, { at, lag }] of series.entries()) {
    const until = series[index + 1]?.at ?? nowMs
    if (lag !== null) path += `${drawing ? 'L' : 'M'}${x(at)} ${y(lag)}L${x(until)} ${y(lag)}`
    drawing = lag !== null
  }
  return path
}

const round = (value: number) => Math.round(value * 100) / 100

/** For those who do not see the line. */
export function lagWords(series: readonly Sample[], name: string): string {
  const known = series.flatMap(({ lag }) => (lag === null ? [] : [lag]))
  const now = series.at(-1)?.lag ?? null
  if (known.length === 0) return `The lag of ${name} is unknown.`
  return `The lag of ${name}: ${now === null ? 'unknown now' : `${now} s now`}, ${Math.max(...known)} s at most.`
}
