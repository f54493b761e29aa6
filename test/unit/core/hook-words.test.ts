import { expect, test } from 'vitest'
import { hookEnvironment, hookEventOf } from '../../../src/core/hook-words.ts'
import type { VrrpState } from '../../../src/core/vocabulary.ts'
import { exampleConfig } from '../../fakes/world.ts'

const at = (vrrp: VrrpState, mode: 'ap' | 's' | 'm' = 'ap') => ({ mode, role: 'standby', vrrp }) as const
const did = (...steps: string[]) => steps.map((step) => ({ step, sentence: '', ms: 1, ok: true, detail: '' }))

test.each([
  ['writes were allowed', did('drain', 'allow-writes', 'change-files'), at('backup'), at('master', 's'), 'promote'],
  ['a member went on alone', did('form-component', 'record-lead'), at('master'), at('master'), 'promote'],
  ['a handover was undone', did('fence', 'offer-lead', 'allow-writes'), at('master'), at('master'), 'promote'],
  ['it was fenced, and follows', did('fence', 'follow', 'declare-unfit'), at('master'), at('fault'), 'demote'],
  ['its database was killed', did('kill-database'), at('master'), at('master'), 'demote'],
  ['the VIP has left a database that was dead', did('mask-files'), at('master'), at('fault', 'm'), 'demote'],
  ['it follows', did('follow'), at('init'), at('backup'), 'follow'],
  ['it moved, and nothing was done', [], at('backup'), at('fault'), 'change'],
  ['keepalived was started again', did('start-unit'), at('stop'), at('stop'), null],
] as const)('when %s', (_what, steps, from, to, event) => {
  expect(hookEventOf({ steps, from, to })).toBe(event)
})

test('a step that failed is none', () => {
  const [opened] = did('allow-writes')
  if (opened === undefined) throw new Error('no step')
  expect(hookEventOf({ steps: [{ ...opened, ok: false }], from: at('master'), to: at('master') })).toBeNull()
})

test('every variable is APMODE_…, and none of them is a secret or the place of one', () => {
  const facts = { event: 'master', from: at('backup'), to: at('master', 's') }
  const variables = hookEnvironment('pre', 'promote', facts, exampleConfig('host2'))
  expect(Object.keys(variables).filter((name) => !name.startsWith('APMODE_'))).toEqual([])
  expect(JSON.stringify(variables)).not.toContain('password')
  expect(variables).not.toHaveProperty('APMODE_RESULT')
})
