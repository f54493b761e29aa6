/**
 * What every engine behind the database port keeps, as rules: each is run against real servers of that engine, one that the
 * adapter is for and one beside it that gets what is committed there. Invariant: a rule says nothing that only one engine has.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Link, openLink } from '../../../src/adapters/mariadb/link.ts'
import type { Database, Presence, Primary } from '../../../src/ports/database.ts'
import type { MariadbServer } from '../mariadb/server.ts'
import { until } from '../mariadb/until.ts'

export interface Subject {
  /** The server that the adapter is for; its address for clients. */
  readonly server: MariadbServer
  readonly host: string
  readonly database: Database
  /** The one beside it, as the adapter asks it. */
  readonly beside: MariadbServer
  readonly peer: Primary
  /** How this server is asked from there. */
  readonly self: Primary
  /** Once the server runs and takes writes: what it needs to be asked again. */
  whole(): Promise<void>
}

export interface Engine {
  readonly name: string
  start(): Promise<Subject>
  /** Removes everything. */
  end(): void
  /** What this engine cannot do: each is refused. */
  readonly refuses: Readonly<Record<string, (database: Database) => Promise<unknown>>>
}

/** Made by `start` in every engine. */
export const ACCOUNTS = `CREATE USER app@'%' IDENTIFIED BY 'p'; CREATE DATABASE app; GRANT ALL ON app.* TO app@'%'; GRANT RELOAD ON *.* TO app@'%';
  CREATE USER replication@'%' IDENTIFIED BY 'p'; GRANT REPLICATION SLAVE, SLAVE MONITOR, BINLOG MONITOR, SELECT ON *.* TO replication@'%';
  CREATE TABLE app.t (a INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(40)) ENGINE=InnoDB;
  CREATE TABLE app.locked (a INT PRIMARY KEY) ENGINE=InnoDB;`

export const IN = { timeoutMs: 5000 }
const LIMIT_MS = 300
/** What a busy machine may be late. */
const LATE_MS = 700

export const HOW: Omit<Presence, 'at'> = {
  node: 'host1',
  version: '0.1.0',
  mode: 'ap',
  role: 'standby',
  vrrp: 'backup',
  fit: false,
  reasons: `it's "unfit" \\ for now`,
  configuration: 'abc',
  freeMb: 1024,
}

/** What was open while a test ran. */
export const opened: Link[] = []

export async function clientOf({ host, server }: Pick<Subject, 'host' | 'server'>): Promise<Link> {
  const link = await openLink({ kind: 'remote', host, port: server.port, user: 'app', password: 'p' }, 5000)
  opened.push(link)
  return link
}

export const write = (link: Link, text: string) => link.run([`INSERT INTO app.t (b) VALUES ('${text}')`], 5000)

/** A signal reaches one thread after the other. */
function standsStill(pid: number): boolean {
  const states = readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8'))
  return states.every((state) => /\) T /.test(state))
}

/** How long it took; whatever came of it. */
async function timed(work: Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work.catch(() => {})
  return performance.now() - from
}

