/** Transactions of given ranges in a file that a person can read, from a real server's binary log. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportTransactions } from '../../../src/adapters/mariadb/export.ts'
import { keepLane } from '../../../src/adapters/mariadb/kept.ts'
import { createMariadb } from '../../../src/adapters/mariadb/mariadb.ts'
import { createReceiver } from '../../../src/adapters/mariadb/receiver.ts'
import type { Session } from '../../../src/adapters/mariadb/session.ts'
import type { GtidRange } from '../../../src/core/divergence.ts'
import { ensureMariadbInstalled, type MariadbServer, makeServer, removeServers } from './server.ts'

const skipped = ensureMariadbInstalled()
const CALL = { timeoutMs: 20_000 }

describe.skipIf(skipped !== null)(`keeping transactions${skipped === null ? '' : ` (skipped: ${skipped})`}`, () => {
  let server: MariadbServer
  let session: Session
  let base: string
  let folders = 0

  const range = (after: number, last: number, serverId = '1', domain = '0'): GtidRange => ({
    domain,
    server: serverId,
    after: BigInt(after),
    last: BigInt(last),
  })
  const fresh = () => `${base}/${folders++}`
  const last = () => Number(server.sql('SELECT @@gtid_binlog_pos').split('-')[2])
  const keep = (ranges: readonly GtidRange[], more: { folder?: string; mostBytes?: number } = {}) =>
    exportTransactions(session, { socket: server.socket, ranges, folder: fresh(), ...more }, CALL)

  beforeAll(async () => {
    base = mkdtempSync('/var/tmp/mdb-export-')
    server = await makeServer(1)
    await server.start()
    const target = { kind: 'local', socket: server.socket } as const
    const lane = keepLane('testing', target, () => {})
    session = {
      where: 'the database',
      log: () => {},
      receiver: createReceiver(target, () => {}),
      lanes: { observe: lane, act: lane, fence: lane, kill: lane, life: lane, word: lane },
    }
    server.sql('SET GLOBAL read_only=0; CREATE DATABASE app; CREATE TABLE app.t (a INT PRIMARY KEY, w LONGTEXT)')
  }, 60_000)

  afterAll(() => {
    session?.lanes.observe.close()
    removeServers()
    rmSync(base, { recursive: true, force: true })
  })

  it('has exactly the transactions of the range, across several logs, readable and 0600', async () => {
    server.sql("INSERT INTO app.t VALUES (1, 'shared'); FLUSH BINARY LOGS; INSERT INTO app.t VALUES (2, 'shared too')")
    const after = last()
    server.sql("INSERT INTO app.t VALUES (3, 'only here'); FLUSH BINARY LOGS; FLUSH BINARY LOGS")
    server.sql("START TRANSACTION; INSERT INTO app.t VALUES (4, 'and'); UPDATE app.t SET w='this' WHERE a=4; COMMIT")
    server.sql('USE app; ALTER TABLE t ADD COLUMN b INT')
    const end = last()
    server.sql("INSERT INTO app.t VALUES (5, 'later', 1)")
    const { path, count, complete } = await keep([range(after, end)])
    expect({ count, complete }).toEqual({ count: 3, complete: true })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const text = readFileSync(path, 'utf8')
    expect(text.startsWith(`-- Transactions that only this machine has`)).toBe(true)
    for (const needle of [
      "###   @2='only here'",
      '### UPDATE `app`.`t`',
      'use `app`',
      'ALTER TABLE t ADD COLUMN b INT',
    ]) {
      expect(text).toContain(needle)
    }
    for (const [n, wanted] of [after, after + 1, after + 2, after + 3, end + 1].entries()) {
      expect(new RegExp(`GTID 0-1-${wanted}\\b`).test(text), `${wanted}`).toBe(n > 0 && n < 4)
    }
    expect(text).not.toContain('later')
    expect(readdirSync(dirname(path))).toHaveLength(1)
  })

  it('can be applied again by hand', async () => {
    const after = last()
    server.sql(
      'USE app; CREATE TABLE again (a INT); INSERT INTO again VALUES (1),(2); SET NAMES latin1; INSERT INTO again VALUES (3)',
    )
    const { path, count } = await keep([range(after, last())])
    expect(count).toBe(3)
    server.sql('DROP TABLE app.again')
    const argv = ['--no-defaults', '-uroot', `--socket=${server.socket}`]
    execFileSync('mariadb', [...argv, '-e', 'SET GLOBAL gtid_strict_mode=0'])
    try {
      execFileSync('mariadb', argv, { input: readFileSync(path), timeout: 20_000 })
    } finally {
      execFileSync('mariadb', [...argv, '-e', 'SET GLOBAL gtid_strict_mode=1'])
    }
    expect(server.sql('SELECT GROUP_CONCAT(a ORDER BY a) FROM app.again')).toBe('1,2,3')
  })

  it('several ranges, of other domains and servers too; what is between them is not there', async () => {
    server.sql('SET SESSION gtid_domain_id=7; SET SESSION server_id=9; CREATE TABLE app.nine (a INT)')
    for (const a of [11, 12, 13]) server.sql(`INSERT INTO app.t VALUES (${a}, 'number ${a}', 0)`)
    const now = Number(/0-1-(\d+)/.exec(server.sql('SELECT @@gtid_binlog_state'))?.[1])
    const { path, count } = await keep([range(now - 3, now - 2), range(now - 1, now), range(0, 1, '9', '7')])
    const text = readFileSync(path, 'utf8')
    expect(count).toBe(3)
    expect(text).toContain('number 11')
    expect(text).not.toContain('number 12')
    expect(text).toContain('number 13')
    expect(text).toContain('CREATE TABLE app.nine')
  })

  it('is not misled by a text of a client that looks like a header', async () => {
    const after = Number(/0-1-(\d+)/.exec(server.sql('SELECT @@gtid_binlog_state'))?.[1])
    server.sql(
      `CREATE TABLE app.mean (a INT) COMMENT '\n# at 4\n#261121  5:14:10 server id 1  end_log_pos 999999 CRC32 0x1 	GTID 0-1-${after + 2} trans\n'`,
    )
    server.sql("INSERT INTO app.t VALUES (21, 'the real one', 0)")
    const { path, count } = await keep([range(after + 1, after + 2)])
    expect(count).toBe(1)
    expect(readFileSync(path, 'utf8')).toContain('the real one')
  })

  it('is bounded in size and says so', async () => {
    const after = Number(/0-1-(\d+)/.exec(server.sql('SELECT @@gtid_binlog_state'))?.[1])
    server.sql("INSERT INTO app.t VALUES (31, REPEAT('long ', 100000), 0)")
    const { path, complete, count } = await keep([range(after, after + 1)], { mostBytes: 20_000 })
    expect({ complete, count }).toEqual({ complete: false, count: 1 })
    expect(statSync(path).size).toBeLessThan(21_000)
    expect(readFileSync(path, 'utf8')).toContain('It ends here: the limit of 20000 bytes is reached')
  })

  it('is bounded in time, and leaves nothing behind', async () => {
    const folder = fresh()
    const order = { socket: server.socket, ranges: [range(0, 3)], folder }
    await expect(exportTransactions(session, order, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'timeout' })
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([])
  })

  it('what is nowhere is an error that says so', async () => {
    await expect(keep([range(900_000, 900_001)])).rejects.toMatchObject({
      code: 'failed',
      message: 'cannot keep 0-1-900001: none of them is in the binary log any more',
    })
  })

  it('is what the port does', async () => {
    const database = createMariadb({ socket: server.socket })
    try {
      const path = await database.keepTransactions([range(0, 1)], fresh(), CALL)
      expect(readFileSync(path, 'utf8')).toContain('CREATE DATABASE app')
    } finally {
      await database.close()
    }
  })
})
