/** A machine without a database, as it is looked at: everything runs, the VIP is elsewhere. */
import { NEVER_MEMBER } from '../../../src/core/cluster.ts'
import { AGREED } from '../../../src/core/consent.ts'
import type { Observed, ObservedUnit } from '../../../src/core/observed.ts'
import { ALL_STARTED } from '../../../src/core/starting.ts'
import type { State } from '../../../src/core/state.ts'

/** `mode role vrrp` */
export const at = (state: string): State => {
  const [mode, role, vrrp] = state.split(' ') as [State['mode'], State['role'], State['vrrp']]
  return { mode, role, vrrp }
}

/** One that runs, of kind `api`, everywhere. */
export function unit(name: string, more: Partial<ObservedUnit> = {}): ObservedUnit {
  return {
    name,
    kind: 'api',
    runs: 'everywhere',
    active: 'active',
    sub: 'running',
    file: 'disabled',
    jobPending: false,
    downMs: 0,
    ...more,
  }
}

export function seen(more: Partial<Observed> = {}): Observed {
  return {
    units: [unit('nginx.service'), unit('keepalived.service', { kind: 'router' })],
    bootUnit: { name: 'ap.service', file: 'disabled' },
    vip: false,
    carrier: true,
    unfitDeclared: false,
    checks: [],
    database: null,
    fenced: false,
    peer: null,
    peerAttached: false,
    lineage: {
      claim: 'none',
      leadKept: false,
      led: false,
      lease: false,
      attachedLately: false,
      stalled: false,
      peerGone: false,
      peerUnfit: false,
      rival: false,
      outshouted: false,
      witness: null,
      unwitnessed: false,
      cutOff: false,
      cluster: NEVER_MEMBER,
      diverged: [],
      keptIn: null,
    },
    withdrawal: null,
    consent: AGREED,
    starting: ALL_STARTED,
    routerDownExpected: false,
    shuttingDown: false,
    ...more,
  }
}
