/** Events run on the machine that is writable: what SHOW CREATE EVENT says is the same before and after, but for the status. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createMariadb } from '../../../src/adapters/mariadb/mariadb.ts'
import type { Database } from '../../../src/ports/database.ts'
import { ensureMariadbInstalled, type MariadbServer, makeServer, removeServers } from './server.ts'
import { until } from './until.ts'

const skipped = ensureMariadbInstalled()
const CALL = { timeoutMs: 5000 }

describe.skipIf(skipped !== null)(`events${skipped === null ? '' : ` (skipped: ${skipped})`}`, () => {
  let one: MariadbServer
  let two: MariadbServer
  let first: Database
  let second: Database
  const said: string[] = []

  const statusOf = (server: MariadbServer) =>
    server.sql('SELECT EVENT_NAME, STATUS FROM information_schema.EVENTS ORDER BY 1').split('\n')
  const created = (server: MariadbServer, name: string) =>
    server.sql(`SHOW CREATE EVENT app.\`${name}\``).replace(/ (ENABLE|DISABLE ON SLAVE|DISABLE) (?=COMMENT|DO)/, ' … ')
  const kept = (server: MariadbServer) =>
    server.sql(
      'SELECT EVENT_NAME, DEFINER, TIME_ZONE, EVENT_DEFINITION, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, SQL_MODE, STARTS, ENDS, ' +
        'ON_COMPLETION, CREATED, EVENT_COMMENT, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION ' +
        'FROM information_schema.EVENTS ORDER BY 1',
    )
  const primaryOf = (server: MariadbServer) => ({
    host: '127.0.0.1',
    port: server.port,
    user: 'replication',
    passwordFile: `${one.folder}/password`,
  })
  const promote = async (database: Database) => {
    await database.drain(CALL)
    await database.stopReplication(CALL)
    await database.recordLead({ node: 'two', reason: 'test' }, CALL)
    await database.forgetPrimary(CALL)
    await database.allowWrites(CALL)
  }

  beforeAll(async () => {
    one = await makeServer(1)
    two = await makeServer(2)
    await Promise.all([one.start(), two.start()])
    one.sql('SET GLOBAL read_only=0; SET GLOBAL event_scheduler=ON')
    const { writeFileSync } = await import('node:fs')
    writeFileSync(`${one.folder}/password`, 'secret\n', { mode: 0o600 })
    for (const server of [one, two]) {
      server.sql(`SET sql_log_bin=0; CREATE USER replication@'%' IDENTIFIED BY 'secret';
        GRANT REPLICATION SLAVE, BINLOG MONITOR, REPLICATION MASTER ADMIN ON *.* TO replication@'%'`)
    }
    one.sql(`CREATE DATABASE app CHARACTER SET utf8mb4; CREATE TABLE app.tick (node INT, what VARCHAR(20), at DATETIME(3));
      CREATE USER \`o'brien\`@'10.0.0.0/255.0.0.0', owner@localhost; GRANT ALL ON app.* TO owner@localhost`)
    one.sql(`DELIMITER //
      SET NAMES latin1// SET sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT'// SET time_zone='+03:00'//
      CREATE DEFINER=owner@localhost EVENT app.plain ON SCHEDULE EVERY 1 SECOND COMMENT 'one''s own'
        DO INSERT INTO app.tick VALUES (@@server_id, 'a'||'b', NOW(3))//
      SET NAMES utf8mb4 COLLATE utf8mb4_czech_ci// SET sql_mode=''//
      SET time_zone='-05:30'//
      CREATE DEFINER=\`o'brien\`@'10.0.0.0/255.0.0.0' EVENT app.\`žluť "a\`\`b\` ON SCHEDULE EVERY 2 DAY STARTS '2031-01-01' ON COMPLETION PRESERVE
        DO BEGIN INSERT INTO app.tick VALUES (0, 'kůň', NOW()); END//
      SET NAMES gbk//
      CREATE DEFINER=owner@localhost EVENT app.once ON SCHEDULE AT '2032-02-02 02:02:02' DO DO 1//
      CREATE DEFINER=owner@localhost EVENT app.off ON SCHEDULE EVERY 1 SECOND DISABLE DO DO 1//`)
    first = createMariadb({ socket: one.socket, log: (_level, sentence) => said.push(sentence) })
    second = createMariadb({ socket: two.socket, log: (_level, sentence) => said.push(sentence) })
    first.open()
    second.open()
    await second.follow(primaryOf(one), CALL)
    await until('the second has the events', () => statusOf(two).length === 4)
  }, 60_000)

  afterAll(async () => {
    await first?.close()
    await second?.close()
    removeServers()
  })

  beforeEach(() => {
    said.length = 0
  })

  it('on a replica they are SLAVESIDE_DISABLED, by MariaDB itself, also one that is DISABLED; the lead notes that', async () => {
    await first.recordLead({ node: 'one', reason: 'test' }, CALL)
    await until(
      'it is noted',
      async () => {
        await first.observe(CALL)
        return (
          two.sql('SHOW TABLES FROM apmode').includes('disabled_event') &&
          two.sql('SELECT name FROM apmode.disabled_event') === 'off'
        )
      },
      20_000,
    )
    expect(statusOf(two)).toEqual([
      'off\tSLAVESIDE_DISABLED',
      'once\tSLAVESIDE_DISABLED',
      'plain\tSLAVESIDE_DISABLED',
      'žluť "a`b\tSLAVESIDE_DISABLED',
    ])
  })

  it('move: the fence stops them, they run on the new lead, and what they are is the same to the letter', async () => {
    const names = ['plain', 'žluť "a``b', 'once', 'off']
    const before = { events: kept(two), created: names.map((name) => created(two, name)) }
    const binlog = two.sql('SELECT @@gtid_binlog_pos')
    await until('it runs', () => Number(one.sql('SELECT COUNT(*) FROM app.tick')) > 0)
    expect(await first.fence({ timeoutMs: 2000 })).toMatchObject({ proven: true })
    expect(one.sql('SELECT @@global.event_scheduler')).toBe('OFF')
    const from = performance.now()
    await promote(second)
    process.stdout.write(`promotion with four events: ${(performance.now() - from).toFixed(1)} ms\n`)
    await until('they run', () => Number(two.sql('SELECT COUNT(*) FROM app.tick WHERE node=2')) > 0)
    expect(statusOf(two)).toEqual(['off\tDISABLED', 'once\tENABLED', 'plain\tENABLED', 'žluť "a`b\tENABLED'])
    expect(kept(two)).toBe(before.events)
    expect(names.map((name) => created(two, name))).toEqual(before.created)
    expect(kept(one)).toBe(before.events)
    expect(binlog).not.toBe('')
    expect(two.sql(`SHOW BINLOG EVENTS IN '${two.sql('SHOW MASTER STATUS').split('\t')[0]}'`)).not.toMatch(
      /ALTER.*EVENT/,
    )
    expect(two.sql('SELECT DISTINCT what FROM app.tick WHERE node=2')).toBe('ab')
  })

  it('a demoted machine marks them as a replica does, so that both read alike, and applies what the lead says of them', async () => {
    await first.follow(primaryOf(two), CALL)
    expect(statusOf(one)).toEqual([
      'off\tDISABLED',
      'once\tSLAVESIDE_DISABLED',
      'plain\tSLAVESIDE_DISABLED',
      'žluť "a`b\tSLAVESIDE_DISABLED',
    ])
    expect(kept(one)).toBe(kept(two))
    two.sql('ALTER DEFINER=owner@localhost EVENT app.once DISABLE; DROP EVENT app.off')
    await until('it is noted, and gone, on the replica too', async () => {
      await second.observe(CALL)
      return one.sql('SELECT name FROM apmode.disabled_event') === 'once' && statusOf(one).length === 3
    })
  })

  it('a fence right after writes were allowed is not overtaken: nothing is enabled, the scheduler is off', async () => {
    expect(await second.fence({ timeoutMs: 2000 })).toMatchObject({ proven: true })
    for (const waitMs of [0, 90, 100, 102, 104, 106, 110, 120]) {
      await promote(first)
      const from = performance.now()
      await until('the moment', () => performance.now() - from >= waitMs)
      expect(await first.fence({ timeoutMs: 2000 })).toMatchObject({ proven: true })
      const after = statusOf(one)
      expect(one.sql('SELECT @@global.event_scheduler')).toBe('OFF')
      const rows = one.sql('SELECT COUNT(*) FROM app.tick')
      const settled = performance.now()
      await until('a moment', () => performance.now() - settled > 250)
      expect(statusOf(one)).toEqual(after)
      expect(one.sql('SELECT @@global.event_scheduler')).toBe('OFF')
      expect(one.sql('SELECT COUNT(*) FROM app.tick')).toBe(rows)
      await first.follow(primaryOf(two), CALL)
    }
  }, 120_000)

  it('a supervisor that is started anew on a writable machine finishes what the one before had begun', async () => {
    await promote(first)
    await first.fence({ timeoutMs: 2000 })
    one.sql('SET GLOBAL read_only=0')
    const next = createMariadb({ socket: one.socket })
    try {
      await next.observe(CALL)
      await until('it runs here', () => statusOf(one).includes('plain\tENABLED'))
      await until('the scheduler is on', () => one.sql('SELECT @@global.event_scheduler') === 'ON')
    } finally {
      await next.close()
    }
    expect(statusOf(one)[0]).toBe('once\tDISABLED')
  })

  it('one that cannot be enabled is named, and the others run', async () => {
    await first.fence({ timeoutMs: 2000 })
    one.sql(`SET sql_log_bin=0; CREATE DEFINER=owner@localhost EVENT app.broken ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO DO 1;
      UPDATE mysql.event SET character_set_client='ucs2', collation_connection='ucs2_general_ci' WHERE name='broken'`)
    await promote(first)
    await until('it is on', () => one.sql('SELECT @@global.event_scheduler') === 'ON')
    expect(said.join()).toContain('The event app.broken could not be made ENABLED')
    expect(statusOf(one)).toContain('plain\tENABLED')
  })
})
