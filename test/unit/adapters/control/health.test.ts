import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type HealthOptions, type HealthServer, startHealthServer } from '../../../../src/adapters/control/health.ts'
import { SERVING_PATHS } from '../../../../src/core/serving.ts'
import { A_VIEW } from '../../../fakes/cluster.ts'
import { A_STATUS, FakeControl } from '../../../fakes/control.ts'
import { following } from '../../../fakes/world.ts'
import { ask } from './ask.ts'

/** With a patience that a busy machine does not exhaust. */
const eventually = <T>(claim: () => T) => vi.waitFor(claim, { timeout: 10_000, interval: 10 })

const host = '127.0.0.1'
let control: FakeControl
let health: HealthServer | null
let problems: string[]
beforeEach(() => {
  control = new FakeControl()
  health = null
  problems = []
})
afterEach(() => health?.close())

async function started(options: Partial<HealthOptions> = {}): Promise<{ host: string; port: number }> {
  const onProblem = (sentence: string) => problems.push(sentence)
  const gate = { perWindow: 1000, perAddress: 1000 }
  const server = startHealthServer(control, { host, port: 0, onProblem, retryMs: 20, gate, ...options })
  health = server
  return eventually(() => {
    const found = server.port()
    if (found === null) throw new Error('not listening yet')
    return { host, port: found }
  })
}

const REPLICA = { holder: false, writable: false, vrrp: 'backup', replication: following('192.168.33.101') } as const

describe('the read-only HTTP', () => {
  it('tells a Galera cluster where the data of this machine stands; elsewhere there is no such path', async () => {
    const where = await started()
    const absent = await ask(where, 'GET', '/cluster')
    expect(absent.status).toBe(404)
    expect(absent.text).toContain('engine \\"galera\\"')
    control.clusterView = A_VIEW
    const answer = await ask(where, 'GET', '/cluster')
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, A_VIEW])
  })

  it('answers load balancers with 200 or 503, and a body that says why', async () => {
    const where = await started()
    expect((await ask(where, 'GET', '/primary')).status).toBe(200)
    expect((await ask(where, 'GET', '/replica')).status).toBe(503)
    control.becomes({ ...REPLICA, fit: false, reasons: ['api.service is failed'] })
    const answer = await ask(where, 'GET', '/primary')
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text)).toEqual({
      ok: false,
      sentence: 'the VIP is not here',
      node: 'host1',
      mode: 'ap',
      being: null,
      role: 'active',
      vrrp: 'backup',
      holder: false,
      writable: false,
      fit: false,
      reasons: ['api.service is failed'],
      lagSeconds: 0,
    })
    expect((await ask(where, 'GET', '/replica?lag=5')).status).toBe(200)
    expect((await ask(where, 'GET', '/readiness')).status).toBe(503)
  })

  it('answers HEAD and OPTIONS as GET, without the body', async () => {
    const where = await started()
    for (const path of [...SERVING_PATHS, '/status', '/metrics']) {
      const { status, headers } = await ask(where, 'GET', path)
      for (const method of ['HEAD', 'OPTIONS']) {
        expect(await ask(where, method, path), `${method} ${path}`).toMatchObject({ status, text: '' })
      }
      expect(headers.connection).toBe('close')
    }
    expect((await ask(where, 'OPTIONS', '/primary')).headers.allow).toBe('GET, HEAD, OPTIONS')
  })

  it.each([
    ['/replica?lag=', 'found lag "", expected a number of seconds from 0 to 86400, as /replica?lag=5'],
    ['/replica?lag=5s', 'found lag "5s", expected a number of seconds from 0 to 86400, as /replica?lag=5'],
    ['/replica?lag=-1', 'found lag "-1", expected a number of seconds from 0 to 86400, as /replica?lag=5'],
    ['/read-only?lag=1e3', 'found lag "1e3", expected a number of seconds from 0 to 86400, as /read-only?lag=5'],
    ['/replica?lag=86401', 'found lag "86401", expected a number of seconds from 0 to 86400, as /replica?lag=5'],
    ['/replica?lag=1&lag=2', 'found lag 2 times, expected it once'],
    ['/replica?lagg=5', 'found the parameter "lagg" for /replica, expected nothing or lag=SECONDS, as /replica?lag=5'],
    ['/primary?lag=5', 'found the parameter "lag" for /primary, expected none'],
  ])('%s is refused, with what is expected', async (path, error) => {
    const where = await started()
    control.becomes(REPLICA)
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect((await ask(where, method, path)).status).toBe(400)
    expect(JSON.parse((await ask(where, 'GET', path)).text)).toEqual({ error })
  })

  it('looks at nothing, whatever is asked', async () => {
    const where = await started()
    for (const path of [...SERVING_PATHS, '/status', '/metrics', '/replica?lag=2.5']) await ask(where, 'GET', path)
    expect(new Set(control.asked)).toEqual(new Set(['known']))
    expect(JSON.parse((await ask(where, 'GET', '/status')).text)).toEqual(A_STATUS)
  })

  it('answers from memory within 5 ms, where the computer lets it: the quickest tenth of a hundred', async () => {
    const where = await started()
    const times: number[] = []
    for (let n = 0; n < 100; n++) {
      const begun = performance.now()
      await ask(where, 'GET', '/primary')
      times.push(performance.now() - begun)
    }
    expect(times.toSorted((a, b) => a - b)[10]).toBeLessThan(5)
  })

  it('says with 200 or 503 whether the loop is alive', async () => {
    const where = await started()
    expect((await ask(where, 'GET', '/health')).status).toBe(200)
    control.healthy = false
    for (const path of ['/health', '/liveness']) {
      const answer = await ask(where, 'GET', path)
      expect(answer.status).toBe(503)
      expect(JSON.parse(answer.text).sentence).toContain('12 s')
    }
  })

  it('gives the metrics, with what was counted when somebody counts', async () => {
    const where = await started()
    const { status, text, headers } = await ask(where, 'GET', '/metrics')
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    expect(text).toContain(`apmode_mode{mode="${A_STATUS.mode}"} 1`)
    expect(text).not.toContain('apmode_transitions_total')
  })

  it('says 500 with the reason when nothing is known, and goes on', async () => {
    const where = await started()
    control.broken = true
    expect((await ask(where, 'GET', '/primary')).status).toBe(500)
    control.broken = false
    expect((await ask(where, 'GET', '/primary')).status).toBe(200)
  })

  it('changes nothing: other methods get 405, other paths 404', async () => {
    const where = await started()
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await ask(where, method, '/status')
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
    }
    for (const path of ['/set', '/stop', '/notify', '/constructor', '/primary/']) {
      expect((await ask(where, 'GET', path)).status).toBe(404)
    }
    expect(control.asked).toEqual([])
  })

  it('says once that its port is taken, and listens when it is free', async () => {
    const other: Server = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen({ host, port: 0 }, () => resolve((other.address() as { port: number }).port))
    })
    const where = started({ port })
    await eventually(() => expect(problems).toEqual([expect.stringContaining('EADDRINUSE')]))
    other.close()
    expect((await ask(await where, 'GET', '/health')).status).toBe(200)
    expect(problems).toHaveLength(1)
  })
})
