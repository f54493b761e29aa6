import { describe, expect, it } from 'vitest'
import { cannot, failureOf } from '../../../../src/adapters/mariadb/failure.ts'
import { leadOf } from '../../../../src/adapters/mariadb/lead.ts'
import { addressOf, isWritable } from '../../../../src/adapters/mariadb/observe.ts'
import { replicasOf } from '../../../../src/adapters/mariadb/replica.ts'
import { atLeast, greetingVersion, supportedVersion } from '../../../../src/adapters/mariadb/version.ts'
import { covers } from '../../../../src/core/gtid.ts'
import { greeting } from './greeting.ts'

describe('read_only', () => {
  it.each([
    ['0', true],
    ['OFF', true],
    ['1', false],
    ['ON', false],
    ['NO_LOCK', false],
    ['NO_LOCK_NO_ADMIN', false],
  ])('%s: writable is %s', (value, writable) => expect(isWritable(value)).toBe(writable))
  it('is never taken for off when it is unknown', () => {
    expect(isWritable(null)).toBe(false)
    expect(isWritable(undefined)).toBe(false)
  })
})

describe('a GTID position', () => {
  it.each([
    ['0-1-5', '0-1-5', true],
    ['0-2-6', '0-1-5', true],
    ['0-1-4', '0-1-5', false],
    ['', '0-1-5', false],
    ['0-1-5', '', true],
    ['0-1-5,1-1-9', '1-1-9,0-1-5', true],
    ['0-1-5', '0-1-5,1-1-1', false],
    ['0-1-18446744073709551615', '0-1-18446744073709551614', true],
  ])('%j covers %j: %s', (reached, wanted, answer) => expect(covers(reached, wanted)).toBe(answer))
})

describe('a version', () => {
  it('is read from the greeting, without the prefix for old clients', () => {
    expect(greetingVersion(greeting('5.5.5-10.11.19-MariaDB-0+deb12u1-log'))).toContain('10.11.19')
    const version = supportedVersion('5.5.5-10.11.19-MariaDB-0+deb12u1-log', 'it')
    expect(version).toEqual({ text: '10.11.19-MariaDB-0+deb12u1-log', major: 10, minor: 11 })
    expect(atLeast(version, 10, 10)).toBe(true)
    expect(atLeast(version, 10, 12)).toBe(false)
    expect(atLeast(supportedVersion('12.0.2-MariaDB', 'it'), 10, 10)).toBe(true)
  })
  it('is not read from an error packet', () => expect(greetingVersion(Buffer.from([1, 0, 0, 0, 0xff, 16]))).toBeNull())
})

describe('a failure', () => {
  it('never has the statement in it', () => {
    const thrown = Object.assign(new Error("syntax error near 'secret'"), {
      errno: 1064,
      code: 'ER_PARSE_ERROR',
      sqlMessage: "syntax error near 'secret'",
      sql: "CHANGE MASTER TO MASTER_PASSWORD='secret'",
    })
    const failure = cannot('follow it', failureOf(thrown, 'the database'), 'the database')
    expect(JSON.stringify({ ...failure, message: failure.message, stack: failure.stack })).not.toContain('secret')
    expect(failure.cause).toBeUndefined()
  })
  it('says what could not be done', () => {
    const failure = cannot('stop replication', { code: 'ECONNREFUSED' }, 'the database at /s')
    expect(failure.message).toBe('cannot stop replication: nothing listens on the database at /s (ECONNREFUSED)')
    expect(failure.code).toBe('unreachable')
  })
})

describe('rows', () => {
  it('of replication are read by name, and NULL is not "no lag"', () => {
    const [replica] = replicasOf([
      {
        Connection_name: '',
        Master_Host: '10.0.0.2',
        Master_Port: '3306',
        Master_User: 'replication',
        Slave_IO_Running: 'Connecting',
        Slave_SQL_Running: 'No',
        Using_Gtid: 'Slave_Pos',
        Seconds_Behind_Master: null,
        Gtid_IO_Pos: '0-1-9',
        Gtid_Slave_Pos: '0-1-7',
        Last_IO_Errno: '1045',
        Last_IO_Error: 'denied',
        Last_SQL_Errno: '0',
        Last_SQL_Error: '',
      },
    ])
    expect(replica?.usesGtid).toBe(true)
    expect(replica?.status).toEqual({
      source: '10.0.0.2:3306',
      io: 'Connecting',
      sql: false,
      lagSeconds: null,
      gtid: '0-1-7',
      received: '0-1-9',
      errno: 1045,
      error: 'denied',
    })
  })
  it('of the lead have a time in UTC', () => {
    const row = { epoch: '3', node: 'host1', at: '2026-11-21 01:24:22.123', reason: 'r', gtid: '0-1-1' }
    expect(leadOf(row)).toEqual({ epoch: 3, node: 'host1', at: '2026-11-21T01:24:22.123Z', reason: 'r', gtid: '0-1-1' })
  })
  it('of connections have an address without the port', () => {
    expect(addressOf('192.168.33.102:41822')).toBe('192.168.33.102')
    expect(addressOf('fd00::2:41822')).toBe('fd00::2')
    expect(addressOf('localhost')).toBe('localhost')
  })
})
