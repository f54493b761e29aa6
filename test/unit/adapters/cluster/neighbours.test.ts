import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createNeighbours } from '../../../../src/adapters/cluster/neighbours.ts'
import { A_VIEW } from '../../../fakes/cluster.ts'

let server: Server | null = null
afterEach(() => {
  server?.close()
  server?.closeAllConnections()
  server = null
})

async function asking(answer: RequestListener, timeoutMs = 5_000) {
  server = createServer(answer)
  const listening = server
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  return createNeighbours({ port }).ask('127.0.0.1', { timeoutMs })
}

const says =
  (text: string, status = 200): RequestListener =>
  (_request, response) =>
    response.writeHead(status).end(text)

describe('another machine', () => {
  test('is asked for /cluster, and what it says is taken as it is', async () => {
    let asked = ''
    const found = await asking((request, response) => {
      asked = `${request.method} ${request.url}`
      response.end(JSON.stringify(A_VIEW))
    })
    expect([asked, found]).toEqual(['GET /cluster', A_VIEW])
    expect(await asking(says(JSON.stringify({ ...A_VIEW, ended: true })))).toEqual({ ...A_VIEW, ended: true })
  })

  test.each<[string, RequestListener, RegExp]>([
    ['that answers something else', says('<html>'), /it answers no JSON: "<html>"$/],
    [
      'of another version',
      says('{"node":"host2"}'),
      /it answers what is not understood: running missing, component missing$/,
    ],
    ['that may have ended', says(JSON.stringify({ ...A_VIEW, ended: 1 })), /not understood: ended 1$/],
    ['with half a position', says(JSON.stringify({ ...A_VIEW, seqno: null })), /not understood: half a position$/],
    [
      'with a position that is none',
      says(JSON.stringify({ ...A_VIEW, seqno: 1.5 })),
      /not understood: the position "[^"]*:1.5"$/,
    ],
    ['without a cluster', says('{}', 404), /answers 404$/],
    ['that never ends', (_request, response) => void response.write('x'.repeat(20_000)), /answers without an end$/],
  ])('%s is unknown, with the reason', async (_what, answer, why) => {
    await expect(asking(answer)).rejects.toThrow(why)
  })

  test('that is silent is waited for no longer than the limit', async () => {
    const begun = performance.now()
    await expect(asking(() => {}, 200)).rejects.toMatchObject({ code: 'timeout' })
    expect(performance.now() - begun).toBeLessThan(3_000)
  })

  test('where nothing listens is said at once', async () => {
    const asked = createNeighbours({ port: 9 }).ask('127.0.0.1', { timeoutMs: 5_000 })
    await expect(asked).rejects.toThrow('nothing listens on 127.0.0.1:9')
  })
})
