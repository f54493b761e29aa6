import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MemberRow } from '../../../src/core/bootstrap.ts'
import { ApmodeError } from '../../../src/core/errors.ts'
import { A_PLAN } from '../../fakes/control.ts'
import { Console } from './console.ts'

const UUID = '3a3836e6-e5d3-11f1-bdf0-3e194594a4fd'
const row = (node: string, more: Partial<MemberRow>): MemberRow => ({
  node,
  position: null,
  known: null,
  safeToBootstrap: null,
  without: false,
  newest: false,
  sentence: '',
  ...more,
})
const MEMBERS = [
  row('host1', { position: `${UUID}:1042`, known: 'recovered', newest: true, sentence: 'the newest' }),
  row('host2', { position: `${UUID}:1040`, known: 'given', sentence: '2 write sets behind' }),
  row('host3', { sentence: 'no answer from 192.168.33.103:8008 within 1500 ms' }),
]
const TABLE = `  machine  position                                   from       
* host1    ${UUID}:1042  recovered  the newest
  host2    ${UUID}:1040  by hand    2 write sets behind
  host3    not known                                  –          no answer from 192.168.33.103:8008 within 1500 ms
`.replace(/ +$/gm, '')

let console: Console
beforeEach(async () => {
  console = new Console()
  await console.listen()
})
afterEach(() => console.close())

describe('apmode bootstrap', () => {
  test('that is refused shows where each machine stands, on stderr, and exits with 3', async () => {
    console.control.result = {
      ...{ exit: 3, sentence: 'nothing was touched: host3 does not answer', done: [], notDone: [] },
      refusedBy: 'bootstrap',
      members: MEMBERS,
    }
    const { exit, out, err } = await console.apmode(['bootstrap'])
    expect([exit, out]).toEqual([3, ''])
    expect(err).toBe(`${TABLE}\nrefused by bootstrap\nnothing was touched: host3 does not answer\n`)
    expect(console.control.asked).toContainEqual({ bootstrap: { without: [], positions: {} } })
  })

  test('passes on whom a person gives up, and what a person says', async () => {
    await console.apmode(['bootstrap', '--without', 'host3', '--position', `host2=${UUID}:7`])
    expect(console.control.asked).toContainEqual({
      bootstrap: { without: ['host3'], positions: { host2: `${UUID}:7` } },
    })
    await console.apmode(['bootstrap', '--without', 'host2', 'host3'])
    expect(console.control.asked).toContainEqual({ bootstrap: { without: ['host2', 'host3'], positions: {} } })
  })

  test('with --json has the table as a value', async () => {
    console.control.result = {
      exit: 3,
      sentence: 'no',
      done: [],
      notDone: [],
      refusedBy: 'bootstrap',
      members: MEMBERS,
    }
    const { exit, out } = await console.apmode(['bootstrap', '--json'])
    expect([exit, JSON.parse(out).members]).toEqual([3, MEMBERS])
  })

  test('planned shows the table before the steps', async () => {
    console.control.planView = { ...A_PLAN, event: 'bootstrap', members: MEMBERS }
    const { exit, out } = await console.apmode(['bootstrap', '--dry-run', '--without', 'host3'])
    expect(exit).toBe(0)
    expect(out).toContain(`\n${TABLE}\n  1. withdraw`)
    expect(console.control.asked).toContainEqual({ plan: { command: 'bootstrap', without: ['host3'], positions: {} } })
    await console.apmode(['plan', 'bootstrap'])
    expect(console.control.asked).toContainEqual({ plan: { command: 'bootstrap', without: [], positions: {} } })
  })

  test('that is not understood exits with 2', async () => {
    for (const words of ['host2', `=${UUID}:1`]) {
      const ran = await console.apmode(['bootstrap', '--position', words])
      expect([ran.exit, ran.out]).toEqual([2, ''])
      expect(ran.err).toContain(`found --position ${words}, expected NAME=UUID:SEQNO`)
    }
    console.control.error = new ApmodeError('usage', 'found --without host9, expected one of host1, host2')
    const ran = await console.apmode(['bootstrap', '--without', 'host9'])
    expect(ran).toMatchObject({ exit: 2, err: 'found --without host9, expected one of host1, host2\n' })
  })
})
