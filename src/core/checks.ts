/** What `apmode check` can be asked, and answers. Types, and the words themselves. */

export const CHECKS = ['router', 'api', 'database', 'nic'] as const
/** One of the four, or the name of a service unit: `nginx.service`. */
export type Check = (typeof CHECKS)[number] | `${string}.${string}`

/** The words themselves; whether there is such a unit is for the host to say. */
export function isCheck(word: string): word is Check {
  return CHECKS.some((check) => check === word) || /^[\w:@\\-][\w:@.\\-]*\.[a-z]+$/.test(word)
}

export interface CheckItem {
  readonly what: Check
  readonly ok: boolean
  readonly sentence: string
}

export interface CheckResult {
  /** Every item is ok. */
  readonly ok: boolean
  readonly items: readonly CheckItem[]
}
