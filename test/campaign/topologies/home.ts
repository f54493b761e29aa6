/**
 * The way back to whole machines, as a person goes it who reads `apmode status` on each: the command that it proposes, where it
 * proposes it. Invariant: nothing else is typed, and nothing before a machine has had a moment to do it by itself.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Machine } from '../../pair/apmode-pair.ts'
import { look, type Seen, type Typed, type Wish } from '../home.ts'
import type { Topology } from './topology.ts'

/** Null: whole; else a sentence. */
export function whatIsMissing(seen: readonly Seen[], { isMissing }: Pick<Topology, 'isMissing'>): string | null {
  const statuses = seen.filter((status) => status !== null)
  if (statuses.length < seen.length) return 'a machine does not answer'
  for (const { node, mode, being, fit, reasons, next, holder, vrrp } of statuses) {
    if (mode !== 'ap' || being !== null) return `${node} is in ${being === null ? mode : `being ${being}`}, not in ap`
    if (fit !== true) return `${node} is unfit: ${reasons.join('; ')}`
    if (next !== null) return `${node} asks for ${next.command}`
    if (vrrp !== (holder === true ? 'master' : 'backup')) return `${node} is ${vrrp}`
  }
  const holders = statuses.filter(({ holder }) => holder === true)
  const [holder] = holders
  if (holders.length !== 1 || holder === undefined) return `the VIP is on ${holders.length} machines`
  return isMissing?.(holder) ?? null
}

/**
 * First whoever fell out, last the one that serves: it becomes one of several when there are several. Where a command was refused the
 * other machines come first: the refusal names them.
 */
export function nextTyped(seen: readonly Seen[], typed: readonly Typed[] = []): Wish | null {
  const statuses = seen.filter((status) => status !== null)
  const refused = (node: string) => typed.filter(({ machine, exit }) => machine === node && exit !== 0).length
  const asking = statuses
    .filter(({ next }) => next?.on === null)
    .sort((one, other) => refused(one.node) - refused(other.node))
  const first = asking.find(({ holder }) => holder !== true) ?? asking[0]
  if (first === undefined || first.next === null) return null
  return { machine: first.node, command: first.next.command.replace(/^apmode /, '') }
}

/** A person reads twice before typing: systemd and apmode mend most things by themselves. */
const STEADY_MS = 1500
const AGAIN_AFTER_MS = 8000

export interface HomeOptions {
  readonly patienceMs: number
  readonly onTyped: (typed: Typed) => void
}

/** Null: home. Else what was missing when the patience ended. */
export async function goHome(
  nodes: readonly Machine[],
  topology: Topology,
  { patienceMs, onTyped }: HomeOptions,
): Promise<string | null> {
  const begun = Date.now()
  const typed: Typed[] = []
  let wished = { text: '', since: begun }
  for (;;) {
    const seen = await Promise.all(nodes.map(look))
    const missing = whatIsMissing(seen, topology)
    if (missing === null || Date.now() - begun > patienceMs) return missing
    const wish = nextTyped(seen, typed)
    const text = JSON.stringify(wish)
    if (text !== wished.text) wished = { text, since: Date.now() }
    const last = typed.findLast(({ machine, command }) => machine === wish?.machine && command === wish.command)
    const early = Date.now() - wished.since < STEADY_MS || (last !== undefined && Date.now() - last.at < AGAIN_AFTER_MS)
    const machine = nodes.find(({ name }) => name === wish?.machine)
    if (wish !== null && machine !== undefined && !early) {
      const at = Date.now()
      const { code, stdout, stderr } = await machine.apmode(wish.command, { timeoutMs: 60_000 })
      const answer = { ...wish, at, exit: code, said: `${stdout}${stderr}`.trim() }
      typed.push(answer)
      onTyped(answer)
    }
    await pause(200)
  }
}
