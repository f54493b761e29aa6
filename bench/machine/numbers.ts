/** Medians and percentiles of what was measured, and how they are written. Pure; an empty list has no median: NaN. */

export interface Spread {
  readonly n: number
  readonly median: number
  readonly p95: number
  readonly least: number
  readonly most: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other)
  return {
    n: sorted.length,
    median: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    least: sorted[0] ?? Number.NaN,
    most: sorted.at(-1) ?? Number.NaN,
  }
}

export function median(values: readonly number[]): number {
  return spreadOf(values).median
}

/** Between the two nearest where the rank is not whole. */
function quantile(sorted: readonly number[], q: number): number {
  const rank = (sorted.length - 1) * q
  const below = sorted[Math.floor(rank)]
  const above = sorted[Math.ceil(rank)]
  if (below === undefined || above === undefined) return Number.NaN
  return below + (above - below) * (rank - Math.floor(rank))
}

/** `0.42`, `4.2`, `42`, `420`: two digits that mean something. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const places = Math.abs(value) < 1 ? 2 : Math.abs(value) < 20 ? 1 : 0
  return value.toFixed(places)
}

export function ms(spread: Spread): string {
  return `${digits(spread.median)} ms, p95 ${digits(spread.p95)}`
}
