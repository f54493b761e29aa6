/** Positions on the disk of a real Galera member: after a clean stop, after SIGKILL, and what a bootstrap makes of them. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClusterFiles } from '../../../src/adapters/cluster/files.ts'
import type { Position } from '../../../src/core/galera-state.ts'
import type { ClusterFiles } from '../../../src/ports/cluster.ts'
import { ensureMariadbInstalled, type MariadbServer, makeServer, removeServers } from '../mariadb/server.ts'

const PROVIDER = '/usr/lib/galera/libgalera_smm.so'
const CALL = { timeoutMs: 30_000 }
const skipped = ensureMariadbInstalled() ?? (existsSync(PROVIDER) ? null : 'galera-4 is not installed')

describe.skipIf(skipped !== null)('the position of a Galera member', () => {
  let server: MariadbServer
  let files: ClusterFiles
  let grastate: string
  afterAll(removeServers)

  beforeAll(async () => {
    const port = 27_000 + (process.pid % 500)
    const gcomm = `127.0.0.1:${port}`
    const provider = `gmcast.listen_addr=tcp://${gcomm};ist.recv_addr=127.0.0.1:${port + 500};gcache.size=8M`
    const options = {
      wsrep_on: 'ON',
      wsrep_provider: PROVIDER,
      wsrep_cluster_name: `apmode-test-${port}`,
      // Not empty: that would bootstrap at every start.
      wsrep_cluster_address: `gcomm://${gcomm}`,
      wsrep_node_address: gcomm,
      wsrep_sst_method: 'skip',
      wsrep_provider_options: provider,
      binlog_format: 'ROW',
      innodb_autoinc_lock_mode: '2',
      innodb_flush_log_at_trx_commit: '1',
    }
    server = await makeServer(
      1,
      Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    )
    const data = `${server.folder}/data`
    // As the server has it: a recovery without the binary log gives up what is in it and not yet in InnoDB's.
    const log = { log_bin: 'binlog', log_slave_updates: '1' }
    // A recovery binds the port and the socket, too.
    const doors = { port: String(server.port), bind_address: '127.0.0.1', socket: server.socket }
    const own = { datadir: data, tmpdir: server.folder, ...doors, ...log, innodb_log_file_size: '8M' }
    const lines = Object.entries({ ...own, ...options }).map(([name, value]) => `${name} = "${value}"`)
    writeFileSync(`${server.folder}/my.cnf`, `[mysqld]\n${lines.join('\n')}\n`)
    files = createClusterFiles({
      unit: 'mariadb.service',
      defaults: [`--defaults-file=${server.folder}/my.cnf`],
      units: false,
    })
    grastate = `${data}/grastate.dat`
  })

  /** As its unit does: with the position that its own program recovers. */
  async function bootstrap(position: Position | null): Promise<void> {
    const from = position === null ? [] : [`--wsrep-start-position=${position.uuid}:${position.seqno}`]
    await server.start(['--read-only=0', '--wsrep-new-cluster', ...from])
  }
  const status = (name: string) => server.sql(`SHOW GLOBAL STATUS LIKE '${name}'`).split('\t')[1] ?? ''
  const here = (): Position => ({
    uuid: status('wsrep_cluster_state_uuid'),
    seqno: Number(status('wsrep_last_committed')),
  })
  const write = (rows: number) => {
    for (let row = 0; row < rows; row += 1) server.sql('INSERT INTO test.rows VALUES (NULL)')
  }

  test('one that was never a member has none', async () => {
    expect(await files.saved(CALL)).toBeNull()
    expect(await files.recover(CALL)).toEqual({ uuid: '00000000-0000-0000-0000-000000000000', seqno: -1 })
  })

  test('after SIGKILL it is that of the last commit, and grastate.dat does not know it', async () => {
    await bootstrap(null)
    server.sql('CREATE DATABASE test; CREATE TABLE test.rows (id INT AUTO_INCREMENT PRIMARY KEY)')
    write(20)
    const before = here()
    await server.kill()
    expect(await files.saved(CALL)).toEqual({ uuid: before.uuid, seqno: -1, safeToBootstrap: true })
    expect(await files.recover(CALL)).toEqual(before)
    // Looking changed nothing.
    expect(await files.recover(CALL)).toEqual(before)
  })

  test('one that was the only member when it ended knows that, until it forgets its last view', async () => {
    const view = `${server.folder}/data/gvwstate.dat`
    await files.forbidBootstrap(CALL)
    expect(await files.saved(CALL)).toMatchObject({ safeToBootstrap: false })
    expect([existsSync(view), await files.wasAlone(CALL)]).toEqual([true, true])
    await files.forgetView(CALL)
    await files.forgetView(CALL)
    expect([existsSync(view), await files.wasAlone(CALL)]).toEqual([false, false])
    await files.allowBootstrap(await files.recover(CALL), CALL)
    expect(await files.wasAlone(CALL)).toBe(true)
  })

  test('one that starts again from there goes on with its history', async () => {
    const recovered = await files.recover(CALL)
    await bootstrap(recovered)
    write(5)
    const after = here()
    expect(after.uuid).toBe(recovered.uuid)
    expect(after.seqno).toBeGreaterThanOrEqual(recovered.seqno + 5)
    expect(server.sql('SELECT COUNT(*) FROM test.rows')).toBe('25')
  })

  test('while it runs nothing is recovered, and it is not disturbed', async () => {
    await expect(files.recover({ timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'timeout' })
    write(1)
    expect(server.sql('SELECT COUNT(*) FROM test.rows')).toBe('26')
  })

  test('after a clean stop grastate.dat says it', async () => {
    const before = here()
    server.signal('SIGTERM')
    await server.exited()
    expect(await files.saved(CALL)).toEqual({ ...before, safeToBootstrap: true })
  })

  test('Galera bootstraps a member that was not the last one only once grastate.dat allows it; nothing else in it changes', async () => {
    const saved = await files.saved(CALL)
    const text = readFileSync(grastate, 'utf8').replace('bootstrap: 1', 'bootstrap: 0')
    writeFileSync(grastate, text)
    const { uid, gid, mode } = statSync(grastate)
    await expect(bootstrap(saved)).rejects.toThrow(/It may not be safe to bootstrap the cluster from this node/)
    writeFileSync(grastate, text)

    await files.allowBootstrap(saved ?? { uuid: '', seqno: 0 }, CALL)
    expect(readFileSync(grastate, 'utf8')).toBe(text.replace('bootstrap: 0', 'bootstrap: 1'))
    expect(statSync(grastate)).toMatchObject({ uid, gid, mode })
    await bootstrap(saved)
    expect(here().uuid).toBe(saved?.uuid)
    server.signal('SIGTERM')
    await server.exited()
  })

  test('a file of another history, or with another number, is not touched', async () => {
    const text = readFileSync(grastate, 'utf8').replace('bootstrap: 1', 'bootstrap: 0')
    writeFileSync(grastate, text)
    const saved = await files.saved(CALL)
    if (saved === null) throw new Error('there is no grastate.dat')
    for (const expected of [
      { ...saved, seqno: saved.seqno + 1 },
      { ...saved, uuid: 'ffffffff-0000-11f1-8000-000000000001' },
    ])
      await expect(files.allowBootstrap(expected, CALL)).rejects.toMatchObject({ code: 'refused' })
    expect(readFileSync(grastate, 'utf8')).toBe(text)
  })

  test('a file that cannot be understood is no position, and is not touched', async () => {
    const text = readFileSync(grastate, 'utf8')
    writeFileSync(grastate, text.slice(0, 40))
    await expect(files.saved(CALL)).rejects.toThrow(/cannot understand .*grastate.dat: it has not one uuid/)
    await expect(files.allowBootstrap({ uuid: '', seqno: 1 }, CALL)).rejects.toMatchObject({ code: 'storage' })
    expect(readFileSync(grastate, 'utf8')).toBe(text.slice(0, 40))
    // The logs know it all the same.
    expect((await files.recover(CALL)).seqno).toBeGreaterThan(20)
  })

  test('a program that is missing, or that fails, is said with its complaint', async () => {
    const nowhere = createClusterFiles({ unit: 'x', defaults: ['--defaults-file=/nowhere/my.cnf'], units: false })
    await expect(nowhere.recover(CALL)).rejects.toThrow(/^my_print_defaults: /)
    execFileSync('chmod', ['000', `${server.folder}/data/ibdata1`])
    await expect(files.recover(CALL)).rejects.toThrow(/^galera_recovery: .*ERROR/)
  })
})
