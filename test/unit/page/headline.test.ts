import { describe, expect, test } from 'vitest'
import { headlineOf } from '../../../src/page/headline.ts'
import type { Status } from '../../../src/ports/control.ts'
import type { ReplicationStatus } from '../../../src/ports/database.ts'
import { A_PEER, A_STATUS } from '../../fakes/control.ts'

const FOLLOWS: ReplicationStatus = {
  source: '192.168.33.101:3306',
  io: 'Yes',
  sql: true,
  lagSeconds: 0,
  gtid: '0-1-100',
  received: '0-1-100',
  errno: 0,
  error: '',
}
const peer = { ...A_PEER, replication: FOLLOWS }
const holder: Status = { ...A_STATUS, peer }
const standby: Status = {
  ...A_STATUS,
  node: 'host2',
  role: 'standby',
  vrrp: 'backup',
  holder: false,
  writable: false,
  replication: FOLLOWS,
  peer: {
    ...A_PEER,
    name: 'host1',
    role: 'active',
    vrrp: 'master',
    writable: true,
    attached: false,
    replication: null,
  },
}
const changed = (base: Status, ...changes: Partial<Status>[]): Status => Object.assign({}, base, ...changes)

const withoutDatabase = (base: Status): Status => ({
  ...base,
  engine: 'none',
  units: base.units.filter(({ kind }) => kind !== 'database'),
  writable: null,
  commitsWithPeer: null,
  replication: null,
  peer: { ...A_PEER, name: 'other', reachable: null, writable: null, attached: null },
})

describe('the headline', () => {
  test.each<[string, Status, string]>([
    ['a whole pair, on its holder', holder, 'host1 serves, host2 follows'],
    ['a whole pair, on its standby', standby, 'host1 serves, host2 stands by'],
    ['a pair without a database, on its holder', withoutDatabase(holder), 'host1 holds the VIP'],
    ['a pair without a database, on its standby', withoutDatabase(standby), 'host2 does not hold the VIP'],
    ['one machine without a peer', changed(holder, { peer: null }), 'host1 serves'],
  ])('%s is well', (_, status, words) => {
    expect(headlineOf(status)).toEqual({ tone: 'well', words })
  })

  test.each<[string, Status, string]>([
    [
      'a holder whose peer does not follow',
      changed(holder, { peer: { ...peer, attached: false } }),
      'host1 serves, host2 does not follow',
    ],
    ['a holder alone', changed(holder, { mode: 's', peer: { ...peer, attached: false } }), 'host1 serves alone'],
    ['a holder alone with a follower', changed(holder, { mode: 's' }), 'host1 serves alone, host2 follows'],
    [
      'a peer that calls itself unfit',
      changed(holder, { peer: { ...peer, fit: false } }),
      'host1 serves, host2 follows',
    ],
    [
      'a unit that failed',
      changed(holder, { units: holder.units.map((unit) => ({ ...unit, active: 'failed' })) }),
      'host1 serves, host2 follows',
    ],
    ['a reason', changed(holder, { reasons: ['G3: …'] }), 'host1 serves, host2 follows'],
    ['a change on its way', changed(holder, { being: 's' }), 'host1 serves, host2 follows'],
    ['a machine in maintenance', changed(standby, { mode: 'm', fit: null }), 'host1 serves, host2 is in maintenance'],
    ['a standby that does not follow', changed(standby, { replication: null }), 'host1 serves, host2 does not follow'],
    [
      'what is not known yet',
      changed(standby, { holder: null, writable: null, peer: null }),
      'host2 does not know yet where it stands',
    ],
    ['a balancer alone', changed(withoutDatabase(holder), { mode: 's' }), 'host1 holds the VIP, alone'],
    [
      'a balancer in maintenance',
      changed(withoutDatabase(standby), { mode: 'm', fit: false }),
      'host2 is in maintenance',
    ],
    [
      'a balancer without a mode',
      changed(withoutDatabase(standby), { mode: 'unset', fit: false }),
      'host2 has no mode yet: nothing is supervised',
    ],
    ['no mode', changed(standby, { mode: 'unset', peer: null }), 'host2 has no mode yet: nothing is supervised'],
  ])('%s is worth a look', (_, status, words) => {
    expect(headlineOf(status)).toEqual({ tone: 'look', words })
  })

  test.each<[string, Status, string]>([
    ['a holder that takes no writes', changed(holder, { writable: false }), 'host1 holds the VIP and takes no writes'],
    [
      'a holder of which that is unknown',
      changed(holder, { writable: null }),
      'host1 holds the VIP and it is unknown whether it takes writes',
    ],
    ['writes without the VIP', changed(standby, { writable: true }), 'host2 takes writes without the VIP'],
    [
      'nobody that serves',
      changed(standby, { peer: { ...A_PEER, writable: null } }),
      'nobody is known to serve: host2 does not hold the VIP',
    ],
    [
      'a standby that cannot take over',
      changed(standby, { fit: false }),
      'host1 serves, host2 is not able to take over',
    ],
    ['a problem', changed(holder, { problems: ['systemd does not answer'] }), 'host1 serves, host2 follows'],
    [
      'a mode file that cannot be understood',
      changed(standby, { mode: 'unreadable' }),
      'host1 serves, host2 is fenced',
    ],
  ])('%s is trouble', (_, status, words) => {
    expect(headlineOf(status)).toEqual({ tone: 'trouble', words })
  })
})
