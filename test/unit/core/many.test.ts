import { describe, expect, test } from 'vitest'
import { interpret, lookUp } from '../../../src/core/interpret.ts'
import { lineageReasons } from '../../../src/core/lineage.ts'
import { transition } from '../../../src/core/machine.ts'
import type { Observed } from '../../../src/core/observed.ts'
import { changed, configOf, EXAMPLE, THREE } from './config/example.ts'
import { at, seen } from './seen.ts'

const config = configOf(THREE)
const pair = configOf(changed(EXAMPLE, ['engine = "mariadb"', 'engine = "none"']))

/** Where keepalived's word, or a look, leads. */
function heard(word: 'master' | 'backup' | 'fault' | null, from: string, observed: Observed, by = config): string {
  const said = word === null ? null : interpret(word, at(from), observed, by)
  const event = said === null ? lookUp(at(from), observed, by) : said.believed ? said.event : null
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

  test('one that is cut off says of no peer that it was asked', () => {
    const cutOff = seen({ lineage: { ...seen().lineage, witness: false, cutOff: true } })
    const reasons = (by: typeof config) => lineageReasons(at('ap active backup'), cutOff, by)
    expect(reasons(config)).toEqual(['G9 witness: cut off, neither another machine nor a witness answers'])
    expect(reasons(pair)).toEqual(['G9 witness: cut off, neither the peer nor a witness answers'])
  })

  test('what a person decided stays: alone, and maintenance', () => {
    expect(heard('backup', 's active master', seen())).toBe('s active backup')
    expect(heard('fault', 's active master', seen({ unfitDeclared: true }))).toBe('s active fault')
    expect(heard('backup', 'm active stop', seen())).toBe('m active backup')
  })
})

describe('of two machines without a database', () => {
  const unfit = seen({ unfitDeclared: true })
  const [api, router] = seen().units
  if (api === undefined || router === undefined) throw new Error('there are two')
  const dead = seen({ units: [api, { ...router, active: 'failed' }] })

  test.each(['fault', null] as const)('the active one that fails with the VIP is masked, told by %s', (word) => {
    expect(heard(word, 'ap active master', unfit, pair)).toBe('m active fault')
  })

  test.each(['fault', null] as const)('the active one that only stands by is not masked, told by %s', (word) => {
    expect(heard(word, 'ap active backup', unfit, pair)).toBe('ap active fault')
  })

  test('nor when it is told twice, or its keepalived dies', () => {
    expect(heard('fault', 'ap active fault', unfit, pair)).toBe('ap active fault')
    expect(heard(null, 'ap active backup', dead, pair)).toBe('ap active backup')
    expect(heard(null, 'ap active master', dead, pair)).toBe('m active stop')
  })

  test('nor is one that is cut off: the other one may be so too', () => {
    const cutOff = seen({ unfitDeclared: true, lineage: { ...seen().lineage, witness: false, cutOff: true } })
    expect(heard('fault', 'ap active master', cutOff, pair)).toBe('ap active fault')
  })
})
