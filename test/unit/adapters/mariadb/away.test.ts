import { afterEach, describe, expect, it } from 'vitest'
import { createMariadb } from '../../../../src/adapters/mariadb/mariadb.ts'
import { type FakeServer, fakeServer, greeting, refusal } from './greeting.ts'

describe('a database that does not answer', () => {
  let server: FakeServer | null = null
  afterEach(async () => {
    await server?.close()
    server = null
  })

  const observed = async (packet: Buffer | null, timeoutMs = 1000) => {
    server = await fakeServer(packet)
    const database = createMariadb({ socket: server.socket })
    try {
      return await database.observe({ timeoutMs })
    } finally {
      await database.close()
    }
  }

  it('is refused by name when it is MySQL, before anything is sent to it', async () => {
    const status = await observed(greeting('8.0.36'))
    expect(status).toMatchObject({ answers: false, reason: 'unsupported' })
    expect(status).toMatchObject({ detail: expect.stringContaining('MySQL 8.0.36') })
    expect(server?.received()).toBe(0)
  })

  it('is unsupported when it is a MariaDB before 10.5', async () => {
    const status = await observed(greeting('5.5.5-10.4.30-MariaDB-log'))
    expect(status).toMatchObject({ answers: false, reason: 'unsupported' })
    expect(status).toMatchObject({ detail: expect.stringContaining('10.4.30-MariaDB') })
  })

  it('is full when it has too many connections', async () => {
    expect(await observed(refusal(1040, '#08004Too many connections'))).toMatchObject({ reason: 'full' })
  })

  it('is hung when it accepts and stays silent, within the limit', async () => {
    const from = performance.now()
    expect(await observed(null, 100)).toMatchObject({ answers: false, reason: 'hung' })
    expect(performance.now() - from).toBeLessThan(400)
  })

  it('is hung when it greets and says nothing more', async () => {
    expect(await observed(greeting('11.4.2-MariaDB'), 100)).toMatchObject({ answers: false, reason: 'hung' })
  })

  it('is down when nothing listens, and that is a proven fence', async () => {
    const database = createMariadb({ socket: '/nowhere/s' })
    expect(await database.observe({ timeoutMs: 1000 })).toMatchObject({ answers: false, reason: 'down' })
    expect(await database.fence({ timeoutMs: 1000 })).toMatchObject({ proven: true, killed: 0 })
    await expect(database.allowWrites({ timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^cannot allow writes: nothing listens/),
    })
  })

  it('is not a proven fence when it is silent or of a kind that we do not know', async () => {
    for (const packet of [null, greeting('8.0.36')]) {
      server = await fakeServer(packet)
      const database = createMariadb({ socket: server.socket })
      expect(await database.fence({ timeoutMs: 150 })).toMatchObject({ proven: false })
      await database.close()
      await server.close()
    }
    server = null
  })

  it('is connected to again in the background once it is there, and never after close', async () => {
    server = await fakeServer(null)
    const { socket } = server
    const logs: string[] = []
    const database = createMariadb({ socket, log: (_level, sentence) => logs.push(sentence) })
    database.open()
    await database.close()
    await expect(database.observe({ timeoutMs: 50 })).resolves.toMatchObject({ answers: false })
  })
})
