import { writeFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { createGalera } from '../../../src/adapters/mariadb/galera.ts'
import type { Primary } from '../../../src/ports/database.ts'
import { ensureMariadbInstalled, removeServers } from '../mariadb/server.ts'
import { until } from '../mariadb/until.ts'
import { isSynced, type Member, startCluster, whyNoGalera } from './cluster.ts'
import { ACCOUNTS, clientOf, HOW, IN, keepsTheContract, type Subject, write } from './contract.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const skipped = ensureMariadbInstalled() ?? whyNoGalera()
const ready = (member: Pick<Member, 'server'>) => {
  member.server.sql('SET GLOBAL read_only=0')
  return until('it is synced', () => isSynced(member), 30_000)
}

describe.skipIf(skipped !== null)(`with a member beside it${skipped === null ? '' : ` (skipped: ${skipped})`}`, () => {
  let members: readonly Member[] = []

  keepsTheContract(
    {
      name: 'Galera',
      async start() {
        members = await startCluster(2)
        const [one, two] = members as [Member, Member]
        one.server.sql(ACCOUNTS)
        const passwordFile = `${one.server.folder}/password`
        writeFileSync(passwordFile, 'p\n', { mode: 0o600 })
        const asked = ({ server, host }: Member): Primary => {
          return { host, port: server.port, user: 'replication', passwordFile }
        }
        const database = createGalera({ socket: one.server.socket })
        const whole = async () => {
          await ready(one)
          await ready(two)
        }
        const places = { host: one.host, self: asked(one), peer: asked(two) }
        return { server: one.server, beside: two.server, database, ...places, whole }
      },
      end: removeServers,
      refuses: {
        drain: (database) => database.drain(IN),
        'stop replication': (database) => database.stopReplication(IN),
        'forget the primary': (database) => database.forgetPrimary(IN),
        follow: (database) => database.follow({ host: '127.0.0.1', port: 3306, user: 'x', passwordFile: '/x' }, IN),
        'commit with the peer': (database) => database.commitWithPeer(true, IN),
        'see acknowledgements': (database) => database.acknowledgements(IN),
        'end a replica': (database) => database.disconnectReplica('127.0.0.1', IN),
        'keep transactions': (database) => database.keepTransactions([], '/tmp', IN),
        'form a second primary component': (database) => database.formComponent(IN),
      },
    },
    (subject) => member(subject, () => members as [Member, Member]),
  )
})

function member(subject: () => Subject, both: () => [Member, Member]): void {
  it('says where it stands: Synced, in a primary component, and who is in it', async () => {
    const { database, peer } = subject()
    const [one, two] = both()
    const found = await database.observe(IN)
    expect(found).toMatchObject({
      replication: null,
      commitsWithPeer: true,
      replicas: [two.host],
      cluster: { component: 'Primary', state: 'Synced', ready: true, size: 2, desynced: false, readOnly: false },
    })
    const status = await database.observePeer(peer, IN)
    expect([...(status.cluster?.members ?? [])].sort()).toEqual([one.host, two.host].sort())
    if (!found.answers || found.cluster === null) return expect.unreachable()
    expect(status.cluster?.uuid).toBe(found.cluster.uuid)
    expect(found.cluster.seqno).toBeGreaterThan(10)
    expect(found.cluster.leads.map(({ epoch }) => epoch)).toEqual([2, 1])
    expect(status.cluster?.leads).toEqual(found.cluster.leads)
  })

  it('is fenced while the other member writes, and applies that all the same', async () => {
    const { database } = subject()
    const [one, two] = both()
    two.server.sql('SET GLOBAL read_only=0')
    const writer = await clientOf(two)
    let on = true
    let written = 0
    const writing = (async () => {
      for (; on; written++) await write(writer, 'beside')
    })()
    await until('it writes', () => written > 5)
    const from = performance.now()
    expect(await database.fence(IN)).toMatchObject({ proven: true })
    expect(performance.now() - from).toBeLessThan(1000)
    const then = written
    await until('the other one writes on', () => written > then + 5)
    on = false
    await writing
    const count = "SELECT COUNT(*) FROM app.t WHERE b = 'beside'"
    await until('all of it is here', () => one.server.sql(count) === String(written))
    await database.allowWrites(IN)
  })

  it('falls behind on purpose, takes writes meanwhile, and keeps up again; each once or twice', async () => {
    const { database } = subject()
    for (let time = 0; time < 2; time++) await database.desync(true, IN)
    const state = { component: 'Primary', state: 'Donor/Desynced', ready: true, desynced: true }
    expect(await database.observe(IN)).toMatchObject({ writable: true, cluster: state })
    for (let time = 0; time < 2; time++) await database.desync(false, IN)
    await until('it is Synced', () => isSynced(both()[0]))
    expect(await database.observe(IN)).toMatchObject({ cluster: { state: 'Synced', desynced: false } })
  })

  it('does not wait for a backup that has desynced it already, and is none the worse for it', async () => {
    const { database } = subject()
    const [one] = both()
    const backup = await clientOf(subject())
    await backup.run(['FLUSH TABLES WITH READ LOCK'], 5000)
    const from = performance.now()
    await database.desync(true, IN)
    expect(performance.now() - from).toBeLessThan(1000)
    await backup.run(['UNLOCK TABLES'], 5000)
    await until('it is Synced', () => isSynced(one))
    expect(one.server.sql("SHOW GLOBAL STATUS LIKE 'wsrep_desync_count'")).toMatch(/\t0$/)
  })

  it('is fenced while its commits hang because the other member is silent', async () => {
    const { database } = subject()
    const [one, two] = both()
    const writer = await clientOf(subject())
    await write(writer, 'before')
    two.server.signal('SIGSTOP')
    const hanging = write(writer, 'hanging').then(
      () => 'committed',
      () => 'refused',
    )
    // As long as it has by default.
    expect(await database.fence({ timeoutMs: 1000 })).toMatchObject({ proven: true })
    await hanging
    await until('the primary component is lost', async () => {
      const status = await database.observe(IN)
      return status.answers && status.cluster?.component === 'non-Primary'
    })
    await database.allowWrites(IN)
    expect(one.server.sql('SELECT @@read_only')).toBe('0')
  })

  it('outside a primary component: takes no writes, tells its lead, is fenced, says how it is, and falls behind for nobody', async () => {
    const { database, self } = subject()
    const lost = await database.observe(IN)
    expect(lost).toMatchObject({
      writable: false,
      commitsWithPeer: false,
      replicas: [],
      lead: { epoch: 2 },
      cluster: { component: 'non-Primary', ready: false, size: 1, readOnly: false },
    })
    expect(await database.observePeer(self, IN)).toMatchObject({ writable: false, leadKnown: true, lead: { epoch: 2 } })
    await expect(write(await clientOf(subject()), 'never')).rejects.toMatchObject({ errno: 1047 })
    await expect(database.desync(true, IN)).rejects.toMatchObject({ code: 'refused' })
    await expect(database.recordLead({ node: 'host1', reason: 'never' }, IN)).rejects.toThrow('cannot record the lead')
    expect(await database.fence(IN)).toMatchObject({ proven: true })
    await database.announce({ ...HOW, reasons: 'lost' }, IN)
    expect((await database.examinePeer(self, 'host1', IN))?.presence?.reasons).toBe('lost')
  })

  it('forms a primary component and takes statements at once; the other one comes back by itself', async () => {
    const { database } = subject()
    const [, two] = both()
    await expect(database.formComponent({ ...IN, signal: AbortSignal.abort() })).rejects.toThrow('aborted')
    const from = performance.now()
    await database.formComponent(IN)
    await database.allowWrites(IN)
    await write(await clientOf(subject()), 'alone')
    process.stdout.write(`alone after ${Math.round(performance.now() - from)} ms\n`)
    expect(await database.observe(IN)).toMatchObject({ writable: true, cluster: { component: 'Primary', size: 1 } })
    expect(await database.recordLead({ node: 'host1', reason: 'alone' }, IN)).toMatchObject({
      epoch: 3,
      gtid: expect.stringMatching(/^[0-9a-f-]{36}:\d+$/),
    })
    two.server.signal('SIGCONT')
    await until('it is back', async () => {
      const status = await database.observe(IN)
      return status.answers && status.cluster?.size === 2
    })
    await ready(two)
    expect(two.server.sql("SELECT COUNT(*) FROM app.t WHERE b = 'alone'")).toBe('1')
  })
}
