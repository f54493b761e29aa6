/** How much is looked at before a decision. Pure. */

/**
 * `as told`: units as systemd last said by itself, which costs nothing; `anew`: everything is asked, the peer only when it
 * matters (before a promotion); `everything`: the peer too.
 */
export type Thoroughness = 'as told' | 'anew' | 'everything'

/** What is heard is acted on as systemd told it; what nobody said is looked for. */
export function thoroughnessOf(event: string, source: string): Thoroughness {
  if (event === 'drift' || event === 'look') return 'everything'
  return source === 'supervisor' || source === 'operator' ? 'anew' : 'as told'
}
