/**
 * Two machines and what lies between them, as plain values: all that the search knows of a state. Invariant: a world is
 * never changed, only replaced; two worlds with the same key behave the same. What its parts mean is said here, what moves
 * them in the files beside it.
 */
import type { Heard } from '../../src/core/interpret.ts'
import type { Claim } from '../../src/core/lineage.ts'
import type { Step } from '../../src/core/step.ts'
import type { Mode, Role, VrrpState } from '../../src/core/vocabulary.ts'

export type Side = 0 | 1
export const SIDES = [0, 1] as const
export const other = (side: Side): Side => (side === 0 ? 1 : 0)

/** One thing that a job of the supervisor has still to do; between any two of them anything may happen. */
export type Task =
  | { readonly do: 'step'; readonly step: Step }
  /** The claim is on the disk before what it is about. */
  | { readonly do: 'claim'; readonly claim: Claim }
  /** Every withdrawal is made: it is looked again before anything is granted. */
  | { readonly do: 'look-again' }
  /** One settling of a command that has several. */
  | { readonly do: 'settle' }
  | { readonly do: 'start-database' }
  | { readonly do: 'start-router' }
  | { readonly do: 'router-on' }
  | { readonly do: 'stop'; readonly unit: 'router' | 'database' }
  /** The end of an operation that keeps the machine out. */
  | { readonly do: 'back' }

export interface Machine {
  readonly power: boolean
  /** The interface has its carrier. */
  readonly nic: boolean
  /** The witness answers this machine (while its interface is up). */
  readonly witness: boolean

  /** `dead`: killed, and systemd will start it again; `off`: nobody starts it. */
  readonly db: 'up' | 'dead' | 'off'
  readonly readOnly: boolean
  readonly semiSync: boolean
  /** `stopped`: both threads; `draining`: only the SQL thread runs; `error`: the SQL thread stopped with an error. */
  readonly replica: 'none' | 'stopped' | 'draining' | 'error' | 'running'
  /** Received, acknowledged to the peer, and not applied yet. */
  readonly relay: boolean
  /** Only here, and no client was ever told: a commit that waits, or was cut off. */
  readonly unheard: boolean
  /** Only here, and a client was told that it is safe. */
  readonly told: boolean
  /** Only here: the newest row of apmode.lead. */
  readonly row: boolean
  /** The newest row of apmode.lead. 0: none. */
  readonly epoch: number
  /** Whose row that is. */
  readonly leader: Side
  /** The server shows a connection of the peer's replica. It outlives a cut cable. */
  readonly dump: boolean

  /** `killed`: its process is gone and it left the VIP behind; `dead`: gone, and the VIP was taken off. */
  readonly keepalived: 'down' | 'backup' | 'master' | 'fault' | 'killed' | 'dead'
  readonly unfit: boolean

  readonly mode: Mode
  /** Which mode the unit files are of. */
  readonly files: Mode
  readonly role: Role
  readonly claim: Claim
  /** The peer was attached shortly before the database went away. */
  readonly attachedLately: boolean

  /** The supervisor runs. What follows is gone with it, but for the words in the FIFO. */
  readonly supervisor: boolean
  readonly words: readonly Heard[]
  readonly vrrp: VrrpState
  readonly routerDownExpected: boolean
  readonly leadKept: boolean
  readonly led: boolean
  readonly lease: boolean
  /** The acknowledgement of the peer cannot come. */
  readonly peerGone: boolean
  readonly rival: boolean
  readonly cutOff: boolean
  readonly diverged: boolean
  readonly withdrawn: boolean
  readonly job: readonly Task[]

  /** Its number, once somebody has asked. Never copied. */
  readonly memo: { number: number }
}

export interface World {
  readonly machines: readonly [Machine, Machine]
  /** VRRP's packets pass between the machines. */
  readonly vrrp: boolean
  /** The databases reach each other. */
  readonly sql: boolean
  /** A person said --force, and the two histories have not been one since. */
  readonly forced: boolean
  /** Both databases were open, and the two histories have not been one since. */
  readonly split: boolean
}

const MODES: Readonly<Record<Mode, string>> = { ap: 'a', m: 'm', s: 's' }
const bit = (value: boolean) => (value ? '1' : '0')

function taskKey(task: Task): string {
  switch (task.do) {
    case 'step':
      return `${task.step.do}${'unit' in task.step ? task.step.unit : ''}${'as' in task.step ? 'R' : ''}`
    case 'claim':
      return `claim${task.claim}`
    case 'stop':
      return `stop${task.unit}`
    case 'settle':
    case 'look-again':
    case 'router-on':
    case 'start-database':
    case 'start-router':
    case 'back':
      return task.do
  }
}

/** Everything of a machine that matters, "mine" and "the peer's" told apart and not the sides. */
function textOf(machine: Machine, self: Side): string {
  const m = machine
  return [
    bit(m.power) + bit(m.nic) + bit(m.witness) + bit(m.readOnly) + bit(m.semiSync) + bit(m.relay) + bit(m.unheard),
    bit(m.told) + bit(m.row) + bit(m.dump) + bit(m.unfit) + bit(m.attachedLately) + bit(m.supervisor),
    bit(m.routerDownExpected) + bit(m.leadKept) + bit(m.led) + bit(m.lease) + bit(m.peerGone) + bit(m.rival),
    bit(m.cutOff) + bit(m.diverged) + bit(m.withdrawn) + (m.epoch === 0 ? '-' : bit(m.leader === self)) + m.epoch,
    m.db + m.replica + m.keepalived,
    MODES[m.mode] + MODES[m.files] + m.role[0] + m.claim + m.vrrp,
    m.words.join(),
    m.job.map(taskKey).join(),
  ].join('|')
}

