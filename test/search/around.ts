/**
 * What keepalived, MariaDB, systemd and the clients do by themselves: at once (`settled`), or at any moment (`byItself`).
 * Who becomes master of two that could is left open: both are tried. It knows nothing of the supervisor.
 */
import type { Heard } from '../../src/core/interpret.ts'
import type { Noticed } from './notice.ts'
import {
  couldReceive,
  hasMore,
  isOpen,
  type Machine,
  other,
  receives,
  SIDES,
  type Side,
  sqlPasses,
  vrrpPasses,
  type World,
  withMachine,
} from './world.ts'

/** As the supervisor's queue has them: FAULT and STOP are never lost behind a later word. */
export function say(words: readonly Heard[], word: Heard): readonly Heard[] {
  const keyed = (one: Heard) => (one === 'fault' || one === 'stop' ? one : 'vrrp')
  return [...words.filter((one) => keyed(one) !== keyed(word)), word]
}

/** keepalived's state, with the word that it says. */
export function becomes(machine: Machine, keepalived: 'master' | 'backup' | 'fault' | 'down'): Partial<Machine> {
  const word = keepalived === 'down' ? 'stop' : keepalived
  return { keepalived, words: say(machine.words, word) }
}

export const runsRouter = ({ keepalived }: Machine) =>
  keepalived === 'backup' || keepalived === 'master' || keepalived === 'fault'

/** What follows at once: a fault of keepalived, connections that end, a replica's relay log. */
export function settled(before: World): World {
  let world = before
  for (const side of SIDES) {
    const self = world.machines[side]
    const peer = world.machines[other(side)]
    if (self.power && runsRouter(self) && self.keepalived !== 'fault' && (self.unfit || !self.nic)) {
      world = withMachine(world, side, becomes(self, 'fault'))
    }
    if (self.relay && self.db === 'up' && (self.replica === 'running' || self.replica === 'draining')) {
      world = withMachine(world, side, { relay: false })
    }
    // The end of a connection is seen when it can be told.
    const replicaLeft = sqlPasses(world) && !couldReceive(world, other(side))
    if (self.dump && (self.db !== 'up' || !peer.power ? self.db !== 'up' : replicaLeft)) {
      world = withMachine(world, side, { dump: false })
    }
  }
  return world
}

/** A database that is gone, and what goes with it. */
export function withoutDatabase(self: Machine, db: 'dead' | 'off'): Partial<Machine> {
  return { db, readOnly: true, semiSync: false, dump: false, attachedLately: self.db === 'up' && self.dump }
}

/** A database that has been started. `truncated`: as a replica of a peer that leads. */
export function withDatabase(self: Machine, truncated: boolean): Partial<Machine> {
  return {
    db: 'up',
    readOnly: true,
    semiSync: false,
    // A start takes longer than a lease lasts.
    lease: false,
    replica: self.replica === 'none' || self.replica === 'error' ? self.replica : 'stopped',
    unheard: self.unheard && !truncated,
  }
}

export function* byItself(world: World, side: Side): Generator<Noticed> {
  const self = world.machines[side]
  const peer = world.machines[other(side)]
  if (!self.power) return
  const changed =
    (slow: boolean) =>
    (what: string, change: Partial<Machine>, also: Partial<Machine> = {}): Noticed => ({
      what,
      slow,
      world: withMachine(withMachine(world, side, change), other(side), also),
    })
  const soon = changed(false)
  const later = changed(true)

  // keepalived: one that resigns says so; one that is silent is waited for.
  const passes = vrrpPasses(world)
  const rivalHeard = passes && peer.keepalived === 'master'
  const silent = passes && peer.keepalived !== 'killed' && peer.keepalived !== 'dead' ? soon : later
  if (self.keepalived === 'backup' && !rivalHeard) yield silent('{self} becomes MASTER', becomes(self, 'master'))
  if (self.keepalived === 'master' && rivalHeard) yield soon('{self} becomes BACKUP', becomes(self, 'backup'))
  if (self.keepalived === 'backup' && !self.supervisor) {
    yield later('the check of {self} fails', becomes(self, 'fault'))
  }
  if (self.keepalived === 'fault' && !self.unfit && self.nic && self.supervisor) {
    yield soon('{self} is out of FAULT', becomes(self, 'backup'))
  }

  // systemd
  if (!self.supervisor) yield later('the supervisor of {self} starts', { supervisor: true })
  if (self.db === 'dead' && self.files !== 'm') {
    yield later('systemd starts the database of {self} again', withDatabase(self, false))
  }

  // MariaDB
  if (couldReceive(world, side) && !peer.dump) yield soon('{self} connects to {peer}', {}, { dump: true })
  if (self.dump && !couldReceive(world, other(side))) {
    yield later('{self} gives up the connection of {peer}', { dump: false })
  }
  if (receives(world, side) && hasMore(peer)) {
    const rows = peer.row ? { epoch: peer.epoch, leader: peer.leader } : {}
    const arrived = { told: false, unheard: false, row: false }
    const unapplied = self.replica === 'error' ? { relay: true } : {}
    yield soon('{self} receives what it lacked', { ...rows, ...unapplied }, arrived)
  }

  // clients
  if (isOpen(world, side)) {
    for (const write of writes(world, side, soon)) yield { ...write, client: true }
  }
}

function* writes(
  world: World,
  side: Side,
  changed: (what: string, change: Partial<Machine>, also?: Partial<Machine>) => Noticed,
): Generator<Noticed> {
  const self = world.machines[side]
  const peer = world.machines[other(side)]
  if (!self.semiSync) {
    if (!self.told) yield changed('a client writes on {self}', { told: true })
    return
  }
  // One that is applied at once leaves no trace.
  if (receives(world, other(side)) && peer.replica === 'error' && !peer.relay) {
    yield changed('a client writes on {self}, {peer} has received it', {}, { relay: true })
  }
  if (!self.unheard) yield changed('a client writes on {self} and gets no answer', { unheard: true })
}
