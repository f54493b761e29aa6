/**
 * Where to go: mode × role × VRRP state as one xstate machine of three parallel regions. Used through its pure side
 * only (no actor, no `invoke`, no `after`), so that it can be explored exhaustively. Invariant: every event is declared
 * in every state of every region; what is ignored is declared as ignored. It has no effects and decides no steps.
 */
import { and, not, type SnapshotFrom, setup, stateIn, transition as step } from 'xstate'
import type { MachineEvent, State } from './state.ts'
import { sameState } from './state.ts'
import type { Mode } from './vocabulary.ts'

type Claim = 'planned' | 'peerWritable' | 'barred' | 'lastStanding' | 'wanted' | 'holder' | 'replaced'

/** A claim that the event carries; an event without the claim does not satisfy it. */
const claims =
  (claim: Claim) =>
  ({ event }: { event: MachineEvent }) =>
    new Map<string, unknown>(Object.entries(event)).get(claim) === true

const towards =
  (mode: Mode) =>
  ({ event }: { event: MachineEvent }) =>
    event.type === 'set' && event.mode === mode

const prepared = setup({
  types: {} as { events: MachineEvent },
  guards: {
    inPair: stateIn({ mode: 'ap' }),
    alone: stateIn({ mode: 's' }),
    active: stateIn({ role: 'active' }),
    standby: stateIn({ role: 'standby' }),
    planned: claims('planned'),
    peerWritable: claims('peerWritable'),
    barred: claims('barred'),
    lastStanding: claims('lastStanding'),
    wanted: claims('wanted'),
    holder: claims('holder'),
    replaced: claims('replaced'),
    toAp: towards('ap'),
    toM: towards('m'),
    toS: towards('s'),
  },
})

/** The machine falls out of the pair: only the active one does, and never the last one standing (G4). */
const fallOut = { target: 'm', guard: and(['active', not('lastStanding')]) } as const
const fallOutUnwanted = { target: 'm', guard: and(['active', not('wanted'), not('lastStanding')]) } as const
/** A promotion that nothing bars. */
const free = and([not('peerWritable'), not('barred')])

const ignored = {
  'lose-mode': {},
  master: {},
  backup: {},
  fault: {},
  stop: {},
  died: {},
  started: {},
  followed: {},
}

const set = [
  { target: 'ap', guard: 'toAp' },
  { target: 'm', guard: 'toM' },
  { target: 's', guard: 'toS' },
] as const

const vrrp = {
  set: {},
  'lose-mode': {},
  master: { target: 'master' },
  backup: { target: 'backup' },
  fault: { target: 'fault' },
  stop: { target: 'stop' },
  // A keepalived that died is brought back where the posture has it running; in a machine that falls out it is down.
  died: { target: 'stop', guard: and(['inPair', 'active', not('lastStanding')]) },
  started: { target: 'init' },
  followed: {},
} as const

/**
 * A keepalived whose parent is killed still says STOP by its child; that nobody asked for it is known a moment later, by
 * systemd. It is brought back as if it had said nothing, to where the posture has it running.
 */
const diedAfterStop = [vrrp.died, { target: 'master', guard: 'alone' }, { target: 'backup', guard: 'inPair' }] as const

export const machine = prepared.createMachine({
  id: 'apmode',
  type: 'parallel',
  states: {
    mode: {
      initial: 'unset',
      states: {
        unset: { on: { ...ignored, set, 'lose-mode': { target: 'unreadable' } } },
        unreadable: { on: { ...ignored, set } },
        ap: {
          on: {
            ...ignored,
            set,
            'lose-mode': { target: 'unreadable' },
            master: { target: 's', guard: and(['standby', not('planned'), free]) },
            fault: fallOutUnwanted,
            stop: fallOutUnwanted,
            died: fallOut,
          },
        },
        m: { on: { ...ignored, set, 'lose-mode': { target: 'unreadable' } } },
        s: { on: { ...ignored, set, 'lose-mode': { target: 'unreadable' } } },
      },
    },
    role: {
      initial: 'standby',
      states: {
        active: {
          on: {
            ...ignored,
            set: {},
            backup: { target: 'standby', guard: and(['inPair', 'replaced']) },
            followed: { target: 'standby' },
          },
        },
        standby: {
          on: {
            ...ignored,
            set: { target: 'active', guard: and(['toAp', 'holder']) },
            master: { target: 'active', guard: and(['inPair', 'planned', free]) },
          },
        },
      },
    },
    vrrp: {
      initial: 'init',
      states: {
        init: { on: vrrp },
        master: { on: vrrp },
        backup: { on: vrrp },
        fault: { on: vrrp },
        stop: { on: { ...vrrp, died: diedAfterStop } },
      },
    },
  },
})

type MachineSnapshot = SnapshotFrom<typeof machine>

function snapshotOf(state: State): MachineSnapshot {
  return machine.resolveState({ value: { mode: state.mode, role: state.role, vrrp: state.vrrp } })
}

/** The state after `event`; the very same object when the event is ignored. */
export function transition(state: State, event: MachineEvent): State {
  const [snapshot] = step(machine, snapshotOf(state), event)
  const { mode, role, vrrp } = snapshot.value
  const next: State = { mode, role, vrrp }
  return sameState(next, state) ? state : next
}
