import { describe, expect, it } from 'vitest'
import { inWords, memberOf } from '../../../../src/adapters/mariadb/membership.ts'

const SELF = { read_only: '0', server_id: '2', wsrep_on: '1', desync: '0' }
const WHOLE: Readonly<Record<string, string>> = {
  wsrep_ready: 'ON',
  wsrep_cluster_status: 'Primary',
  wsrep_local_state_comment: 'Synced',
  wsrep_cluster_size: '3',
  wsrep_local_index: '1',
  wsrep_incoming_addresses: '10.0.0.1:3306,10.0.0.2:3306,10.0.0.3:3306',
  wsrep_cluster_state_uuid: '6a5a31f2-c6b1-11f0-9d1c-2f3a0b9c1d2e',
  wsrep_last_committed: '45',
  wsrep_local_recv_queue: '7',
  wsrep_flow_control_paused: '0.25',
}
const rows = (changes: Readonly<Record<string, string>> = {}) =>
  Object.entries({ ...WHOLE, ...changes }).map(([name, value]) => ({ Variable_name: name, Value: value }))

/** As it is on the survivor of two. */
const LOST = {
  wsrep_ready: 'OFF',
  wsrep_cluster_status: 'non-Primary',
  wsrep_local_state_comment: 'Initialized',
  wsrep_cluster_size: '1',
  wsrep_local_index: '0',
  wsrep_incoming_addresses: '10.0.0.2:3306',
}

describe('a member of a Galera cluster', () => {
  it('is what it says, to the letter', () => {
    expect(memberOf(SELF, rows())).toEqual({
      cluster: {
        component: 'Primary',
        state: 'Synced',
        ready: true,
        size: 3,
        members: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
        uuid: '6a5a31f2-c6b1-11f0-9d1c-2f3a0b9c1d2e',
        seqno: 45,
        desynced: false,
        queue: 7,
        paused: 0.25,
        readOnly: false,
      },
      writable: true,
      serverId: '2',
      others: ['10.0.0.1', '10.0.0.3'],
    })
  })

  it.each([
    ['read-only', { ...SELF, read_only: '1' }, {}],
    ['not ready', SELF, { wsrep_ready: 'OFF' }],
    ['outside a primary component', SELF, LOST],
    ['in a component of which nothing is known', SELF, { wsrep_cluster_status: 'unheard of' }],
    ['silent about itself', undefined, {}],
  ])('takes no writes when it is %s', (_how, self, changes) => {
    expect(memberOf(self, rows(changes)).writable).toBe(false)
  })

  it('that says nothing is in no component, and not ready', () => {
    expect(memberOf(undefined, [])).toMatchObject({
      cluster: { component: 'Disconnected', ready: false, size: 0, members: [], seqno: -1, readOnly: true },
      writable: false,
      others: [],
    })
  })

  it('alone in its component has nobody beside it', () => expect(memberOf(SELF, rows(LOST)).others).toEqual([]))

  it('on which Galera is switched off is in no component, and takes writes all the same', () => {
    const off = { wsrep_ready: 'OFF', wsrep_cluster_status: 'Disconnected', wsrep_cluster_size: '0' }
    const found = memberOf({ ...SELF, wsrep_on: '0' }, rows(off))
    expect([found.cluster.component, found.writable]).toEqual(['Disconnected', true])
  })

  it('counts a number that stands for none as none, and knows addresses of IPv6 and such as are not told', () => {
    const found = memberOf(
      { ...SELF, desync: '1' },
      rows({
        wsrep_last_committed: '18446744073709551615',
        wsrep_incoming_addresses: '[fd00::1]:3306,[fd00::2]:3306,AUTO,',
      }),
    )
    expect(found.cluster).toMatchObject({ seqno: -1, members: ['fd00::1', 'fd00::2'], desynced: true })
    expect(found.others).toEqual(['fd00::1'])
  })

  it.each([
    [SELF, {}, 'Synced, one of 3 in the primary component, writable'],
    [{ ...SELF, read_only: '1' }, {}, 'Synced, one of 3 in the primary component, read-only'],
    [SELF, LOST, 'Initialized, non-Primary, not taking writes'],
  ])('is told in words: %#', (self, changes, words) => expect(inWords(memberOf(self, rows(changes)))).toBe(words))
})
