/**
 * What a supervisor knows beyond one look (`src/host/bond.ts`), without its clocks: what turns at once is noticed with the
 * next look, what needs time is an event of its own that may come at any moment from then on. The one rule of time kept
 * here: a primary waits for a silent peer longer than a lease lasts.
 */
import { claimOf } from '../../src/core/lineage.ts'
import { configFor, leadOf, type Pair, seesWitness } from './observe.ts'
import {
  hasMore,
  hasVip,
  isOpen,
  type Machine,
  other,
  receives,
  type Side,
  sqlPasses,
  type World,
  withMachine,
} from './world.ts'

const takesPart = ({ mode }: Machine) => mode === 'ap' || mode === 's'

/** The peer's database answers a look. */
const peerAnswers = (world: World, side: Side) => sqlPasses(world) && world.machines[other(side)].db === 'up'

/** The look proves that this replica has all that its primary ever acknowledged. */
export function isWhole(world: World, side: Side): boolean {
  const self = world.machines[side]
  const peer = world.machines[other(side)]
  if (!self.supervisor || !takesPart(self) || self.db !== 'up' || !self.readOnly) return false
  const connected = receives(world, side) && self.replica === 'running'
  return connected && (peer.semiSync || peer.readOnly) && !peer.told
}

/** Every acknowledgement comes, as far as the machine that leads can tell. */
function inOrder(world: World, side: Side): boolean {
  const self = world.machines[side]
  return self.dump && (!self.semiSync || !self.unheard || receives(world, other(side)))
}

const owed = ({ semiSync, claim }: Machine) => semiSync || claim === 'shared'

/** What a look changes in what the supervisor knows. */
export function notice(world: World, side: Side, pair: Pair): World {
  const self = world.machines[side]
  if (!self.power || !self.supervisor) return world
  const peer = world.machines[other(side)]
  const part = takesPart(self)
  const answers = peerAnswers(world, side)
  const open = isOpen(world, side)
  const refused = sqlPasses(world) && peer.db !== 'up'
  const cutOff = part && seesWitness(pair, self) === false && !sqlPasses(world)
  const lease = part && !open && self.db === 'up' ? self.lease || isWhole(world, side) : self.lease && part && !open
  let peerGone = self.peerGone && open && part
  if (peerGone && inOrder(world, side)) peerGone = false
  if (open && part && refused && owed(self) && !inOrder(world, side)) peerGone = true
  const rival = self.rival && answers && !peer.readOnly
  const diverged = part && self.db === 'up' && !open ? (answers ? isDiverged(world, side, pair) : self.diverged) : false
  const changed =
    cutOff !== self.cutOff ||
    lease !== self.lease ||
    peerGone !== self.peerGone ||
    rival !== self.rival ||
    diverged !== self.diverged
  return changed ? withMachine(world, side, { cutOff, lease, peerGone, rival, diverged }) : world
}

function isDiverged(world: World, side: Side, pair: Pair): boolean {
  const self = world.machines[side]
  const peer = world.machines[other(side)]
  const follows = claimOf(self.claim, leadOf(self), configFor(pair, side).node.name) === 'none'
  return hasMore(self) && (!peer.readOnly || follows || peer.epoch > self.epoch)
}

export interface Noticed {
  readonly what: string
  /** It takes longer than anything that a supervisor has to do: a tenth of a second at least. */
  readonly slow: boolean
  /** Of a client: nothing that anybody waits for. */
  readonly client?: boolean
  readonly world: World
}

/** What time brings, at any moment. */
export function* inTime(world: World, side: Side, pair: Pair): Generator<Noticed> {
  const self = world.machines[side]
  if (!self.power || !self.supervisor) return
  const peer = world.machines[other(side)]
  if (self.lease && !isWhole(world, side)) {
    yield { slow: true, what: 'the lease of {self} ends', world: withMachine(world, side, { lease: false }) }
  }
  const waits = isOpen(world, side) && takesPart(self) && !self.peerGone && owed(self) && !inOrder(world, side)
  if (waits && !self.cutOff && !peer.lease) {
    // Whoever is cut off notices that first: a witness is missed sooner than a peer.
    const noticed = notice(world, side, pair)
    if (!noticed.machines[side].cutOff) {
      yield {
        slow: true,
        what: '{self} has waited for {peer} long enough',
        world: withMachine(noticed, side, { peerGone: true }),
      }
    }
  }
  const writes = peerAnswers(world, side) && !peer.readOnly
  if (writes && hasVip(self) && takesPart(self) && !isOpen(world, side) && self.claim !== 'forced' && !self.rival) {
    yield { slow: true, what: '{self} stays out for a while', world: withMachine(world, side, { rival: true }) }
  }
  if (self.rival) yield { slow: true, what: '{self} tries again', world: withMachine(world, side, { rival: false }) }
  if (self.attachedLately && self.db !== 'up') {
    yield {
      slow: true,
      what: '{self} has been without its database for long',
      world: withMachine(world, side, { attachedLately: false }),
    }
  }
}
