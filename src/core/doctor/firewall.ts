/**
 * What nftables does to one packet, from `nft -j list ruleset`: the chains are walked as the kernel walks them. Pure.
 * Invariant: what is not understood (a limit, an xtables match) makes the answer `unclear`, never `passes` or `dropped`.
 */
import { isRecord, listOf, type Tri, testMatch } from './firewall-match.ts'

export interface Packet {
  readonly hook: 'input' | 'output'
  readonly interface: string
  readonly from: string
  readonly to: string
  readonly protocol: 'tcp' | 'vrrp'
  /** Of the server, for tcp: a new connection to it. */
  readonly port: number
}

export interface Chain {
  readonly family: string
  readonly table: string
  readonly name: string
  readonly hook: string | null
  readonly priority: number
  readonly dropsByPolicy: boolean
  /** Each rule is a list of expressions. */
  readonly rules: readonly (readonly unknown[])[]
}

export type Ruleset = readonly Chain[]

export type Passage =
  | { readonly outcome: 'passes' }
  | { readonly outcome: 'dropped'; readonly chain: Chain; readonly by: string }
  | { readonly outcome: 'unclear'; readonly by: string }

const FAMILIES = { 4: ['ip', 'inet'], 6: ['ip6', 'inet'] } as const

/** Throws where it is no JSON of nft. */
export function parseRuleset(json: string): Ruleset {
  const items = listOf((JSON.parse(json) as { nftables?: unknown }).nftables).filter(isRecord)
  const rules = items.flatMap(({ rule }) => (isRecord(rule) ? [rule] : []))
  return items.flatMap(({ chain }) => {
    if (!isRecord(chain)) return []
    const { family, table, name, hook, prio, policy } = chain
    const own = rules.filter((rule) => rule.family === family && rule.table === table && rule.chain === name)
    return [
      {
        family: String(family),
        table: String(table),
        name: String(name),
        hook: typeof hook === 'string' ? hook : null,
        priority: Number(prio ?? 0),
        dropsByPolicy: policy === 'drop',
        rules: own.map(({ expr }) => listOf(expr)),
      },
    ]
  })
}

export function passage(ruleset: Ruleset, packet: Packet): Passage {
  const family = packet.to.includes(':') ? 6 : 4
  const families: readonly string[] = FAMILIES[family]
  const chains = ruleset
    .filter((chain) => chain.hook === packet.hook && families.includes(chain.family))
    .sort((one, other) => one.priority - other.priority)
  let unclear: string | null = null
  for (const chain of chains) {
    const end = walk(ruleset, chain, packet, 0)
    if (end.doubt !== null) unclear ??= end.doubt
    const dropped = end.verdict === 'drop' || (end.verdict === 'end' && chain.dropsByPolicy)
    if (!dropped) continue
    const by = `table ${chain.family} ${chain.table}, chain ${chain.name}`
    return unclear === null ? { outcome: 'dropped', chain, by } : { outcome: 'unclear', by: unclear }
  }
  return unclear === null ? { outcome: 'passes' } : { outcome: 'unclear', by: unclear }
}

interface End {
  readonly verdict: 'accept' | 'drop' | 'end'
  /** A rule before it that may have decided otherwise. */
  readonly doubt: string | null
}

const DEEPEST = 16
/** They look on, or write something down. */
const HARMLESS = new Set(['counter', 'log', 'comment'])
const DECIDING = new Set(['accept', 'drop', 'reject', 'return', 'jump', 'goto'])

function walk(ruleset: Ruleset, chain: Chain, packet: Packet, depth: number): End {
  let doubt: string | null = null
  for (const rule of chain.rules) {
    const end = tryRule(ruleset, chain, rule.filter(isRecord), packet, depth)
    if (end.doubt !== null) doubt ??= end.doubt
    if (end.verdict !== 'end') return { verdict: end.verdict, doubt }
    if (end.leaves) break
  }
  return { verdict: 'end', doubt }
}

interface RuleEnd extends End {
  /** The rest of the chain is left out. */
  readonly leaves: boolean
}

const goesOn: RuleEnd = { verdict: 'end', doubt: null, leaves: false }

function tryRule(
  ruleset: Ruleset,
  chain: Chain,
  rule: readonly Readonly<Record<string, unknown>>[],
  packet: Packet,
  depth: number,
): RuleEnd {
  let sure = true
  for (const expression of rule) {
    const [[name, value] = ['', null]] = Object.entries(expression)
    const fits: Tri =
      name === 'match' ? testMatch(value, packet) : HARMLESS.has(name) || DECIDING.has(name) ? true : null
    if (fits === false) return goesOn
    if (fits === null) sure = false
    if (!DECIDING.has(name)) continue
    if (!sure) return { ...goesOn, doubt: where(chain) }
    if (name === 'return') return { ...goesOn, leaves: true }
    if (name === 'jump' || name === 'goto') {
      return { ...follow(ruleset, chain, value, packet, depth), leaves: name === 'goto' }
    }
    return { verdict: name === 'accept' ? 'accept' : 'drop', doubt: null, leaves: true }
  }
  return goesOn
}

function follow(ruleset: Ruleset, chain: Chain, value: unknown, packet: Packet, depth: number): End {
  const target = isRecord(value) ? value.target : undefined
  const next = ruleset.find(
    ({ family, table, name }) => family === chain.family && table === chain.table && name === target,
  )
  if (next === undefined || depth >= DEEPEST) return { verdict: 'end', doubt: where(chain) }
  return walk(ruleset, next, packet, depth + 1)
}

const where = ({ family, table, name }: Chain) => `a rule of table ${family} ${table}, chain ${name}, is not understood`