export function keepsTheContract(engine: Engine, more: (subject: () => Subject) => void = () => {}): void {
  describe(`the database port on ${engine.name}`, () => {
    let on: Subject

    beforeAll(async () => {
      on = await engine.start()
      on.database.open()
    })
    afterEach(() => {
      for (const link of opened.splice(0)) link.close()
    })
    afterAll(async () => {
      await on?.database.close()
      engine.end()
    })

    it('says what it is, and whether it takes writes', async () => {
      on.server.sql('SET GLOBAL read_only=1')
      const refusing = await on.database.observe(IN)
      expect(refusing).toMatchObject({ answers: true, writable: false, lead: null })
      expect(refusing.answers && refusing.version).toContain('MariaDB')
      on.server.sql('SET GLOBAL read_only=0')
      expect(await on.database.observe(IN)).toMatchObject({ answers: true, writable: true })
    })

    it('gives a sign of life, and names its folders', async () => {
      expect(await on.database.ping(IN)).toBeNull()
      expect(on.database.folders()).toContain(`${on.server.folder}/data`)
    })

    it('is fenced: proven, every write of clients is refused, and what was open is not committed', async () => {
      const [one, open, locker] = [await clientOf(on), await clientOf(on), await clientOf(on)]
      await write(one, 'before')
      await open.run(['BEGIN', "INSERT INTO app.t (b) VALUES ('open')"], 5000)
      await locker.run(['LOCK TABLES app.locked WRITE'], 5000)
      expect(await on.database.fence(IN)).toMatchObject({ proven: true })
      await expect(open.run(['COMMIT'], 5000)).rejects.toThrow()
      await expect(write(await clientOf(on), 'after')).rejects.toMatchObject({ errno: 1290 })
      expect(on.server.sql("SELECT COUNT(*) FROM app.t WHERE b IN ('open', 'after')")).toBe('0')
      expect(await on.database.observe(IN)).toMatchObject({ answers: true, writable: false })
    })

    it('is fenced again and again', async () => {
      for (let time = 0; time < 3; time++) expect(await on.database.fence(IN)).toMatchObject({ proven: true })
      await expect(write(await clientOf(on), 'after')).rejects.toMatchObject({ errno: 1290 })
    })

    it('records a lead although it refuses writes, and the server beside it learns it', async () => {
      await on.database.fence(IN)
      const first = await on.database.recordLead({ node: 'host1', reason: 'a "reason" \\ with \'quotes\'' }, IN)
      expect(first).toMatchObject({ epoch: 1, node: 'host1', reason: 'a "reason" \\ with \'quotes\'' })
      const second = await on.database.recordLead({ node: 'host1', reason: 'again' }, IN)
      expect(second).toMatchObject({ epoch: 2, at: expect.stringMatching(/^\d{4}-.*Z$/) })
      expect(await on.database.observe(IN)).toMatchObject({ lead: second })
      await until('it is there', async () => (await on.database.observePeer(on.peer, IN)).lead?.epoch === 2)
      expect(await on.database.observePeer(on.peer, IN)).toMatchObject({ lead: second, leadKnown: true })
    })

    it('takes writes again, once and twice', async () => {
      await on.database.fence(IN)
      for (let time = 0; time < 2; time++) await on.database.allowWrites(IN)
      await write(await clientOf(on), 'allowed')
      expect(await on.database.observe(IN)).toMatchObject({ writable: true })
    })

    it('leaves a withdrawn grant undone: an aborted call allows nothing', async () => {
      await on.database.fence(IN)
      await expect(on.database.allowWrites({ ...IN, signal: AbortSignal.abort() })).rejects.toThrow('aborted')
      expect(await on.database.observe(IN)).toMatchObject({ writable: false })
      await on.database.allowWrites(IN)
    })

    it('says how its machine is where the other one reads it, and on this machine only', async () => {
      await on.database.fence(IN)
      await on.database.announce({ ...HOW, fit: true }, IN)
      await on.database.announce(HOW, IN)
      const said = await on.database.examinePeer(on.self, 'host1', IN)
      expect(said?.presence).toEqual({ ...HOW, at: expect.stringMatching(/^\d{4}-.*Z$/) })
      expect((await on.database.examinePeer(on.self, 'host2', IN))?.presence).toBeNull()
      await on.database.allowWrites(IN)
      await write(await clientOf(on), 'later')
      const there = "SELECT COUNT(*) FROM app.t WHERE b = 'later'"
      await until('what was written after it is on the other', () => on.beside.sql(there) === '1')
      expect((await on.database.examinePeer(on.peer, 'host1', IN))?.presence ?? null).toBeNull()
    })

    it('looks at the other one: whether it is there, and takes writes', async () => {
      const before = await on.database.observePeer(on.peer, IN)
      expect(before).toMatchObject({ reachable: true, refused: false })
      on.beside.sql('SET GLOBAL read_only=1')
      expect(await on.database.observePeer(on.peer, IN)).toMatchObject({ reachable: true, writable: false })
      const nobody = await on.database.observePeer({ ...on.peer, port: 1 }, IN)
      expect(nobody).toMatchObject({ reachable: false, refused: true, writable: null, cluster: null, leadKnown: false })
      const stranger = await on.database.observePeer({ ...on.peer, user: 'nobody' }, IN)
      expect(stranger).toMatchObject({ reachable: true, writable: null })
    })

    it('knows when the supervisor of the other one asked last', async () => {
      await on.database.observePeer(on.self, IN)
      const asking = { host: '127.0.0.1', user: on.self.user }
      const local = { host: on.self.host, user: on.self.user }
      const heard = (await on.database.heardFrom(asking, IN)) ?? (await on.database.heardFrom(local, IN))
      expect(heard).toBeLessThan(1000)
      expect(await on.database.heardFrom({ ...asking, user: 'nobody' }, IN)).toBeNull()
    })

    it('names whoever would hold up a fence', async () => {
      const holder = await clientOf(on)
      await holder.run(['LOCK TABLES app.t WRITE'], 5000)
      const found = await on.database.obstacles({ transactionMs: 60_000 }, IN)
      expect(found.map(({ kind }) => kind)).toEqual(['table lock'])
      await holder.run(['UNLOCK TABLES'], 5000)
      expect(await on.database.obstacles({ transactionMs: 60_000 }, IN)).toEqual([])
    })

    it.each(Object.entries(engine.refuses))('refuses what it cannot do: %s', async (_deed, ask) => {
      const before = await on.database.observe(IN)
      await expect(ask(on.database)).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringMatching(/^cannot /),
      })
      expect(await on.database.observe(IN)).toEqual(before)
    })

    it('waits until the other one has everything', async () => {
      const link = await clientOf(on)
      const holder = await clientOf({ host: on.peer.host, server: on.beside })
      await holder.run(['FLUSH TABLES WITH READ LOCK'], 5000)
      for (let n = 0; n < 20; n++) await write(link, 'many')
      const from = performance.now()
      expect(await on.database.waitForPeer(on.peer, { timeoutMs: LIMIT_MS })).toMatchObject({ complete: false })
      expect(performance.now() - from).toBeLessThan(LIMIT_MS + LATE_MS)
      await holder.run(['UNLOCK TABLES'], 5000)
      expect(await on.database.waitForPeer(on.peer, IN)).toMatchObject({ complete: true })
      expect(on.beside.sql("SELECT COUNT(*) FROM app.t WHERE b = 'many'")).toBe('20')
    })

    more(() => on)

    it('keeps every limit while the server hangs, and recovers by itself', async () => {
      await on.database.allowWrites(IN)
      const call = { timeoutMs: LIMIT_MS }
      on.server.signal('SIGSTOP')
      await until('all of it stands still', () => standsStill(on.server.pid))
      try {
        const asked = [
          on.database.observe(call).then((status) => expect(status).toMatchObject({ answers: false, reason: 'hung' })),
          on.database.ping(call).then((word) => expect(word).toContain('does not answer')),
          on.database.observePeer(on.self, call).then((status) => expect(status.reachable).toBe(false)),
          on.database.fence(call).then((outcome) => expect(outcome.proven).toBe(false)),
          expect(on.database.allowWrites(call)).rejects.toMatchObject({ code: 'timeout' }),
          expect(on.database.announce(HOW, call)).rejects.toMatchObject({ code: 'timeout' }),
        ]
        const took = await Promise.all(asked.map(timed))
        await Promise.all(asked)
        expect(Math.max(...took)).toBeLessThan(LIMIT_MS + LATE_MS)
      } finally {
        on.server.signal('SIGCONT')
      }
      await until('it answers', async () => (await on.database.observe(IN)).answers)
      await on.whole()
    })

    it('says that it is down when it dies in the middle, and a dead server is fenced', async () => {
      await on.database.allowWrites(IN)
      const holder = await clientOf(on)
      on.server.sql('GRANT LOCK TABLES, SELECT ON apmode.* TO app@"%"')
      await (await clientOf(on)).run(['LOCK TABLES apmode.lead READ'], 5000)
      const waiting = on.database.recordLead({ node: 'host1', reason: 'never' }, IN)
      waiting.catch(() => {})
      await on.server.kill()
      await expect(waiting).rejects.toThrow('cannot record the lead of host1')
      expect(holder.lost || (await write(holder, 'never').catch(() => true))).toBe(true)
      expect(await on.database.observe(IN)).toMatchObject({ answers: false })
      await until('nothing listens', async () => {
        const status = await on.database.observe(IN)
        return !status.answers && status.reason === 'down'
      })
      expect(await on.database.ping(IN)).toContain('nothing listens')
      expect(await on.database.fence(IN)).toMatchObject({ proven: true, killed: 0 })
      await expect(on.database.allowWrites(IN)).rejects.toMatchObject({ code: 'unreachable' })
    })
  })
}
