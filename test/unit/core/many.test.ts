import { describe, expect, test } from 'vitest'
import { interpret, lookUp } from '../../../src/core/interpret.ts'
import { transition } from '../../../src/core/machine.ts'
import type { Observed } from '../../../src/core/observed.ts'
import { configOf, THREE } from './config/example.ts'
import { at, seen } from './seen.ts'

const config = configOf(THREE)
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
