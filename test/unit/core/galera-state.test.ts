import { expect, test } from 'vitest'
import {
  isAloneIn,
  NO_HISTORY,
  parsePosition,
  parseRecovered,
  parseSaved,
  withSafeToBootstrap,
} from '../../../src/core/galera-state.ts'

const UUID = '3a3836e6-e5d3-11f1-bdf0-3e194594a4fd'
const SAVED = `# GALERA saved state\nversion: 2.1\nuuid:    ${UUID}\nseqno:   1042\nsafe_to_bootstrap: 0\n`

test('grastate.dat says the history, the position and whether it may bootstrap', () => {
  expect(parseSaved(SAVED)).toEqual({ uuid: UUID, seqno: 1042, safeToBootstrap: false })
  expect(parseSaved(SAVED.replace('1042', '-1').replace('bootstrap: 0', 'bootstrap: 1'))).toEqual({
    uuid: UUID,
    seqno: -1,
    safeToBootstrap: true,
  })
  expect(parseSaved(SAVED.replace(/safe.*\n/, ''))).toEqual({ uuid: UUID, seqno: 1042, safeToBootstrap: null })
  expect(parseSaved(SAVED.replace(UUID, NO_HISTORY).replace('1042', '-1'))).toMatchObject({ uuid: NO_HISTORY })
})

test.each([
  ['empty', '', 'it has not one uuid and one seqno'],
  ['cut off', SAVED.slice(0, 60), 'it has not one uuid and one seqno'],
  ['said twice', `${SAVED}seqno: 7\n`, 'it has not one uuid and one seqno'],
  ['of two histories', `${SAVED}uuid: ${UUID}\n`, 'it has not one uuid and one seqno'],
  ['a number that is none', SAVED.replace('1042', '10x42'), 'its uuid or its seqno cannot be read'],
  ['a number that is too large', SAVED.replace('1042', '9'.repeat(17)), 'its uuid or its seqno cannot be read'],
  ['a uuid that is none', SAVED.replace('3a38', 'zz38'), 'its uuid or its seqno cannot be read'],
  ['another word', SAVED.replace('bootstrap: 0', 'bootstrap: yes'), 'its safe_to_bootstrap is neither 0 nor 1'],
  ['endless', SAVED + '#'.repeat(5000), 'it has 5115 characters'],
])('grastate.dat that is %s says why it is not understood', (_what, text, why) => {
  expect(parseSaved(text)).toBe(why)
})

test('galera_recovery prints a position, also in GTID mode, or none where wsrep is off', () => {
  expect(parseRecovered(`--wsrep_start_position=${UUID}:5\n`)).toEqual({ uuid: UUID, seqno: 5 })
  expect(parseRecovered(`--wsrep_start_position=${UUID}:1,7-1-5\n`)).toEqual({ uuid: UUID, seqno: 1 })
  expect(parseRecovered(`--wsrep_start_position=${NO_HISTORY}:-1\n`)).toEqual({ uuid: NO_HISTORY, seqno: -1 })
  expect(parseRecovered('\n')).toBe('it found no position: wsrep_on is off')
  expect(parseRecovered('nothing')).toBe('it printed no position')
  expect(parseRecovered(`--wsrep_start_position=${UUID}\n`)).toBe('it printed a position that cannot be read')
  expect(parseRecovered(`--wsrep_start_position=${UUID}:1\n--wsrep_start_position=${UUID}:2\n`)).toBe(
    'it printed a position that cannot be read',
  )
})

test('a person writes UUID:SEQNO', () => {
  expect(parsePosition(`${UUID.toUpperCase()}:12`)).toEqual({ uuid: UUID, seqno: 12 })
  for (const text of [
    '',
    UUID,
    `${UUID}:`,
    `${UUID}:1.5`,
    `${UUID}:-2`,
    `${UUID}:007`,
    `x${UUID}:1`,
    '12',
    `${UUID}:1:2`,
  ])
    expect(parsePosition(text), text).toBeNull()
})

test('only the one line changes when a file is to bootstrap', () => {
  expect(withSafeToBootstrap(SAVED)).toBe(SAVED.replace('bootstrap: 0', 'bootstrap: 1'))
  expect(withSafeToBootstrap(withSafeToBootstrap(SAVED))).toBe(withSafeToBootstrap(SAVED))
  const old = SAVED.replace(/safe.*\n/, '')
  expect(withSafeToBootstrap(old)).toBe(`${old}safe_to_bootstrap: 1\n`)
  expect(withSafeToBootstrap(withSafeToBootstrap(SAVED), false)).toBe(SAVED)
  expect(withSafeToBootstrap('uuid: x')).toBe('uuid: x\nsafe_to_bootstrap: 1\n')
})

test('gvwstate.dat says who was alone; what is not understood is a no', () => {
  const other = '47bbe2e2-1606-11e4-8593-2a6d8335bc79'
  const view = (...members: string[]) =>
    `my_uuid: ${UUID}\n#vwbeg\nview_id: 3 ${UUID} 12\nbootstrap: 0\n${members.map((one) => `member: ${one} 0\n`).join('')}#vwend\n`
  expect(isAloneIn(view(UUID))).toBe(true)
  for (const text of [view(UUID, other), view(other), view(), view(UUID).replace('#vwend\n', ''), '', 'x'.repeat(9999)])
    expect(isAloneIn(text)).toBe(false)
})
