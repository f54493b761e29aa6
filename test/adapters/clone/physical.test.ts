/**
 * The copy of files between two real servers, with an `ssh` that runs its command on this machine; and a data folder that is
 * a mount point of its own.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensurePrograms } from '../../../scripts/testing/debian.ts'
import { createCloner } from '../../../src/adapters/clone/cloner.ts'
import type { Cloner, CloneWatch } from '../../../src/ports/clone.ts'
import type { Primary } from '../../../src/ports/database.ts'
import { ensureMariadbInstalled, type MariadbServer, makeServer, removeServers } from '../mariadb/server.ts'
import { until } from '../mariadb/until.ts'

const skipped =
  ensureMariadbInstalled() ?? ensurePrograms({ 'mariadb-backup': 'mariadb-backup', ssh: 'openssh-client' }, () => {})
const CALL = { timeoutMs: 30_000 }
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

describe.skipIf(skipped !== null)(`a physical copy${skipped === null ? '' : ` (skipped: ${skipped})`}`, () => {
  let base: string
  let lead: MariadbServer
  let own: MariadbServer
  let cloner: Cloner
  let from: Primary
  let mounted = false
  const watch: CloneWatch = { onProgress: () => {}, signal: new AbortController().signal }

  const data = () => `${own.folder}/data`
  const makeCloner = (path = `${base}:${PATH}`) =>
    createCloner({
      socket: own.socket,
      runFolder: base,
      units: false,
      path,
      defaults: ['--no-defaults', `--datadir=${data()}`, `--tmpdir=${own.folder}`, '--innodb-log-file-size=8M'],
      backup: `mariadb-backup --no-defaults --backup --tmpdir=${lead.folder} --user=root --socket=${lead.socket} --stream=xbstream --target-dir=${base}`,
    })
  const follow = () => {
    own.sql(
      `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${lead.port}, MASTER_USER='copy', ` +
        "MASTER_PASSWORD='copy', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1; START SLAVE",
    )
  }
  const clone = async (method: 'logical' | 'physical') => {
    await own.kill()
    const old = await cloner.setAside(false, CALL)
    const order = { method, from, transfer: 1_000_000 } as const
    await cloner.fill(order, watch)
    await own.start()
    await cloner.load(order, watch)
    await cloner.complete(CALL)
    return old
  }

  beforeAll(async () => {
    base = mkdtempSync('/var/tmp/apmode-clone-')
    lead = await makeServer(1)
    own = await makeServer(2)
    await Promise.all([lead.start(), own.start()])
    writeFileSync(`${base}/password`, 'copy\n', { mode: 0o600 })
    // Everything up to the host is for ssh itself.
    const script = '#!/bin/sh\nwhile :; do case $1 in root@*) break ;; esac; shift; done; shift\nexec sh -c "$*"\n'
    writeFileSync(`${base}/ssh`, script, { mode: 0o755 })
    from = { host: '127.0.0.1', port: lead.port, user: 'copy', passwordFile: `${base}/password` }
    cloner = makeCloner()
    lead.sql(
      "SET GLOBAL read_only=0; CREATE DATABASE app; CREATE TABLE app.t (n INT PRIMARY KEY, w TEXT); INSERT INTO app.t VALUES (1, 'one')",
    )
    lead.sql(
      "CREATE USER copy@'127.0.0.1' IDENTIFIED BY 'copy'; " +
        "GRANT REPLICATION SLAVE, SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO copy@'127.0.0.1'",
    )
  }, 180_000)

  afterAll(async () => {
    await own?.kill()
    if (mounted) execFileSync('umount', [data()])
    removeServers()
    rmSync(base, { recursive: true, force: true })
  })

  it('says what is missing, here and there, and what to do', async () => {
    expect(await cloner.source({ method: 'physical', from }, CALL)).toMatchObject({ obstacles: [] })
    const elsewhere = mkdtempSync(`${base}/bin-`)
    for (const name of ['mariadb', 'mariadbd', 'mariadb-backup', 'mbstream']) {
      const found = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
      execFileSync('ln', ['-s', found, `${elsewhere}/${name}`])
    }
    const without = await makeCloner(elsewhere).source({ method: 'physical', from }, CALL)
    expect(without.obstacles).toEqual([expect.stringMatching(/^ssh missing on this machine: apt install/)])
    writeFileSync(`${elsewhere}/ssh`, '#!/bin/sh\necho "Permission denied (publickey)" >&2; exit 255\n', {
      mode: 0o755,
    })
    const denied = await makeCloner(`${elsewhere}:${PATH}`).source({ method: 'physical', from }, CALL)
    expect(denied.obstacles).toEqual([expect.stringMatching(/over ssh \(ssh: Permission denied.*let root/)])
  })

  it('brings everything, and follows from there', async () => {
    own.sql('SET GLOBAL read_only=0; CREATE DATABASE astray')
    const old = await clone('physical')
    lead.sql("INSERT INTO app.t VALUES (2, 'afterwards')")
    expect(own.sql("SELECT @@read_only, @@gtid_binlog_state = ''")).toBe('1\t1')
    follow()
    await until('replicated', () => own.sql('SELECT COUNT(*) FROM app.t') === '2')
    expect(own.sql('SHOW DATABASES')).not.toContain('astray')
    expect(statSync(`${data()}/ibdata1`).uid).toBe(statSync(data()).uid)
    expect(await cloner.removeOld(CALL)).toEqual([old])
  }, 180_000)

  it('that breaks off is said, and its old data comes back', async () => {
    await own.kill()
    const old = (await cloner.setAside(false, CALL)) ?? ''
    const order = { method: 'physical', from: { ...from, host: 'nowhere' }, transfer: null } as const
    const broken = createCloner({
      socket: own.socket,
      runFolder: base,
      units: false,
      path: `${base}:${PATH}`,
      defaults: ['--no-defaults', `--datadir=${data()}`, `--tmpdir=${own.folder}`],
      backup: 'echo lost connection >&2; exit 1',
    })
    await expect(broken.fill(order, watch)).rejects.toThrow(/ssh: lost connection/)
    await cloner.putBack(old, CALL)
    await own.start()
    expect(own.sql('SELECT COUNT(*) FROM app.t')).toBe('2')
  }, 180_000)

  it.each(['logical', 'physical'] as const)(
    'a folder that is a mount point keeps the old data inside until it is removed (%s)',
    async (method) => {
      if (!mounted) {
        await own.kill()
        execFileSync('mv', [data(), `${data()}-before`])
        execFileSync('install', ['-d', '-o', 'mysql', '-g', 'mysql', data()])
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512m,mode=0755', `apmode-clone-${process.pid}`, data()])
        mounted = true
        execFileSync('cp', ['-a', `${data()}-before/.`, data()])
        execFileSync('chown', ['mysql:mysql', data()])
        await own.start()
      }
      own.sql('STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only=0; CREATE DATABASE astray')
      const old = await clone(method)
      expect(old?.startsWith(`${data()}/.before-reclone-`)).toBe(true)
      expect(readdirSync(old ?? '')).toContain('astray')
      follow()
      lead.sql(`REPLACE INTO app.t VALUES (${method.length}0, 'on a mount')`)
      await until('replicated', () => own.sql(`SELECT COUNT(*) FROM app.t WHERE n=${method.length}0`) === '1')
      expect(await cloner.removeOld(CALL)).toEqual([old])
      expect(await cloner.folder(CALL)).toMatchObject({ state: 'whole', old: null })
      expect(own.sql('SHOW DATABASES')).not.toMatch(/astray|reclone/)
    },
    180_000,
  )
})
