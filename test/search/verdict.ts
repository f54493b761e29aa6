/**
 * What must never be, looked for in every step from one world to the next. A violation has a class: what went wrong, and
 * what each machine could see at that moment. Whatever a person decided with --force is not judged.
 */
import { type Pair, seesWitness } from './observe.ts'
import { acknowledges, isOpen, other, SIDES, type Side, sqlPasses, vrrpPasses, type World } from './world.ts'

export interface Violation {
  readonly what: 'two writers' | 'a lost write' | 'two open databases'
  /** What joins the machines at that moment. */
  readonly between: 'both links' | 'the databases only' | 'VRRP only' | 'nothing'
  readonly witness: 'none configured' | 'both see it' | 'one sees it' | 'nobody sees it'
  /** It follows from two databases that were open at once before. */
  readonly split: boolean
}

export const nameOf = ({ what, between, witness, split }: Violation) =>
  `${what}; between the machines: ${between}; witness: ${witness}${split ? '; after a split' : ''}`

/**
 * Two machines cannot tell a dead peer from a cut cable: with nothing between them both may serve, unless exactly one of
 * them sees a witness. And two databases that are open, of which one cannot acknowledge anything, do no harm.
 */
export function isLimit({ what, between, witness, split }: Violation): boolean {
  if (what === 'two open databases') return true
  const blind = between === 'nothing' && (witness === 'none configured' || witness === 'both see it')
  return blind && (what === 'two writers' || split)
}

function betweenOf(world: World): Violation['between'] {
  const vrrp = vrrpPasses(world)
  if (sqlPasses(world)) return vrrp ? 'both links' : 'the databases only'
  return vrrp ? 'VRRP only' : 'nothing'
}

function witnessOf(world: World, pair: Pair): Violation['witness'] {
  if (pair === 'without a witness') return 'none configured'
  const seen = world.machines.filter((machine) => machine.power && seesWitness(pair, machine) === true).length
  return seen === 2 ? 'both see it' : seen === 1 ? 'one sees it' : 'nobody sees it'
}

/** Somebody was told that a write is safe, and the machine that serves does not have it. */
function lacks(world: World, side: Side): boolean {
  return isOpen(world, side) && (world.machines[other(side)].told || world.machines[side].relay)
}

const both = (is: (world: World, side: Side) => boolean, world: World) => SIDES.every((side) => is(world, side))

export function judgeStep(before: World, after: World, pair: Pair): Violation | null {
  if (after.forced) return null
  const found = (what: Violation['what']): Violation => ({
    what,
    between: betweenOf(after),
    witness: witnessOf(after, pair),
    split: before.split,
  })
  if (both(acknowledges, after) && !both(acknowledges, before)) return found('two writers')
  if (SIDES.some((side) => lacks(after, side) && !lacks(before, side)) && !both(isOpen, after))
    return found('a lost write')
  if (both(isOpen, after) && !both(isOpen, before)) return found('two open databases')
  return null
}

/** Nothing of the pair is missing, and nothing is on its way. */
export function isHome(world: World): boolean {
  const [a, b] = world.machines
  const serving = SIDES.filter((side) => isOpen(world, side))
  const [lead] = serving
  if (lead === undefined || serving.length !== 1 || !world.sql || !world.vrrp) return false
  const holder = world.machines[lead]
  const standby = world.machines[other(lead)]
  return (
    a.mode === 'ap' &&
    b.mode === 'ap' &&
    holder.keepalived === 'master' &&
    standby.keepalived === 'backup' &&
    standby.replica === 'running' &&
    standby.lease &&
    holder.semiSync &&
    holder.dump &&
    !holder.told &&
    !standby.relay
  )
}
