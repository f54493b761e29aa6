/** Durations and ratios as the tables, the picture and the progress say them. Pure. */

/** `12 ms`, `1.8 s`, `never`; a dash for what there is not. */
export function duration(ms: number): string {
  if (Number.isNaN(ms)) return '–'
  if (ms === Number.POSITIVE_INFINITY) return 'never'
  if (ms < 999.5) return `${Math.round(ms)} ms`
  return `${(ms / 1000).toFixed(ms < 9_950 ? 1 : 0)} s`
}

/** `37 ×`; `∞`: the other one never comes back. */
export function times(factor: number): string {
  if (Number.isNaN(factor)) return '–'
  if (factor === Number.POSITIVE_INFINITY) return '∞'
  return `${factor < 9.95 ? factor.toFixed(1) : Math.round(factor)} ×`
}
