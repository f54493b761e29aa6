import { expect, test } from 'vitest'
import { leadsToo } from '../../../src/host/leads-too.ts'
import type { DatabasePresent, DatabaseStatus, PeerStatus } from '../../../src/ports/database.ts'

const lead = (epoch: number) => ({ lead: { epoch, node: 'host1', at: '', reason: '', gtid: '' } })
const own = (epoch: number, writable = true) => ({ answers: true, writable, ...lead(epoch) }) as DatabasePresent
const peer = (epoch: number, writable = false) => ({ reachable: true, writable, ...lead(epoch) }) as PeerStatus
const down = { answers: false, reason: 'down', detail: '' } as DatabaseStatus

test.each<[string, PeerStatus, DatabaseStatus | null, boolean]>([
  ['the same epoch: no second look', peer(4), null, false],
  ['a newer one that this machine has written meanwhile and the peer has got (a handover)', peer(5), own(5), false],
  ['a newer one', peer(5), own(4), true],
  ['a newer one, and this machine was fenced meanwhile', peer(5), own(5, false), false],
  ['a peer that takes writes', peer(4, true), own(4), true],
  ['a peer that takes writes since this machine does not', peer(5, true), own(5, false), false],
  ['a newer one, and this machine cannot be asked again', peer(5), null, true],
  ['a newer one, and this database is gone', peer(5), down, true],
])('%s', async (_what, seen, again, expected) => {
  expect(await leadsToo(seen, own(4), { lookAtDatabase: async () => again })).toBe(expected)
})
