import { describe, expect, test } from 'vitest'
import { machine, transition } from '../../../src/core/machine.ts'
import { EVENT_TYPES, type MachineEvent, type State } from '../../../src/core/state.ts'
import { type KnownMode, MODES, ROLES, VRRP_STATES } from '../../../src/core/vocabulary.ts'

const KNOWN: readonly KnownMode[] = [...MODES, 'unset', 'unreadable']
const STATES: readonly State[] = KNOWN.flatMap((mode) =>
  ROLES.flatMap((role) => VRRP_STATES.map((vrrp) => ({ mode, role, vrrp }))),
)
const yesNo = [true, false]
const EVENTS: readonly MachineEvent[] = [
  ...MODES.flatMap((mode) => yesNo.map((holder) => ({ type: 'set', mode, holder }) as const)),
  { type: 'lose-mode' },
  ...yesNo.flatMap((planned) =>
    yesNo.flatMap((peerWritable) =>
      yesNo.map((barred) => ({ type: 'master', planned, peerWritable, barred }) as const),
    ),
  ),
  ...yesNo.map((replaced) => ({ type: 'backup', replaced }) as const),
  ...yesNo.flatMap((wanted) => yesNo.map((lastStanding) => ({ type: 'fault', wanted, lastStanding }) as const)),
  ...yesNo.flatMap((wanted) => yesNo.map((lastStanding) => ({ type: 'stop', wanted, lastStanding }) as const)),
  ...yesNo.map((lastStanding) => ({ type: 'died', lastStanding }) as const),
  { type: 'started' },
  { type: 'followed' },
]
const to = (from: string, event: MachineEvent): string => {
  const [mode, role, vrrp] = from.split(' ') as [KnownMode, State['role'], State['vrrp']]
  const next = transition({ mode, role, vrrp }, event)
  return `${next.mode} ${next.role} ${next.vrrp}`
}
const fault: MachineEvent = { type: 'fault', wanted: false, lastStanding: false }
const master: MachineEvent = { type: 'master', planned: false, peerWritable: false, barred: false }

describe('the machine', () => {
  test('every event is declared in every state of every region', () => {
    for (const region of Object.values(machine.states)) {
      for (const state of Object.values(region.states)) {
        expect(Object.keys(state.config.on ?? {}).sort(), state.id).toEqual([...EVENT_TYPES].sort())
      }
    }
  })

  test('every event leads from every state to a state, and twice to the same', () => {
    for (const state of STATES) {
      for (const event of EVENTS) {
        const once = transition(state, event)
        expect(STATES).toContainEqual(once)
        expect(transition(once, event), JSON.stringify([state, event])).toBe(once)
      }
    }
  })

  test('only an operator, a failure of the active one or a takeover of the standby changes the mode', () => {
    const moved = STATES.flatMap((state) =>
      EVENTS.filter((event) => event.type !== 'set' && event.type !== 'lose-mode')
        .map((event) => ({ event, state, next: transition(state, event) }))
        .filter(({ next }) => next.mode !== state.mode)
        .map(({ event, next }) => `${state.mode} ${state.role} ${event.type} → ${next.mode}`),
    )
    expect([...new Set(moved)].sort()).toEqual([
      'ap active died → m',
      'ap active fault → m',
      'ap active stop → m',
      'ap standby master → s',
    ])
  })

  test('the active machine that fails goes to m, the standby that becomes MASTER goes to s', () => {
    expect(to('ap active master', fault)).toBe('m active fault')
    expect(to('ap standby backup', master)).toBe('s standby master')
    expect(to('ap standby backup', fault)).toBe('ap standby fault')
    expect(to('ap active backup', master)).toBe('ap active master')
  })

  test('G3: a standby does not become standalone while its peer accepts writes; nor in a planned handover', () => {
    expect(to('ap standby backup', { ...master, peerWritable: true })).toBe('ap standby master')
    expect(to('ap standby backup', { ...master, barred: true })).toBe('ap standby master')
    expect(to('ap standby backup', { ...master, planned: true })).toBe('ap active master')
  })

  test('G4: the last one standing stays in the pair', () => {
    expect(to('ap active master', { type: 'fault', wanted: false, lastStanding: true })).toBe('ap active fault')
    expect(to('ap active master', { type: 'died', lastStanding: true })).toBe('ap active master')
    expect(to('ap active master', { type: 'stop', wanted: false, lastStanding: true })).toBe('ap active stop')
  })

  test('of more than two machines the one that takes over is active, and the one that another one replaced stands by', () => {
    expect(to('ap standby backup', { ...master, planned: true })).toBe('ap active master')
    expect(to('ap active master', { type: 'backup', replaced: true })).toBe('ap standby backup')
    expect(to('ap active master', { type: 'backup', replaced: false })).toBe('ap active backup')
    expect(to('s active master', { type: 'backup', replaced: true })).toBe('s active backup')
  })

  test('a stop that was wanted is no failure', () => {
    expect(to('ap active master', { type: 'stop', wanted: true, lastStanding: false })).toBe('ap active stop')
  })

  test('a keepalived that died keeps its state where it is brought back', () => {
    expect(to('s standby master', { type: 'died', lastStanding: true })).toBe('s standby master')
    expect(to('ap standby backup', { type: 'died', lastStanding: true })).toBe('ap standby backup')
    expect(to('ap active master', { type: 'died', lastStanding: false })).toBe('m active stop')
  })

  test('one that said STOP before it died is brought back too: as the standby, alone as the one that serves', () => {
    expect(to('ap standby stop', { type: 'died', lastStanding: true })).toBe('ap standby backup')
    expect(to('ap active stop', { type: 'died', lastStanding: true })).toBe('ap active backup')
    expect(to('s standby stop', { type: 'died', lastStanding: false })).toBe('s standby master')
    expect(to('ap active stop', { type: 'died', lastStanding: false })).toBe('m active stop')
    expect(to('m active stop', { type: 'died', lastStanding: false })).toBe('m active stop')
    expect(to('unset standby stop', { type: 'died', lastStanding: false })).toBe('unset standby stop')
  })

  test('the role follows the operator on the holder and the data on the other', () => {
    expect(to('s standby master', { type: 'set', mode: 'ap', holder: true })).toBe('ap active master')
    expect(to('m standby stop', { type: 'set', mode: 'ap', holder: false })).toBe('ap standby stop')
    expect(to('ap active backup', { type: 'followed' })).toBe('ap standby backup')
  })
})
