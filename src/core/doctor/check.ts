/**
 * A check of `apmode doctor`: one row of what is looked at, why it matters, and what makes of the facts a verdict. Pure.
 * Invariant: a check whose facts could not be seen is `unknown`, with the reason; it is never taken for good.
 */
import { messageOf } from '../errors.ts'
import type { Engine } from '../vocabulary.ts'
import type { Facts } from './facts.ts'
import { type Look, type Looks, unknown } from './look.ts'

export const SEVERITIES = ['ok', 'note', 'warning', 'error', 'unknown'] as const
export type Severity = (typeof SEVERITIES)[number]

export const GROUPS = ['files', 'units', 'keepalived', 'mariadb', 'galera', 'network', 'pair', 'system'] as const
export type Group = (typeof GROUPS)[number]

export interface Verdict {
  readonly severity: Severity
  readonly found: string
  /** What to type; null: nothing is to be mended. */
  readonly mend: string | null
}

interface Words {
  /** Stable: scripts and the documents name it. */
  readonly id: `${Group}.${string}`
  /** The rule, in the words in which it holds. */
  readonly title: string
  /** What is looked at. */
  readonly looks: string
  readonly why: string
  /** Where it means something; without it: everywhere. */
  readonly engines?: readonly Engine[]
}

/** Of replication from one machine to the other: it is not there in a cluster. */
export const REPLICATION: readonly Engine[] = ['mariadb', 'none']

export interface Check extends Words {
  readonly group: Group
  /** A look that is missing was not possible without a configuration. */
  examine(looks: Partial<Looks>): Verdict
}

/** `needs`: without one of these nothing can be said. `may`: null where it could not be seen. */
interface Row<K extends keyof Facts, M extends keyof Facts> extends Words {
  readonly needs: readonly K[]
  readonly may?: readonly M[]
  judge(facts: Pick<Facts, K> & { readonly [P in M]: Facts[P] | null }): Verdict
}

export function check<const K extends keyof Facts, const M extends keyof Facts = never>(row: Row<K, M>): Check {
  const { id, title, looks, why, engines, needs, may = [], judge } = row
  const group = GROUPS.find((name) => id.startsWith(`${name}.`))
  if (group === undefined) throw new Error(`the check ${id} is in no group`)
  return {
    id,
    title,
    looks,
    why,
    group,
    ...(engines === undefined ? {} : { engines }),
    examine(all) {
      const needed: readonly Look<unknown>[] = needs.map((name) => all[name] ?? NO_CONFIG)
      const absent = needed.find((look) => look.kind === 'none')
      if (absent?.kind === 'none') return ok(`nothing to look at: ${absent.why}`)
      const reasons = needed.flatMap((look) => (look.kind === 'unknown' ? [look.why] : []))
      if (reasons.length > 0) return { severity: 'unknown', found: [...new Set(reasons)].join('; '), mend: null }
      const names: readonly (K | M)[] = [...needs, ...may]
      const facts = Object.fromEntries(names.map((name) => [name, seenIn(all[name] ?? NO_CONFIG)]))
      try {
        // Each of them has been seen, or may be null: looked at above.
        return judge(facts as unknown as Parameters<typeof judge>[0])
      } catch (thrown) {
        return { severity: 'unknown', found: `the check itself failed: ${messageOf(thrown)}`, mend: null }
      }
    },
  }
}

const NO_CONFIG = unknown('apmode.toml has faults')

function seenIn(look: Look<unknown>): unknown {
  return look.kind === 'seen' ? look.value : null
}

export const ok = (found: string): Verdict => ({ severity: 'ok', found, mend: null })

export function bad(severity: 'note' | 'warning' | 'error', found: string, mend: string | null): Verdict {
  return { severity, found, mend }
}

/** Good when nothing is wrong; otherwise everything that is, in one sentence. */
export function unless(
  severity: 'note' | 'warning' | 'error',
  problems: readonly string[],
  mend: string | null,
  good: string,
): Verdict {
  return problems.length === 0 ? ok(good) : bad(severity, some(problems, 4), mend)
}

/** The first few, and how many more there are. */
export function some(items: readonly string[], most: number, between = '; '): string {
  const more = items.length - most
  return items.slice(0, most).join(between) + (more > 0 ? `${between}and ${more} more` : '')
}

/** A command that runs SQL: in double quotes, with what a shell would read there kept from it. */
export function mariadb(sql: string): string {
  return `mariadb -e "${sql.replace(/[\\"$`]/g, (character) => `\\${character}`)}"`
}
