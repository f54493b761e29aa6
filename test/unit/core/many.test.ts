import { describe, expect, test } from 'vitest'
import { NEVER_MEMBER } from '../../../src/core/cluster.ts'
import { AGREED } from '../../../src/core/consent.ts'
import { interpret, lookUp } from '../../../src/core/interpret.ts'
import { transition } from '../../../src/core/machine.ts'
import type { Observed } from '../../../src/core/observed.ts'
import { ALL_STARTED } from '../../../src/core/starting.ts'
import type { State } from '../../../src/core/state.ts'
import { configOf, THREE } from './config/example.ts'

const config = configOf(THREE)
const at = (state: string): State => {
  const [mode, role, vrrp] = state.split(' ') as [State['mode'], State['role'], State['vrrp']]
  return { mode, role, vrrp }
}

function seen(more: Partial<Observed> = {}): Observed {
  const unit = {
    runs: 'everywhere',
    active: 'active',
    sub: 'running',
    file: 'disabled',
    jobPending: false,
    downMs: 0,
  } as const
  return {
    units: [
      { ...unit, name: 'nginx.service', kind: 'api' },
      { ...unit, name: 'keepalived.service', kind: 'router' },
    ],
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

/** Where keepalived's word, or a look, leads. */
function heard(word: 'master' | 'backup' | 'fault' | null, from: string, observed: Observed): string {
  const said = word === null ? null : interpret(word, at(from), observed, config)
  const event = said === null ? lookUp(at(from), observed, config) : said.believed ? said.event : null
  const { mode, role, vrrp } = event === null ? at(from) : transition(at(from), event)
  return `${mode} ${role} ${vrrp}`
}

describe('of more than two machines', () => {
  test.each(['master', null] as const)('whoever takes over stays in ap and is active, told by %s', (word) => {
    expect(heard(word, 'ap standby backup', seen({ vip: true }))).toBe('ap active master')
  })

  test.each(['fault', null] as const)('whoever fails stays in ap, told by %s: it may be the last one', (word) => {
    expect(heard(word, 'ap active master', seen({ unfitDeclared: true }))).toBe('ap active fault')
  })

  test.each(['backup', null] as const)('whoever sees another one with the VIP stands by, told by %s', (word) => {
    expect(heard(word, 'ap active fault', seen())).toBe('ap standby backup')
  })

  test('a keepalived that died is brought back, and nobody is masked', () => {
    const [api, router] = seen().units
    if (api === undefined || router === undefined) throw new Error('there are two')
    const dead = seen({ units: [api, { ...router, active: 'failed' }] })
    expect(heard(null, 'ap active master', dead)).toBe('ap active master')
  })

  test('what a person decided stays: alone, and maintenance', () => {
    expect(heard('backup', 's active master', seen())).toBe('s active backup')
    expect(heard('fault', 's active master', seen({ unfitDeclared: true }))).toBe('s active fault')
    expect(heard('backup', 'm active stop', seen())).toBe('m active backup')
  })
})
