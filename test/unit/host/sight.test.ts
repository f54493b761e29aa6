import { expect, test } from 'vitest'
import { Sight } from '../../../src/host/sight.ts'
import type { DatabasePresent } from '../../../src/ports/database.ts'

const seen = (writable: boolean): DatabasePresent => ({
  answers: true,
  version: '10.11.19-MariaDB',
  serverId: '1',
  writable,
  cluster: null,
  commitsWithPeer: false,
  replication: null,
  binlogPosition: '',
  binlogState: '',
  replicas: [],
  lead: null,
})

function sight() {
  const changes: (boolean | null)[] = []
  const subject = new Sight(() => changes.push(subject.database?.answers === true ? subject.database.writable : null))
  return { subject, changes }
}

test('nothing is known before the first look', () => {
  expect(sight().subject.database).toBeNull()
})

test('from the moment in which writes are taken away there are none, and no look that began before says otherwise', () => {
  const { subject, changes } = sight()
  subject.look()(seen(true))
  const begunBefore = subject.look()
  const closed = subject.closes()
  expect(subject.database).toMatchObject({ writable: false })
  begunBefore(seen(true))
  const begunMeanwhile = subject.look()
  subject.look()(seen(true))
  expect(subject.database).toMatchObject({ writable: false })
  closed()
  begunMeanwhile(seen(true))
  expect(subject.database).toMatchObject({ writable: false })
  expect(changes).toEqual([true, false])
})

test('a fence that did not hold is found out by the next look', () => {
  const { subject } = sight()
  subject.look()(seen(true))
  subject.closes()()
  subject.look()(seen(true))
  expect(subject.database).toMatchObject({ writable: true })
})

test('writes that were allowed are known at once; a look from before does not hide them', () => {
  const { subject } = sight()
  subject.look()(seen(false))
  const begunBefore = subject.look()
  subject.opened()
  begunBefore(seen(false))
  expect(subject.database).toMatchObject({ writable: true })
})

test('a database that does not answer is told as it is', () => {
  const { subject } = sight()
  subject.look()(seen(true))
  subject.closes()
  subject.look()({ answers: false, reason: 'down', detail: 'nothing listens' })
  expect(subject.database).toMatchObject({ answers: false })
})