const texts = new Map<string, number>()

/** Equal machines have equal numbers. */
export function numberOf(machine: Machine, self: Side): number {
  const { memo } = machine
  if (memo.number < 0) {
    const text = textOf(machine, self)
    memo.number = texts.get(text) ?? texts.size
    texts.set(text, memo.number)
  }
  return memo.number
}

const MANY = 2 ** 22

/** The pair is the same seen from either side: of a world and its mirror image one is kept. */
export function keyOf(world: World): number {
  const a = numberOf(world.machines[0], 0)
  const b = numberOf(world.machines[1], 1)
  const between = (world.vrrp ? 1 : 0) + (world.sql ? 2 : 0) + (world.forced ? 4 : 0) + (world.split ? 8 : 0)
  return (Math.min(a, b) * MANY + Math.max(a, b)) * 16 + between
}

export function withMachine(world: World, side: Side, change: Partial<Machine>): World {
  const machine: Machine = { ...world.machines[side], ...change, memo: { number: -1 } }
  return { ...world, machines: side === 0 ? [machine, world.machines[1]] : [world.machines[0], machine] }
}

/** No farther apart than this: who is behind by two promotions is behind. */
const FARTHEST = 2

/** The epochs count only against each other; the smallest that somebody has becomes 1. */
export function normalized(world: World): World {
  const [a, b] = world.machines
  const least = Math.min(a.epoch, b.epoch)
  const most = Math.max(a.epoch, b.epoch)
  if (least === 0 || (least === 1 && most <= 1 + FARTHEST)) return world
  const now = (machine: Machine): Machine => {
    const epoch = Math.min(machine.epoch - least, FARTHEST) + 1
    return epoch === machine.epoch ? machine : { ...machine, epoch, memo: { number: -1 } }
  }
  return { ...world, machines: [now(a), now(b)] }
}

/** A packet of the database gets from one machine to the other. */
export function sqlPasses({ machines: [a, b], sql }: World): boolean {
  return sql && a.power && b.power && a.nic && b.nic
}

export function vrrpPasses({ machines: [a, b], vrrp }: World): boolean {
  return vrrp && a.power && b.power && a.nic && b.nic
}

/** It has a transaction that the other machine lacks. */
export const hasMore = ({ told, unheard, row }: Machine) => told || unheard || row

/** This machine's replica wants the peer's transactions, and nothing keeps them from each other. */
export function couldReceive(world: World, side: Side): boolean {
  const self = world.machines[side]
  const peer = world.machines[other(side)]
  const wants = self.db === 'up' && (self.replica === 'running' || self.replica === 'error')
  // A replica that has what the primary lacks is refused by the primary (gtid_strict_mode, error 1236).
  return wants && peer.db === 'up' && sqlPasses(world) && !hasMore(self)
}

/** … and it is connected: what the peer commits comes here, and is acknowledged. */
export function receives(world: World, side: Side): boolean {
  return world.machines[other(side)].dump && couldReceive(world, side)
}

/** A client can change something here, and is told so. */
export function acknowledges(world: World, side: Side): boolean {
  return isOpen(world, side) && (!world.machines[side].semiSync || receives(world, other(side)))
}

/** read_only is OFF. */
export function isOpen({ machines }: World, side: Side): boolean {
  return machines[side].db === 'up' && !machines[side].readOnly
}

export const hasVip = ({ keepalived, nic, power }: Machine) =>
  power && nic && (keepalived === 'master' || keepalived === 'killed')

const serving: Machine = {
  power: true,
  nic: true,
  witness: true,
  db: 'up',
  readOnly: false,
  semiSync: true,
  replica: 'none',
  relay: false,
  unheard: false,
  told: false,
  row: false,
  epoch: 1,
  leader: 0,
  dump: true,
  keepalived: 'master',
  unfit: false,
  mode: 'ap',
  files: 'ap',
  role: 'active',
  claim: 'shared',
  attachedLately: true,
  supervisor: true,
  words: [],
  vrrp: 'master',
  routerDownExpected: false,
  leadKept: true,
  led: true,
  lease: false,
  peerGone: false,
  rival: false,
  cutOff: false,
  diverged: false,
  withdrawn: false,
  job: [],
  memo: { number: -1 },
}

/** (ap,ap), one writable, the other following: what the search begins with and must always find back to. */
export const WHOLE: World = {
  machines: [
    serving,
    {
      ...serving,
      readOnly: true,
      semiSync: false,
      replica: 'running',
      dump: false,
      keepalived: 'backup',
      role: 'standby',
      claim: 'none',
      attachedLately: false,
      vrrp: 'backup',
      leadKept: false,
      led: false,
      lease: true,
      memo: { number: -1 },
    },
  ],
  vrrp: true,
  sql: true,
  forced: false,
  split: false,
}
