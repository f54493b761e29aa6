import net from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Link, openLink } from '../../../src/adapters/mariadb/link.ts'
import { createMariadb } from '../../../src/adapters/mariadb/mariadb.ts'
import { GLANCE_MS } from '../../../src/adapters/mariadb/privileged.ts'
import type { Database } from '../../../src/ports/database.ts'
import { ensureMariadbInstalled, type MariadbServer, makeServer, removeServers } from './server.ts'
import { until } from './until.ts'

const skipped = ensureMariadbInstalled()

describe.skipIf(skipped !== null)(`the fence${skipped === null ? '' : ` (skipped: ${skipped})`}`, () => {
  let server: MariadbServer
  let database: Database
  const links: Link[] = []

  /** A client over TCP; closed after the test. */
  const client = async (user: string) => {
    const link = await openLink({ kind: 'remote', host: '127.0.0.1', port: server.port, user, password: 'p' }, 5000)
    links.push(link)
    return link
  }

  beforeAll(async () => {
    server = await makeServer(1)
    await server.start()
    server.sql(`
      CREATE DATABASE app; CREATE TABLE app.t (a INT PRIMARY KEY) ENGINE=InnoDB;
      CREATE USER app@'127.0.0.1' IDENTIFIED BY 'p'; GRANT ALL ON app.* TO app@'127.0.0.1';
      CREATE TABLE app.log (a INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB;
      CREATE USER boss@'127.0.0.1' IDENTIFIED BY 'p'; GRANT ALL ON *.* TO boss@'127.0.0.1';
      CREATE ROLE inner_role; GRANT READ_ONLY ADMIN ON *.* TO inner_role;
      CREATE ROLE outer_role; GRANT inner_role TO outer_role;
      CREATE USER keen@'127.0.0.1' IDENTIFIED BY 'p'; GRANT ALL ON app.* TO keen@'127.0.0.1';
      GRANT outer_role TO keen@'127.0.0.1'; SET DEFAULT ROLE outer_role FOR keen@'127.0.0.1';`)
    database = createMariadb({ socket: server.socket })
    database.open()
  }, 60_000)

  afterAll(async () => {
    await database?.close()
    removeServers()
  })

  beforeEach(async () => {
    for (const link of links.splice(0)) link.close()
    server.sql('SET GLOBAL read_only=0')
    await until('all lanes are open', () => Number(server.sql(OURS)) >= 4)
  })

  const OURS = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER='root' AND ID <> CONNECTION_ID()"

  it('is proven on an idle server within a few milliseconds and the glance for such accounts, again and again', async () => {
    const times: number[] = []
    for (let n = 0; n < 30; n++) {
      server.sql('SET GLOBAL read_only=0')
      const from = performance.now()
      const outcome = await database.fence({ timeoutMs: 2000 })
      times.push(performance.now() - from)
      expect(outcome).toMatchObject({ proven: true })
      expect(server.sql('SELECT @@global.read_only')).toBe('1')
    }
    times.sort((one, other) => one - other)
    process.stdout.write(`fence, idle: median ${times[15]?.toFixed(2)} ms, longest ${times[29]?.toFixed(2)} ms\n`)
    expect(times[15]).toBeLessThan(GLANCE_MS + 50)
  })

  it('ends the connections of clients and refuses their writes afterwards', async () => {
    const [one, boss] = [await client('app'), await client('boss')]
    await one.run(['INSERT INTO app.t VALUES (1)'], 1000)
    const from = performance.now()
    const outcome = await database.fence({ timeoutMs: 2000 })
    process.stdout.write(`fence, two clients: ${(performance.now() - from).toFixed(2)} ms\n`)
    expect(outcome).toMatchObject({ proven: true, killed: 2 })
    await expect(boss.run(['INSERT INTO app.t VALUES (2)'], 1000)).rejects.toMatchObject({ lost: true })
    await expect((await client('app')).run(['INSERT INTO app.t VALUES (3)'], 1000)).rejects.toMatchObject({
      errno: 1290,
    })
  })

  it('is proven although a client holds LOCK TABLES', async () => {
    const holder = await client('app')
    await holder.run(['LOCK TABLES app.t WRITE'], 1000)
    const from = performance.now()
    const outcome = await database.fence({ timeoutMs: 2000 })
    process.stdout.write(`fence, LOCK TABLES holder: ${(performance.now() - from).toFixed(2)} ms\n`)
    expect(outcome).toMatchObject({ proven: true, killed: 1 })
    expect(outcome.detail).toContain('blocked')
    expect(server.sql('SELECT @@global.read_only')).toBe('1')
  })

  it('is proven although a client is in a long statement, which is rolled back', async () => {
    const slow = await client('app')
    const running = slow.run(['INSERT INTO app.t SELECT 1000 + SLEEP(30)'], 60_000)
    running.catch(() => {})
    await until('the statement runs', () => server.sql('SHOW PROCESSLIST').includes('SLEEP(30)'))
    const outcome = await database.fence({ timeoutMs: 2000 })
    expect(outcome).toMatchObject({ proven: true, killed: 1 })
    await expect(running).rejects.toThrow()
    expect(server.sql('SELECT COUNT(*) FROM app.t WHERE a = 1000')).toBe('0')
  })

  it('is proven although a backup holds FLUSH TABLES WITH READ LOCK', async () => {
    const backup = await client('boss')
    await backup.run(['FLUSH TABLES WITH READ LOCK'], 1000)
    expect(await database.fence({ timeoutMs: 2000 })).toMatchObject({ proven: true, killed: 1 })
  })

  it('makes an open transaction fail at its commit', async () => {
    const open = await client('app')
    await open.run(['START TRANSACTION', 'INSERT INTO app.t VALUES (77)'], 1000)
    expect(await database.fence({ timeoutMs: 2000 })).toMatchObject({ proven: true, killed: 1 })
    await expect(open.run(['COMMIT'], 1000)).rejects.toThrow()
    expect(server.sql('SELECT COUNT(*) FROM app.t WHERE a = 77')).toBe('0')
  })

  /** Connects again as soon as it is ended, and writes each time; counts what was acknowledged. */
  const insistent = (user: string, pauseMs = 0) => {
    const target = { kind: 'remote', host: '127.0.0.1', port: server.port, user, password: 'p' } as const
    const seen = { connected: 0, written: [] as number[] }
    let on = true
    const ended = (async () => {
      while (on) {
        const link = await openLink(target, 1000).catch(() => null)
        if (link === null) continue
        seen.connected++
        while (on && !link.lost) {
          const at = performance.now()
          const said = await link.run(['INSERT INTO app.log () VALUES ()'], 1000).catch((error: unknown) => error)
          if (!(said instanceof Error)) seen.written.push(at)
          if (user === 'app' && said instanceof Error) break
        }
        link.close()
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    })()
    return {
      seen,
      async stop() {
        on = false
        await ended
      },
    }
  }

  it.each(['boss', 'keen'])(
    'is not proven while %s, whom read_only does not bind, keeps coming back: it is named',
    async (user) => {
      const client = insistent(user)
      try {
        await until('it writes', () => client.seen.written.length > 5)
        const from = performance.now()
        const outcome = await database.fence({ timeoutMs: 1000 })
        expect(performance.now() - from).toBeLessThan(1200)
        expect(outcome.proven).toBe(false)
        expect(outcome.killed).toBeGreaterThan(3)
        expect(outcome.detail).toContain(`${user}@127.0.0.1 may write all the same`)
      } finally {
        await client.stop()
      }
      expect(await database.fence({ timeoutMs: 1000 })).toMatchObject({ proven: true })
    },
  )

  it('is not proven while such an account connects anew for each write', { retry: 2 }, async () => {
    const target = { kind: 'remote', host: '127.0.0.1', port: server.port, user: 'boss', password: 'p' } as const
    let on = true
    let written = 0
    const loop = (async () => {
      while (on) {
        const link = await openLink(target, 1000).catch(() => null)
        if ((await link?.run(['INSERT INTO app.log () VALUES ()'], 1000).catch(() => null)) != null) written++
        link?.close()
      }
    })()
    try {
      await until('it writes', () => written > 5)
      for (let n = 0; n < 5; n++) expect(await database.fence({ timeoutMs: 1000 })).toMatchObject({ proven: false })
    } finally {
      on = false
      await loop
    }
  })

  it('is proven, and nothing is written afterwards, when such a session does not come back', async () => {
    const boss = await client('boss')
    await boss.run(['INSERT INTO app.log () VALUES ()'], 1000)
    const from = performance.now()
    const outcome = await database.fence({ timeoutMs: 1000 })
    process.stdout.write(`fence, a privileged session: ${(performance.now() - from).toFixed(2)} ms\n`)
    expect(outcome).toMatchObject({ proven: true, killed: 1 })
    expect(outcome.detail).toContain('boss@127.0.0.1 may write on a read-only database')
  })

  it('is proven at once although an ordinary account reconnects in a loop, or only opens connections', async () => {
    const monitor = insistent('app', 1)
    const opened: net.Socket[] = []
    try {
      await until('it writes', () => monitor.seen.written.length > 5)
      for (let n = 0; n < 5; n++) opened.push(net.connect(server.port, '127.0.0.1'))
      const times: number[] = []
      for (let n = 0; n < 10; n++) {
        server.sql('SET GLOBAL read_only=0')
        const from = performance.now()
        expect(await database.fence({ timeoutMs: 1000 })).toMatchObject({ proven: true })
        const until_ = performance.now()
        times.push(until_ - from)
        await until('it is back', () => monitor.seen.connected > n + 2)
        expect(monitor.seen.written.filter((at) => at > until_)).toEqual([])
      }
      process.stdout.write(`fence, reconnecting monitor: ${times.map((ms) => ms.toFixed(1)).join(' ')} ms\n`)
    } finally {
      for (const socket of opened) socket.destroy()
      await monitor.stop()
    }
  })

  it('ends the events that run with the rights of such an account, and no row of them comes later', async () => {
    server.sql(`SET GLOBAL event_scheduler=ON; CREATE DEFINER=boss@'127.0.0.1' EVENT app.tick ON SCHEDULE EVERY 1 SECOND
      DO INSERT INTO app.log (a) SELECT NULL + SLEEP(1.5)`)
    try {
      await until('two of them run at once', () => Number(server.sql(RUNNING)) >= 2)
      const outcome = await database.fence({ timeoutMs: 2000 })
      expect(outcome).toMatchObject({ proven: true })
      expect(server.sql(RUNNING)).toBe('0')
      const before = server.sql('SELECT COUNT(*) FROM app.log')
      const from = performance.now()
      await until('three seconds', () => performance.now() - from > 3000)
      expect(server.sql('SELECT COUNT(*) FROM app.log')).toBe(before)
    } finally {
      server.sql('SET GLOBAL event_scheduler=OFF; DROP EVENT app.tick')
    }
  })

  const RUNNING = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'INSERT INTO app.log%'"

  it('switches the event scheduler off, and on again with writes', async () => {
    server.sql('SET GLOBAL event_scheduler=ON')
    expect(await database.fence({ timeoutMs: 2000 })).toMatchObject({ proven: true })
    expect(server.sql('SELECT @@global.event_scheduler')).toBe('OFF')
    await database.allowWrites({ timeoutMs: 2000 })
    await until('on again', () => server.sql('SELECT @@global.event_scheduler, @@global.read_only') === 'ON\t0')
    server.sql('SET GLOBAL event_scheduler=OFF')
  })

  it('works when every connection is taken, before and after its own were lost', async () => {
    server.sql('SET GLOBAL max_connections=10')
    try {
      for (let n = 0; n < 10; n++) await client('app').catch(() => null)
      await expect(client('app')).rejects.toMatchObject({ reason: 'full' })
      expect(await database.fence({ timeoutMs: 2000 })).toMatchObject({ proven: true })
      // One connection is left for an administrator, and that is enough.
      for (const link of links.splice(0)) link.close()
      const late = createMariadb({ socket: server.socket })
      await until('all are taken again', async () => (await client('app').catch(() => null)) === null)
      expect(await late.fence({ timeoutMs: 2000 })).toMatchObject({ proven: true })
      await late.close()
    } finally {
      server.sql('SET GLOBAL max_connections=151')
    }
  })

  it('is not proven, in time, when the server hangs', async () => {
    server.signal('SIGSTOP')
    try {
      for (const each of [database, createMariadb({ socket: server.socket })]) {
        const from = performance.now()
        const outcome = await each.fence({ timeoutMs: 400 })
        expect(performance.now() - from).toBeLessThan(600)
        expect(outcome.proven).toBe(false)
        expect(outcome.detail).toContain('does not answer')
        const status = await each.observe({ timeoutMs: 200 })
        expect(status).toMatchObject({ answers: false, reason: 'hung' })
        if (each !== database) await each.close()
      }
    } finally {
      server.signal('SIGCONT')
    }
    await until('it answers again', async () => (await database.observe({ timeoutMs: 500 })).answers)
  })

  it('is never mistaken for a hang: a lock on the lead leaves the look at what was seen last', async () => {
    const lead = await database.recordLead({ node: 'one', reason: 'test' }, { timeoutMs: 5000 })
    expect(await database.observe({ timeoutMs: 1500 })).toMatchObject({ answers: true, lead })
    const holder = await client('boss')
    await holder.run(['LOCK TABLES apmode.lead WRITE'], 1000)
    expect(await database.observe({ timeoutMs: 1500 })).toMatchObject({ answers: true, lead })
    await expect(database.recordLead({ node: 'one', reason: 'test' }, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/^cannot record the lead of one: /),
    })
  })

  it('is proven for a server that is just shutting down, and no session is left then', async () => {
    const busy = await client('app')
    server.sql('SHUTDOWN')
    const outcome = await database.fence({ timeoutMs: 5000 })
    expect(outcome).toMatchObject({ proven: true })
    await expect(busy.run(['INSERT INTO app.t VALUES (4242)'], 2000)).rejects.toThrow()
    await server.exited()
    await server.start()
  })

  it('is proven when the server is down, and works again when it is back', async () => {
    await server.kill()
    const from = performance.now()
    expect(await database.fence({ timeoutMs: 2000 })).toMatchObject({ proven: true })
    process.stdout.write(`fence, server killed: ${(performance.now() - from).toFixed(2)} ms\n`)
    // The look that finds its connection closed says only that.
    const down = async () => (await database.observe({ timeoutMs: 500 })) as { reason?: string }
    await until('it is known to be down', async () => (await down()).reason === 'down')
    await server.start()
    expect(await database.observe({ timeoutMs: 2000 })).toMatchObject({ answers: true, writable: false })
    expect(await database.fence({ timeoutMs: 2000 })).toMatchObject({ proven: true })
  }, 30_000)
})
