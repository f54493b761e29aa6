/** The copy over a SQL connection between two real servers: everything is there, it follows, and half of it never does. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCloner } from '../../../src/adapters/clone/cloner.ts'
import { renderGrants } from '../../../src/core/render/grants.ts'
import type { CloneProgress, Cloner, CloneWatch } from '../../../src/ports/clone.ts'
import type { Primary } from '../../../src/ports/database.ts'
import { exampleConfig } from '../../fakes/world.ts'
import { ensureMariadbInstalled, type MariadbServer, makeServer, removeServers } from '../mariadb/server.ts'
import { until } from '../mariadb/until.ts'

const skipped = ensureMariadbInstalled()
const CALL = { timeoutMs: 30_000 }
/** Everything in it that an option file, SQL and a shell take for something else. */
const PASSWORD = `p#a 's\\"w$(x);\`o`

describe.skipIf(skipped !== null)(`a logical copy${skipped === null ? '' : ` (skipped: ${skipped})`}`, () => {
  let base: string
  let lead: MariadbServer
  let own: MariadbServer
  let cloner: Cloner
  let from: Primary
  let watch: CloneWatch
  const told: CloneProgress[] = []

  const follow = () =>
    own.sql(
      `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${lead.port}, MASTER_USER='copy', ` +
        "MASTER_PASSWORD='copy', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1; START SLAVE",
    )

  const WORD = (text: string) =>
    `CREATE DATABASE IF NOT EXISTS apmode; CREATE TABLE apmode.node (node INT PRIMARY KEY, word TEXT); INSERT INTO apmode.node VALUES (1, ${text})`

  /** The whole order as the host has it, but for the unit. */
  const clone = async (keep = false) => {
    await own.kill()
    const old = await cloner.setAside(keep, CALL)
    const { transfer } = await cloner.source({ method: 'logical', from }, CALL)
    const order = { method: 'logical', from, transfer } as const
    await cloner.fill(order, watch)
    await own.start()
    // The supervisor goes on saying how it is.
    own.sql(`SET SESSION sql_log_bin=0; SET GLOBAL read_only=0; ${WORD("'own'")}; SET GLOBAL read_only=1`)
    await cloner.load(order, watch)
    await cloner.complete(CALL)
    return old
  }

  beforeAll(async () => {
    base = mkdtempSync('/var/tmp/apmode-clone-')
    lead = await makeServer(1)
    own = await makeServer(2)
    await Promise.all([lead.start(), own.start()])
    writeFileSync(`${base}/password`, `${PASSWORD}\n`, { mode: 0o600 })
    from = { host: '127.0.0.1', port: lead.port, user: 'replication', passwordFile: `${base}/password` }
    cloner = createCloner({
      socket: own.socket,
      runFolder: base,
      units: false,
      defaults: [
        '--no-defaults',
        `--datadir=${own.folder}/data`,
        `--tmpdir=${own.folder}`,
        '--innodb-log-file-size=8M',
      ],
    })
    watch = { onProgress: (progress) => told.push(progress), signal: new AbortController().signal }
    lead.sql('SET GLOBAL read_only=0; SET GLOBAL binlog_format=ROW; CREATE DATABASE app; CREATE DATABASE zoo')
    lead.sql(`
      CREATE TABLE app.t (n INT PRIMARY KEY AUTO_INCREMENT, raw LONGBLOB, word VARCHAR(20) CHARACTER SET latin1, at TIMESTAMP(6)) ENGINE=InnoDB;
      INSERT INTO app.t (raw, word) VALUES (x'00ff0d0a1a5c27', 'Käse'), (NULL, 'a\\nb\\r\\nc');
      INSERT INTO app.t (n, raw) VALUES (50, REPEAT('x', 100000));
      CREATE TABLE zoo.old (n INT) ENGINE=MyISAM; INSERT INTO zoo.old VALUES (1), (2);
      CREATE VIEW app.v AS SELECT n, word FROM app.t; CREATE SEQUENCE app.s;
      CREATE TRIGGER app.tr BEFORE INSERT ON app.t FOR EACH ROW SET NEW.word=COALESCE(NEW.word, 'none');
      CREATE EVENT app.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM app.t WHERE n<0;
      CREATE USER web@localhost IDENTIFIED BY 'web'; CREATE ROLE reader; GRANT SELECT ON app.* TO reader; GRANT reader TO web@localhost;
      CREATE USER copy@'127.0.0.1' IDENTIFIED BY 'copy'; GRANT REPLICATION SLAVE ON *.* TO copy@'127.0.0.1'`)
    lead.sql("DELIMITER ;;\nCREATE PROCEDURE zoo.p()\nBEGIN\n-- SET GLOBAL gtid_slave_pos='9-9-9';\nSELECT 1;\nEND;;")
  }, 90_000)

  afterAll(() => {
    removeServers()
    rmSync(base, { recursive: true, force: true })
  })

  it('says which privileges are missing, and with what they come', async () => {
    lead.sql(`CREATE USER replication@'127.0.0.1'`)
    lead.sql(
      `SET SESSION sql_mode='NO_BACKSLASH_ESCAPES'; ALTER USER replication@'127.0.0.1' IDENTIFIED BY '${PASSWORD.replaceAll("'", "''")}'`,
    )
    const { obstacles } = await cloner.source({ method: 'logical', from }, CALL)
    expect(obstacles).toHaveLength(1)
    expect(obstacles[0]).toMatch(/SELECT, SHOW VIEW, TRIGGER, EVENT missing.*apmode render grants/)
  })

  it('needs no more than what `apmode render grants` gives, and finds out how much there is', async () => {
    const config = exampleConfig()
    const grants = renderGrants(config, PASSWORD).replaceAll("'192.168.33.101'", "'127.0.0.1'")
    lead.sql(`CREATE DATABASE IF NOT EXISTS apmode; ${grants}`)
    const { bytes, obstacles } = await cloner.source({ method: 'logical', from }, CALL)
    expect(obstacles).toEqual([])
    expect(bytes).toBeGreaterThan(100_000)
    for (const privilege of ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT']) {
      lead.sql(`REVOKE ${privilege} ON *.* FROM replication@'127.0.0.1'`)
      expect((await cloner.source({ method: 'logical', from }, CALL)).obstacles.join()).toContain(
        `(${privilege} missing)`,
      )
      lead.sql(`GRANT ${privilege} ON *.* TO replication@'127.0.0.1'`)
    }
  })

  it('says what does not answer, in a sentence without the password', async () => {
    const { obstacles } = await cloner.source({ method: 'logical', from: { ...from, port: 1 } }, CALL)
    expect(obstacles.join()).toMatch(/cannot read from the database at 127\.0\.0\.1:1: .*connect/i)
    expect(obstacles.join()).not.toContain(PASSWORD)
  })

  it('finds the folder of a server that runs and of one that does not', async () => {
    const whole = { path: `${own.folder}/data`, state: 'whole', aside: [], old: null, obstacles: [] }
    expect(await cloner.folder(CALL)).toMatchObject(whole)
    await own.kill()
    expect(await cloner.folder(CALL)).toMatchObject(whole)
    await own.start()
  })

  it('brings everything, and follows from there; the old data stands aside until it is removed', async () => {
    own.sql('SET GLOBAL read_only=0; CREATE DATABASE astray; CREATE TABLE astray.t (a INT)')
    lead.sql(WORD("'of the lead'"))
    const old = await clone()
    expect(own.sql('SELECT word FROM apmode.node')).toBe('own')
    expect(await cloner.folder(CALL)).toMatchObject({ state: 'whole', aside: [old] })
    expect(readdirSync(old ?? '')).toContain('astray')
    expect(own.sql("SELECT @@read_only, @@gtid_slave_pos <> '', @@gtid_binlog_state = ''")).toBe('1\t1\t1')
    lead.sql("INSERT INTO app.t (word) VALUES ('afterwards'); CALL zoo.p()")
    follow()
    await until('replicated', () => own.sql("SELECT COUNT(*) FROM app.t WHERE word='afterwards'") === '1')
    for (const table of ['app.t', 'zoo.old', 'mysql.global_priv', 'mysql.roles_mapping', 'mysql.db']) {
      expect([table, own.sql(`CHECKSUM TABLE ${table}`)]).toEqual([table, lead.sql(`CHECKSUM TABLE ${table}`)])
    }
    for (const thing of [
      'SHOW CREATE TABLE app.t',
      'SHOW CREATE VIEW app.v',
      'SHOW CREATE TRIGGER app.tr',
      'SHOW CREATE EVENT app.e',
      'SHOW CREATE PROCEDURE zoo.p',
      'SHOW GRANTS FOR web@localhost',
      'SELECT * FROM app.s',
      'SHOW DATABASES',
    ]) {
      const stable = (text: string) => text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?/g, 'then')
      expect(stable(own.sql(thing))).toBe(stable(lead.sql(thing)))
    }
    expect(own.sql('SELECT @@innodb_flush_log_at_trx_commit')).toBe('1')
    expect(await cloner.removeOld(CALL)).toEqual([old])
    expect(readdirSync(own.folder).filter((name) => name.includes('reclone'))).toEqual([])
    expect(readdirSync(base)).toEqual(['password'])
  }, 180_000)

  it('a copy that ends in the middle can never follow, and its old data comes back whole', async () => {
    own.sql('STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only=0; SET sql_log_bin=0; CREATE DATABASE precious')
    await own.kill()
    const old = (await cloner.setAside(false, CALL)) ?? ''
    const order = { method: 'logical', from, transfer: null } as const
    await cloner.fill(order, watch)
    await own.start()
    lead.sql(
      'RENAME TABLE zoo.old TO zoo.older; CREATE VIEW zoo.broken AS SELECT * FROM zoo.older; DROP TABLE zoo.older',
    )
    await expect(cloner.load(order, watch)).rejects.toThrow(/mariadb-dump.*broken/)
    expect(await cloner.folder(CALL)).toMatchObject({ state: 'incomplete', old })
    follow()
    const complaints = () => readFileSync(`${own.folder}/error.log`, 'utf8')
    await until('refused by the primary', () => /fatal error 1236.*0-4294967295-1/.test(complaints()))
    lead.sql('DROP VIEW zoo.broken; CREATE TABLE zoo.old (n INT) ENGINE=MyISAM')
    await own.kill()
    await expect(cloner.removeOld(CALL)).rejects.toThrow(/not whole/)
    await cloner.putBack(old, CALL)
    expect(await cloner.folder(CALL)).toMatchObject({ state: 'whole', aside: [], old: null })
    await own.start()
    expect(own.sql('SHOW DATABASES')).toContain('precious')
  }, 180_000)

  it('stopped by its signal it ends at once, and the next run simply works', async () => {
    await own.kill()
    const old = await cloner.setAside(true, CALL)
    const stop = new AbortController()
    const order = { method: 'logical', from, transfer: 1 } as const
    await cloner.fill(order, watch)
    await own.start()
    const loading = cloner.load(order, { ...watch, signal: stop.signal })
    stop.abort()
    await expect(loading).rejects.toThrow(/it was stopped/)
    expect(await clone()).toBe(old)
    // Somebody has asked to keep it.
    expect(await cloner.folder(CALL)).toMatchObject({ state: 'whole', aside: [], old })
    expect(await cloner.removeOld(CALL)).toEqual([])
    expect(own.sql('SELECT COUNT(*) FROM app.t WHERE n=50')).toBe('1')
    expect(told.length).toBeGreaterThanOrEqual(0)
  }, 180_000)
})
