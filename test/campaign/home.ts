/**
 * The way back to (ap,ap) as a person goes it: reads `apmode status` on both, types one command, reads again. `nextTyped`
 * is the person's reasoning, and pure; `goHome` types.
 * Invariant: only commands of `apmode` are typed, each is recorded with its answer, and it ends within its patience.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Status } from '../../src/ports/control.ts'
import type { ApmodePair, Machine } from '../pair/apmode-pair.ts'

/** What a person knows of a machine; null: it does not answer. */
export type Seen = Status | null

export interface Wish {
  readonly machine: string
  readonly command: string
  /** A person takes a responsibility here that the pair refuses to take. */
  readonly forced?: true
}

export interface Typed extends Wish {
  /** Epoch milliseconds. */
  readonly at: number
  readonly exit: number | null
  readonly said: string
}

export interface Homecoming {
  readonly typed: readonly Typed[]
  /** Null: home. Else what was missing when the patience ended. */
  readonly missing: string | null
}

const serves = (seen: Seen) => seen?.holder === true && seen.writable === true
const runs = (status: Status) => status.units.every((unit) => unit.active === 'active')

/** Null: the pair is whole; else a sentence. */
export function whatIsMissing(seen: readonly Seen[]): string | null {
  if (seen.some((status) => status === null)) return 'a machine does not answer'
  const holder = seen.find(serves)
  if (holder === undefined || holder === null) return 'nobody serves'
  const other = seen.find((status) => status !== holder)
  if (other === undefined || other === null) return 'there is no other machine'
  const claims: readonly (readonly [boolean, string])[] = [
    [holder.mode === 'ap' && holder.being === null, `${holder.node} is in ${holder.mode}, not in ap`],
    [other.mode === 'ap' && other.being === null, `${other.node} is in ${other.mode}, not in ap`],
    [holder.role === 'active' && other.role === 'standby', `the roles are ${holder.role} and ${other.role}`],
    [runs(holder), `not everything runs on ${holder.node}`],
    [runs(other), `not everything runs on ${other.node}`],
    [other.holder === false, `${other.node} carries the VIP too`],
    [other.writable === false, `${other.node} does not refuse writes`],
    [other.replication?.io === 'Yes' && other.replication.sql, `${other.node} does not follow`],
    [other.fit === true, `${other.node} is unfit: ${other.reasons.join('; ')}`],
    [holder.fit === true, `${holder.node} is unfit: ${holder.reasons.join('; ')}`],
    [holder.peer?.attached === true, `${other.node} is not attached`],
    [holder.commitsWithPeer === true, `${holder.node} acknowledges alone`],
  ]
  return claims.find(([holds]) => !holds)?.[1] ?? null
}

/**
 * The next command of a person who knows the documents; null: wait. `waitedMs`: since something last changed or was typed.
 * What `status` proposes is what is typed, but for what only two statuses together can tell.
 */
export function nextTyped(seen: readonly Seen[], waitedMs: number): Wish | null {
  if (seen.some((status) => status === null)) return null
  const both = seen.filter((status) => status !== null)
  const server = both.find(serves)
  if (server !== undefined) {
    const other = both.find((status) => status !== server)
    if (other === undefined) return null
    if (other.reasons.some((reason) => reason.startsWith('G6'))) return { machine: other.node, command: 'reclone' }
    if (other.mode === 'unreadable' || other.mode === 'unset') return { machine: other.node, command: 'set ap --now' }
    if (other.mode === 'm' || other.mode === 's') return { machine: other.node, command: 'rejoin' }
    if (!runs(other)) return { machine: other.node, command: 'start' }
    if (!runs(server)) return { machine: server.node, command: 'start' }
    const paired = server.mode === 'ap' && server.role === 'active'
    if (!paired && server.peer?.attached === true) return { machine: server.node, command: 'set ap' }
    return null
  }
  // Nobody serves: first the one that led last.
  const [newest, older] = both.toSorted((a, b) => (b.lead?.epoch ?? 0) - (a.lead?.epoch ?? 0))
  for (const status of [newest, older]) {
    if (status === undefined) continue
    const { next } = status
    const proposed = next?.on === null ? next.command.replace(/^apmode /, '') : undefined
    const command = status.mode === 'unreadable' ? 'set ap --now' : proposed
    if (command !== undefined) return { machine: status.node, command }
  }
  if (waitedMs < FORCE_AFTER_MS || newest === undefined) return null
  return { machine: newest.node, command: 'set s --force', forced: true }
}

const FORCE_AFTER_MS = 40_000
/** The same command again only after so long: what it began may take its time. */
const AGAIN_AFTER_MS = 8_000
/** Nothing has changed for so long, and nothing that a person knows of has helped. */
const STUCK_AFTER_MS = 60_000

export interface HomeOptions {
  readonly patienceMs: number
  readonly onTyped: (typed: Typed) => void
}

export async function goHome(pair: ApmodePair, options: HomeOptions): Promise<Homecoming> {
  const typed: Typed[] = []
  const begun = Date.now()
  let changedAt = begun
  let before = ''
  for (;;) {
    const seen = await Promise.all(pair.nodes.map(look))
    const missing = whatIsMissing(seen)
    if (missing === null) return { typed, missing }
    const now = JSON.stringify(seen.map((status) => [status?.mode, status?.being, status?.vrrp, status?.writable]))
    if (now !== before) changedAt = Date.now()
    before = now
    const waitedMs = Date.now() - changedAt
    if (Date.now() - begun > options.patienceMs || waitedMs > STUCK_AFTER_MS) return { typed, missing }
    const wish = nextTyped(seen, waitedMs)
    const last = typed.findLast(({ machine, command }) => machine === wish?.machine && command === wish.command)
    if (wish !== null && (last === undefined || Date.now() - last.at > AGAIN_AFTER_MS)) {
      const answer = await type(pair.node(wish.machine), wish)
      typed.push(answer)
      options.onTyped(answer)
      changedAt = Date.now()
    }
    await pause(300)
  }
}

export async function look(machine: Machine): Promise<Seen> {
  return machine.status().catch(() => null)
}

async function type(machine: Machine, wish: Wish): Promise<Typed> {
  const at = Date.now()
  const { code, stdout, stderr } = await machine.apmode(wish.command, { timeoutMs: 60_000 })
  return { ...wish, at, exit: code, said: `${stdout}${stderr}`.trim() }
}
