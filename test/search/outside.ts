/** What comes from outside: faults, their ends, and what an operator types. Each is one event of a sequence. */
import { decreed, lineageReasons } from '../../src/core/lineage.ts'
import type { Mode } from '../../src/core/vocabulary.ts'
import { withoutDatabase } from './around.ts'
import { configFor, observe, type Pair, stateOf } from './observe.ts'
import { ofSettling, settle } from './supervisor.ts'
import {
  hasMore,
  type Machine,
  other,
  receives,
  SIDES,
  type Side,
  sqlPasses,
  type Task,
  type World,
  withMachine,
} from './world.ts'

export interface Outside {
  readonly kind: 'fault' | 'repair' | 'command'
  readonly what: string
  readonly side: Side | null
  readonly world: World
}

const WITHOUT_SUPERVISOR: Partial<Machine> = {
  supervisor: false,
  vrrp: 'init',
  routerDownExpected: true,
  leadKept: false,
  led: false,
  lease: false,
  peerGone: false,
  rival: false,
  cutOff: false,
  diverged: false,
  withdrawn: false,
  job: [],
}

function powerOff(self: Machine): Partial<Machine> {
  return {
    ...withoutDatabase(self, 'off'),
    ...WITHOUT_SUPERVISOR,
    power: false,
    nic: true,
    keepalived: 'down',
    unfit: true,
    words: [],
  }
}

/** At boot the boot unit starts what belongs to a machine that stands alone; in the pair nothing starts by itself. */
function powerOn(self: Machine): Partial<Machine> {
  const start: Task[] = self.files === 's' ? START : []
  return { power: true, supervisor: true, job: start, attachedLately: false }
}

const START: Task[] = [{ do: 'start-database' }, { do: 'settle' }, { do: 'start-router' }]
const STOP: Task[] = [
  { do: 'settle' },
  { do: 'stop', unit: 'router' },
  { do: 'settle' },
  { do: 'stop', unit: 'database' },
  { do: 'back' },
  { do: 'settle' },
]

export function* fromOutside(world: World, pair: Pair): Generator<Outside> {
  yield* between(world)
  for (const side of SIDES) {
    yield* faults(world, side, pair)
    yield* repairs(world, side, pair)
    yield* commands(world, side, pair)
  }
}

function* between(world: World): Generator<Outside> {
  const { vrrp, sql } = world
  const links = (kind: Outside['kind'], what: string, change: Partial<World>): Outside => ({
    kind,
    what,
    side: null,
    world: { ...world, ...change },
  })
  if (vrrp) yield links('fault', 'VRRP is blocked between the machines', { vrrp: false })
  else yield links('repair', 'VRRP passes again', { vrrp: true })
  if (sql) yield links('fault', 'the databases cannot reach each other', { sql: false })
  else yield links('repair', 'the databases reach each other again', { sql: true })
  if (vrrp && sql) yield links('fault', 'everything between the machines is cut', { sql: false, vrrp: false })
  if (!vrrp && !sql) yield links('repair', 'the machines are connected again', { sql: true, vrrp: true })
}

function* faults(world: World, side: Side, pair: Pair): Generator<Outside> {
  const self = world.machines[side]
  const fault = (what: string, change: Partial<Machine>): Outside => ({
    kind: 'fault',
    what,
    side,
    world: withMachine(world, side, change),
  })
  if (!self.power) return
  yield fault('{self} loses power', powerOff(self))
  if (self.nic) yield fault('the interface of {self} goes down', { nic: false })
  if (pair === 'with a witness' && self.witness) yield fault('{self} does not see the witness', { witness: false })
  if (self.supervisor) yield fault('the supervisor of {self} is killed', WITHOUT_SUPERVISOR)
  if (self.db === 'up') yield fault('the database of {self} is killed', withoutDatabase(self, 'dead'))
  if (receives(world, side) && world.machines[other(side)].semiSync) {
    const unapplied = { ...withoutDatabase(self, 'dead'), relay: true }
    yield fault('the database of {self} is killed before it has applied what it received', unapplied)
  }
  if (self.keepalived === 'master') yield fault('keepalived of {self} is killed', { keepalived: 'killed' })
  if (self.keepalived === 'backup' || self.keepalived === 'fault') {
    yield fault('keepalived of {self} is killed', { keepalived: 'dead' })
  }
  if (self.db === 'up' && self.replica === 'running') {
    yield fault('replication of {self} stops with an error', { replica: 'error' })
  }
}

export function* repairs(world: World, side: Side, pair: Pair): Generator<Outside> {
  const self = world.machines[side]
  const repair = (what: string, change: Partial<Machine>): Outside => ({
    kind: 'repair',
    what,
    side,
    world: withMachine(world, side, change),
  })
  if (!self.power) yield repair('{self} gets power', powerOn(self))
  if (!self.nic) yield repair('the interface of {self} comes up', { nic: true })
  if (pair === 'with a witness' && !self.witness) yield repair('{self} sees the witness again', { witness: true })
  if (self.replica === 'error' && self.db === 'up') {
    // Nobody is as quick as a lease.
    yield repair('a person mends the replication of {self}', { replica: 'stopped', lease: false })
  }
  // A reclone: by a person, with the data of a peer that keeps its own.
  const peer = world.machines[other(side)]
  const source = self.power && sqlPasses(world) && peer.db === 'up'
  if (source && self.readOnly && hasMore(self) && (self.diverged || self.replica === 'error')) {
    const clean = { told: false, unheard: false, row: false, relay: false, epoch: peer.epoch, leader: peer.leader }
    const copy = withMachine(world, side, { ...clean, replica: 'stopped', db: 'up', diverged: false, claim: 'none' })
    yield { kind: 'repair', what: 'a person reclones {self} from {peer}', side, world: { ...copy, forced: true } }
  }
}

function* commands(world: World, side: Side, pair: Pair): Generator<Outside> {
  const self = world.machines[side]
  if (!self.power || !self.supervisor) return
  const command = (what: string, after: World): Outside => ({
    kind: 'command',
    what: `{self}: apmode ${what}`,
    side,
    world: after,
  })
  // A command waits for what goes on; one that withdraws ends what is being granted.
  const rests = self.job.length === 0
  const [task] = self.job
  const breaks = task?.do === 'step' && task.step.effect === 'grant' && self.job.every(ofSettling)
  if (!rests && !breaks) return
  const free = withMachine(world, side, { job: [] })
  const set = (mode: Mode, force = false): Outside => {
    const decree = withMachine(free, side, { claim: decreed(self.claim, mode, force) })
    const claimed: World = force ? { ...decree, forced: true } : decree
    const decided = settle(claimed, side, pair, `set ${mode}`, (observed) => ({
      type: 'set',
      mode,
      holder: observed.vip,
    }))
    return command(`set ${mode}${force ? ' --force' : ''}`, decided)
  }
  yield set('m')
  yield self.mode !== 's' && refused(world, side, pair) ? set('s', true) : set('s')
  yield command('stop', withMachine(free, side, { job: STOP, withdrawn: true }))
  if (!rests) return
  yield set('ap')
  if (self.mode !== 'm') yield command('start', withMachine(free, side, { job: START }))
}

/** As `src/host/commands.ts` refuses `set s`. */
function refused(world: World, side: Side, pair: Pair): boolean {
  const observed = observe(world, side, pair)
  const state = stateOf(world.machines[side])
  return (
    observed.peer?.writable === true ||
    lineageReasons({ ...state, mode: 's' }, observed, configFor(pair, side)).length > 0
  )
}
