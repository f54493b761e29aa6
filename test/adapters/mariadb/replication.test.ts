import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openLink } from '../../../src/adapters/mariadb/link.ts'
import { createMariadb } from '../../../src/adapters/mariadb/mariadb.ts'
import type { Database, DatabasePresent, Primary } from '../../../src/ports/database.ts'
import { quickestMs } from '../quickest.ts'
import { ensureMariadbInstalled, type MariadbServer, makeServer, removeServers } from './server.ts'
import { until } from './until.ts'

const skipped = ensureMariadbInstalled()
const PASSWORD = `it's "a" \\ pass$&word`
const SQL_PASSWORD = PASSWORD.replaceAll("'", "''")
const IN = { timeoutMs: 5000 }

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

describe.skipIf(skipped !== null)(`replication${skipped === null ? '' : ` (skipped: ${skipped})`}`, () => {
  let one: MariadbServer
  let two: MariadbServer
  let first: Database
  let second: Database
  const logs: string[] = []

  const log = (_level: string, sentence: string) => logs.push(sentence)

  const primaryAt = (server: MariadbServer): Primary => ({
    host: '127.0.0.1',
    port: server.port,
    user: 'replication',
    passwordFile: `${server.folder}/password`,
  })

  const present = async (database: Database): Promise<DatabasePresent> => {
    const status = await database.observe(IN)
    if (!status.answers) throw new Error(status.detail)
    return status
  }

  /** The second follows the first, and has everything. */
  const followed = async () => {
    await first.allowWrites(IN)
    one.sql('CREATE DATABASE app; CREATE TABLE app.t (a INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO app.t VALUES (1)')
    await second.follow(primaryAt(one), IN)
    await until('the replica has the row', () => {
      try {
        return two.sql('SELECT COUNT(*) FROM app.t') === '1'
      } catch {
        return false
      }
    })
  }

  beforeEach(async () => {
    logs.length = 0
    one = await makeServer(1)
    two = await makeServer(2)
    await Promise.all([one.start(), two.start()])
    for (const server of [one, two]) {
      server.sql(`SET sql_mode='NO_BACKSLASH_ESCAPES'; SET sql_log_bin=0;
        CREATE USER replication@'127.0.0.1' IDENTIFIED BY '${SQL_PASSWORD}';
        GRANT REPLICATION SLAVE ON *.* TO replication@'127.0.0.1';`)
      writeFileSync(`${server.folder}/password`, `${PASSWORD}\n`)
      chmodSync(`${server.folder}/password`, 0o600)
    }
    first = createMariadb({ socket: one.socket, log })
    second = createMariadb({ socket: two.socket, log })
    first.open()
    second.open()
  })

  afterAll(removeServers)

  afterEach(async () => {
    await first?.close()
    await second?.close()
    one?.remove()
    two?.remove()
    expect(logs.join('\n')).not.toContain('word')
  })

  it('is followed by a fresh replica with empty positions', async () => {
    const general = `${two.folder}/general.log`
    two.sql(`SET GLOBAL general_log_file='${general}'; SET GLOBAL general_log=1`)
    await followed()
    await until('the general log is written', () => readFileSync(general, 'utf8').includes('SHOW ALL SLAVES'))
    expect(readFileSync(general, 'utf8')).not.toMatch(/MASTER_PASSWORD|pass\$&/)
    expect(readFileSync(`${two.folder}/error.log`, 'utf8')).not.toContain('pass$&')
    const status = await present(second)
    expect(status).toMatchObject({ writable: false, version: expect.stringContaining('MariaDB') })
    expect(status.replication).toMatchObject({ source: `127.0.0.1:${one.port}`, io: 'Yes', sql: true, errno: 0 })
    expect(status.replication?.gtid).toBe((await present(first)).binlogPosition)
    expect((await present(first)).replicas).toEqual(['127.0.0.1'])
    // Again: nothing to do, and nothing is interrupted.
    const dump = () => one.sql("SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND='Binlog Dump'")
    const before = dump()
    await second.follow(primaryAt(one), IN)
    expect(dump()).toBe(before)
    // Threads stopped: started again.
    await second.stopReplication(IN)
    await second.stopReplication(IN)
    expect((await present(second)).replication).toMatchObject({ io: 'No', sql: false })
    await second.follow(primaryAt(one), IN)
    await until('both threads run', async () => (await present(second)).replication?.io === 'Yes')
  })

  it('takes a former primary back by its own position, and nothing is lost or applied twice', async () => {
    await followed()
    one.sql('INSERT INTO app.t VALUES (2), (3)')
    await first.recordLead({ node: 'one', reason: 'test' }, IN)
    await first.fence(IN)
    expect(await first.waitForPeer(primaryAt(two), IN)).toMatchObject({ complete: true })
    expect(await second.drain(IN)).toMatchObject({ complete: true })
    await second.stopReplication(IN)
    const lead = await second.recordLead({ node: 'two', reason: "it's a handover \\" }, IN)
    expect(lead).toMatchObject({ epoch: 2, node: 'two', reason: "it's a handover \\" })
    expect(lead.gtid).toBe((await present(first)).binlogPosition)
    expect(Math.abs(Date.parse(lead.at) - Date.now())).toBeLessThan(60_000)
    await second.forgetPrimary(IN)
    await second.forgetPrimary(IN)
    await second.allowWrites(IN)
    two.sql('INSERT INTO app.t VALUES (4)')
    expect(await present(second)).toMatchObject({ writable: true, replication: null, lead })

    await first.follow(primaryAt(two), IN)
    await until('the former primary has the row', () => one.sql('SELECT COUNT(*) FROM app.t') === '4')
    const back = await present(first)
    expect(back.replication).toMatchObject({ io: 'Yes', sql: true, errno: 0, error: '' })
    expect(back.lead).toEqual(lead)

    // And the way back again: the second one becomes a replica by its own position too.
    await second.fence(IN)
    expect(await second.waitForPeer(primaryAt(one), IN)).toMatchObject({ complete: true })
    expect(await first.drain(IN)).toMatchObject({ complete: true })
    await first.stopReplication(IN)
    expect(await first.recordLead({ node: 'one', reason: 'back' }, IN)).toMatchObject({ epoch: 3 })
    await first.forgetPrimary(IN)
    await first.allowWrites(IN)
    one.sql('INSERT INTO app.t VALUES (5)')
    await second.follow(primaryAt(one), IN)
    await until('the replica has the row', () => two.sql('SELECT COUNT(*) FROM app.t') === '5')
  })

  it('follows on the older way: gtid_slave_pos set by hand, proven beside MASTER_DEMOTE_TO_SLAVE', async () => {
    await followed()
    one.sql('INSERT INTO app.t VALUES (2)')
    await first.fence(IN)
    await first.waitForPeer(primaryAt(two), IN)
    await second.drain(IN)
    await second.stopReplication(IN)
    await second.forgetPrimary(IN)
    await second.allowWrites(IN)
    two.sql('INSERT INTO app.t VALUES (3)')
    one.sql(`SET sql_mode='NO_BACKSLASH_ESCAPES'; SET GLOBAL gtid_slave_pos=@@global.gtid_current_pos;
      CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${two.port}, MASTER_USER='replication',
      MASTER_PASSWORD='${SQL_PASSWORD}', MASTER_USE_GTID=slave_pos; START SLAVE`)
    await until('the former primary has the row', () => one.sql('SELECT COUNT(*) FROM app.t') === '3')
  })

  it('applies everything that was received, with a dead primary, before a promotion', async () => {
    await followed()
    two.sql('STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=10; START SLAVE')
    await until('it receives', async () => (await present(second)).replication?.io === 'Yes')
    for (let a = 10; a < 30; a++) one.sql(`INSERT INTO app.t VALUES (${a})`)
    const last = (await present(first)).binlogPosition
    await until('all is received', async () => (await present(second)).replication?.received === last)
    await one.kill()
    expect(two.sql('SELECT COUNT(*) FROM app.t')).not.toBe('21')
    // The limit first: how far it got is said, and nothing is thrown away.
    expect(await second.drain({ timeoutMs: 150 })).toMatchObject({ complete: false })
    const untilAborted = async () => {
      const signal = AbortSignal.timeout(50)
      await expect(second.drain({ ...IN, signal })).rejects.toThrow('newer event')
    }
    expect(await quickestMs(untilAborted)).toBeLessThan(250)
    expect(await second.drain({ timeoutMs: 30_000 })).toMatchObject({ complete: true })
    expect(two.sql('SELECT COUNT(*) FROM app.t')).toBe('21')
    await second.stopReplication(IN)
    await second.forgetPrimary(IN)
    await second.allowWrites(IN)
    expect((await present(second)).replication).toBeNull()
  })

  it('starts a SQL thread that stands before it stops receiving', async () => {
    await followed()
    two.sql('STOP SLAVE SQL_THREAD')
    one.sql('INSERT INTO app.t VALUES (2)')
    const last = (await present(first)).binlogPosition
    await until('it is received', async () => (await present(second)).replication?.received === last)
    expect((await present(second)).replication).toMatchObject({ io: 'Yes', sql: false, lagSeconds: null })
    await one.kill()
    expect(await second.drain(IN)).toMatchObject({ complete: true })
    expect(two.sql('SELECT COUNT(*) FROM app.t')).toBe('2')
  })

  it('never starts a replica of which both threads stand with something unapplied', async () => {
    await followed()
    two.sql('STOP SLAVE SQL_THREAD')
    one.sql('INSERT INTO app.t VALUES (2)')
    const last = (await present(first)).binlogPosition
    await until('it is received', async () => (await present(second)).replication?.received === last)
    await second.stopReplication(IN)
    const outcome = await second.drain(IN)
    expect(outcome).toMatchObject({ complete: false })
    expect(outcome.detail).toContain('SQL thread stands')
    one.signal('SIGSTOP')
    try {
      await expect(second.follow(primaryAt(one), IN)).rejects.toMatchObject({ code: 'refused' })
    } finally {
      one.signal('SIGCONT')
    }
    // The primary still has it: then it may be fetched again.
    await second.follow(primaryAt(one), IN)
    await until('it is applied', () => two.sql('SELECT COUNT(*) FROM app.t') === '2')
  })

  it('follows again although it was killed while its relay log was taken away (error 1201)', async () => {
    await followed()
    two.sql('STOP SLAVE')
    await two.kill()
    const info = `${two.folder}/data/relay-log.info`
    writeFileSync(info, readFileSync(info, 'utf8').replace(/(-relay-bin\.)\d{6}/, '$1000099'))
    await two.start()
    await until('it answers', async () => (await second.observe(IN)).answers)
    await second.follow(primaryAt(one), IN)
    one.sql('INSERT INTO app.t VALUES (2)')
    await until('it replicates', () => two.sql('SELECT COUNT(*) FROM app.t') === '2')
  })

  it('says what stopped the SQL thread', async () => {
    await followed()
    two.sql('SET sql_log_bin=0; INSERT INTO app.t VALUES (2)')
    one.sql('INSERT INTO app.t VALUES (2)')
    await until('it stops', async () => (await present(second)).replication?.sql === false)
    expect((await present(second)).replication?.errno).toBe(1062)
    const outcome = await second.drain(IN)
    expect(outcome.complete).toBe(false)
    expect(outcome.detail).toContain('Duplicate entry')
  })

  it('does not hang on a silent primary', async () => {
    await followed()
    one.signal('SIGSTOP')
    try {
      const from = performance.now()
      expect(await second.drain(IN)).toMatchObject({ complete: true })
      await second.stopReplication(IN)
      await second.forgetPrimary(IN)
      await second.allowWrites(IN)
      process.stdout.write(`promotion beside a silent primary: ${(performance.now() - from).toFixed(1)} ms\n`)
      const look = async () =>
        expect(await second.observePeer(primaryAt(one), { timeoutMs: 100 })).toMatchObject({ reachable: false })
      expect(await quickestMs(look)).toBeLessThan(250)
      expect(await second.waitForPeer(primaryAt(one), { timeoutMs: 300 })).toMatchObject({ complete: false })
    } finally {
      one.signal('SIGCONT')
    }
  })

  it('does not wait for a receiving thread that is just connecting to a silent primary', async () => {
    await followed()
    one.signal('SIGSTOP')
    try {
      await until('it tries to connect again', async () => (await present(second)).replication?.io === 'Connecting')
      const from = performance.now()
      expect(await second.drain(IN)).toMatchObject({ complete: true })
      await second.stopReplication(IN)
      await second.forgetPrimary(IN)
      await second.allowWrites(IN)
      const took = performance.now() - from
      process.stdout.write(`promotion while it is connecting: ${took.toFixed(1)} ms\n`)
      expect(took).toBeLessThan(900)
      two.sql('INSERT INTO app.t VALUES (2)')
    } finally {
      one.signal('SIGCONT')
    }
    await until('the former primary is forgotten', () => two.sql('SHOW ALL SLAVES STATUS') === '')
  })

  it('ends what a replica is fed through, and nobody else: one that lives connects again', async () => {
    await followed()
    const dump = () => one.sql("SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'")
    const before = dump()
    await first.disconnectReplica('192.168.33.102', IN)
    expect(dump()).toBe(before)
    await first.disconnectReplica('127.0.0.1', IN)
    await until('it is fed through another connection', () => dump() !== '' && dump() !== before)
    one.sql('INSERT INTO app.t VALUES (2)')
    await until('the row comes', () => two.sql('SELECT COUNT(*) FROM app.t') === '2')
  })

  it('does not wait for a silent peer to the end of the limit', async () => {
    await followed()
    two.signal('SIGSTOP')
    try {
      const from = performance.now()
      expect(await first.waitForPeer(primaryAt(two), { timeoutMs: 8000 })).toMatchObject({ complete: false })
      expect(performance.now() - from).toBeLessThan(4000)
    } finally {
      two.signal('SIGCONT')
    }
  })

  it('does not wait for a silent primary that semi-sync says good-bye to, and forgets it later', async () => {
    for (const server of [one, two]) {
      server.sql(`SET GLOBAL rpl_semi_sync_slave_enabled=1; SET GLOBAL rpl_semi_sync_master_wait_point=AFTER_SYNC;
        SET GLOBAL rpl_semi_sync_master_wait_no_slave=OFF; SET GLOBAL rpl_semi_sync_master_timeout=2000`)
    }
    await followed()
    await first.commitWithPeer(true, IN)
    expect(await present(first)).toMatchObject({ commitsWithPeer: true })
    expect(one.sql("SHOW STATUS LIKE 'Rpl_semi_sync_master_status'")).toContain('ON')
    await until('the replica acknowledges', () =>
      /\t1$/.test(one.sql("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'")),
    )
    one.sql('INSERT INTO app.t VALUES (2)')
    one.signal('SIGSTOP')
    try {
      const from = performance.now()
      expect(await second.drain(IN)).toMatchObject({ complete: true })
      await second.stopReplication(IN)
      await second.recordLead({ node: 'two', reason: 'failover' }, IN)
      await second.forgetPrimary(IN)
      await second.commitWithPeer(true, IN)
      await second.allowWrites(IN)
      two.sql('INSERT INTO app.t VALUES (3)')
      const took = performance.now() - from
      process.stdout.write(`promotion beside a silent semi-sync primary: ${took.toFixed(1)} ms\n`)
      expect(took).toBeLessThan(900)
      expect(await present(second)).toMatchObject({ writable: true, replication: null })
    } finally {
      one.signal('SIGCONT')
    }
    await until('the former primary is forgotten', () => two.sql('SHOW ALL SLAVES STATUS') === '')
    expect(await present(second)).toMatchObject({ writable: true, replication: null })
    // The former primary comes back, and neither its applier nor the new primary's commits hang.
    await first.fence(IN)
    await first.follow(primaryAt(two), IN)
    await until('it has the row', () => one.sql('SELECT COUNT(*) FROM app.t') === '3')
    await until('it acknowledges', () => /\t1$/.test(two.sql("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'")))
    two.sql('INSERT INTO app.t VALUES (4)')
    expect(two.sql("SHOW STATUS LIKE 'Rpl_semi_sync_master_yes_tx'")).not.toMatch(/\t0$/)
    // And a handover back, with both alive: the receiving thread ends at once, nothing is left for later.
    await second.fence(IN)
    expect(await second.waitForPeer(primaryAt(one), IN)).toMatchObject({ complete: true })
    const handover = performance.now()
    expect(await first.drain(IN)).toMatchObject({ complete: true })
    await first.stopReplication(IN)
    await first.recordLead({ node: 'one', reason: 'handover' }, IN)
    await first.forgetPrimary(IN)
    expect(one.sql('SHOW ALL SLAVES STATUS')).toBe('')
    await first.allowWrites(IN)
    process.stdout.write(
      `promotion beside a living semi-sync primary: ${(performance.now() - handover).toFixed(1)} ms\n`,
    )
    await second.follow(primaryAt(one), IN)
    one.sql('INSERT INTO app.t VALUES (5)')
    await until('it has the row', () => two.sql('SELECT COUNT(*) FROM app.t') === '5')
  })

  it('does not prove a fence while commits wait for an acknowledgement that does not come: a kill loses less', async () => {
    one.sql(`SET GLOBAL rpl_semi_sync_master_wait_point=AFTER_SYNC; SET GLOBAL rpl_semi_sync_master_timeout=60000;
      SET GLOBAL rpl_semi_sync_master_wait_no_slave=OFF`)
    two.sql('SET GLOBAL rpl_semi_sync_slave_enabled=1')
    await followed()
    await first.commitWithPeer(true, IN)
    await until('the replica acknowledges', () =>
      /\t1$/.test(one.sql("SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'")),
    )
    one.sql("SET sql_log_bin=0; CREATE USER app@'127.0.0.1'; GRANT ALL ON app.* TO app@'127.0.0.1'")
    two.signal('SIGSTOP')
    try {
      const target = { kind: 'remote', host: '127.0.0.1', port: one.port, user: 'app', password: '' } as const
      const client = await openLink(target, 2000)
      const commit = client.run(['INSERT INTO app.t VALUES (2)'], 60_000)
      commit.catch(() => {})
      await until('the commit waits', () => one.sql('SHOW PROCESSLIST').includes('semi-sync ACK'))
      const from = performance.now()
      const outcome = await first.fence({ timeoutMs: 2000 })
      process.stdout.write(`fence, commit waits for an ACK: ${(performance.now() - from).toFixed(1)} ms\n`)
      expect(outcome).toMatchObject({ proven: false, killed: 0 })
      expect(outcome.detail).toContain('commits wait for an acknowledgement')
      // Nobody was let go as if it had one.
      expect(one.sql('SHOW PROCESSLIST')).toContain('semi-sync ACK')
    } finally {
      two.signal('SIGCONT')
    }
  })

  it('refuses to follow while writable, and to be writable while it follows', async () => {
    await first.allowWrites(IN)
    await expect(first.follow(primaryAt(two), IN)).rejects.toMatchObject({ code: 'refused' })
    await second.follow(primaryAt(one), IN)
    await expect(second.allowWrites(IN)).rejects.toMatchObject({ code: 'refused' })
    await expect(second.forgetPrimary(IN)).rejects.toMatchObject({ code: 'refused' })
  })

  it('looks at the peer, and a wrong password is a reason without the password', async () => {
    await first.allowWrites(IN)
    expect(await second.observePeer(primaryAt(one), { timeoutMs: 500 })).toMatchObject({
      reachable: true,
      writable: true,
    })
    await first.fence(IN)
    const again = await second.observePeer(primaryAt(one), { timeoutMs: 500 })
    expect(again).toMatchObject({ reachable: true, writable: false })

    writeFileSync(`${two.folder}/password`, 'a wrong word')
    const wrong = { ...primaryAt(one), passwordFile: `${two.folder}/password` }
    const denied = createMariadb({ socket: two.socket })
    const status = await denied.observePeer(wrong, { timeoutMs: 500 })
    expect(status).toMatchObject({ reachable: true, writable: null })
    expect(status.detail).toContain('Access denied')
    expect(status.detail).not.toContain('wrong word')
    await denied.close()

    await second.follow(wrong, IN)
    await until('it is denied', async () => (await present(second)).replication?.errno === 1045)
    expect(JSON.stringify(await present(second))).not.toContain('wrong word')
    // The right password afterwards, same host, port and user: taken.
    await second.follow(primaryAt(one), IN)
    await until('it replicates', async () => (await present(second)).replication?.io === 'Yes')

    await one.kill()
    expect(await second.observePeer(primaryAt(one), { timeoutMs: 500 })).toMatchObject({
      reachable: false,
      writable: null,
    })
    await expect(second.follow({ ...wrong, port: 1, passwordFile: '/nowhere' }, IN)).rejects.toMatchObject({
      code: 'storage',
    })
  })
})
