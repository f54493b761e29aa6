/**
 * Where this machine is: (mode, role, VRRP state), and the events that move it. Plain data: the machine that moves it
 * is `machine.ts`, what must hold there is `posture.ts`.
 */
import type { KnownMode, Mode, Role, VrrpState } from './vocabulary.ts'

export interface State {
  readonly mode: KnownMode
  readonly role: Role
  readonly vrrp: VrrpState
}

/**
 * What moves the machine. Everything that a decision needs beside the state itself is in the event, as a claim that was
 * looked up just before: the machine reads nothing.
 */
export type MachineEvent =
  /** An operator's `apmode set`, or the end of an interrupted change. `holder`: this machine carries the VIP. */
  | { readonly type: 'set'; readonly mode: Mode; readonly holder: boolean }
  /** The mode file was changed by hand to something that cannot be understood. */
  | { readonly type: 'lose-mode' }
  /**
   * `planned`: the lead table says that this is a handover, and both stay in `ap`; so do more than two machines, always. `peerWritable`: the peer's database accepts writes (G3).
   * `barred`: what this machine knows of the pair keeps it out (G2, G6, G9).
   */
  | { readonly type: 'master'; readonly planned: boolean; readonly peerWritable: boolean; readonly barred: boolean }
  /** `replaced`: of more than two machines another one has the VIP, and with it the role. */
  | { readonly type: 'backup'; readonly replaced: boolean }
  /** `lastStanding`: no replica of the peer is attached (G4). `wanted`: apmode itself called the machine unfit, for now. */
  | { readonly type: 'fault'; readonly wanted: boolean; readonly lastStanding: boolean }
  /** keepalived was stopped. `wanted`: by apmode, by a restart job, or because the machine shuts down. */
  | { readonly type: 'stop'; readonly wanted: boolean; readonly lastStanding: boolean }
  /** keepalived is gone although nobody stopped it. */
  | { readonly type: 'died'; readonly lastStanding: boolean }
  /** keepalived has been started and has said nothing yet. */
  | { readonly type: 'started' }
  /** Its peer leads, and this machine follows it or is about to: whatever its role was, it is the standby now. */
  | { readonly type: 'followed' }

export const EVENT_TYPES = [
  'set',
  'lose-mode',
  'master',
  'backup',
  'fault',
  'stop',
  'died',
  'started',
  'followed',
] as const satisfies readonly MachineEvent['type'][]

export function sameState(a: State, b: State): boolean {
  return a.mode === b.mode && a.role === b.role && a.vrrp === b.vrrp
}
