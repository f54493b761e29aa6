import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type HealthServer, startHealthServer } from '../../../../src/adapters/control/health.ts'
import { A_STATUS, FakeControl } from '../../../fakes/control.ts'
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

async function started(port = 0, statusTimeoutMs = 5000): Promise<{ host: string; port: number }> {
  const onProblem = (sentence: string) => problems.push(sentence)
  const server = startHealthServer(control, { host, port, onProblem, statusTimeoutMs, retryMs: 20 })
  health = server
  return eventually(() => {
    const found = server.port()
    if (found === null) throw new Error('not listening yet')
    return { host, port: found }
  })
}

describe('the read-only HTTP', () => {
  it('says with 200 or 503 whether the loop is alive', async () => {
    const where = await started()
    expect((await ask(where, 'GET', '/health')).status).toBe(200)
    control.healthy = false
    const answer = await ask(where, 'GET', '/health')
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text).sentence).toContain('12 s')
    expect(await ask(where, 'HEAD', '/health')).toMatchObject({ status: 503, text: '' })
  })

  it('gives the status, once for all that ask at the same time', async () => {
    const where = await started()
    let open = () => {}
    control.gate = new Promise((resolve) => {
      open = resolve
    })
    const answers = Promise.all([1, 2, 3].map(() => ask(where, 'GET', '/status')))
    await eventually(() => expect(control.asked).toEqual(['status']))
    open()
    for (const answer of await answers) expect(JSON.parse(answer.text)).toEqual(A_STATUS)
    expect(control.asked.length).toBeLessThan(3)
  })

  it('gives the status as metrics; what is unknown has no line', async () => {
    const where = await started()
    const { status, text } = await ask(where, 'GET', '/metrics')
    expect(status).toBe(200)
    expect(text).toContain('# TYPE apmode_mode gauge\n')
    expect(text).toContain(`apmode_mode{mode="${A_STATUS.mode}"} 1`)
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) apmode_\w+ .+|apmode_\w+(\{.+\})? -?[\d.]+)$/)
    }
  })

  it('does not wait for a status that does not come', async () => {
    const where = await started(0, 50)
    control.gate = new Promise(() => {})
    expect((await ask(where, 'GET', '/status')).status).toBe(503)
  })

  it('changes nothing: other methods get 405, other paths 404', async () => {
    const where = await started()
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await ask(where, method, '/status')
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD'])
    }
    for (const path of ['/', '/set', '/stop', '/notify', '/constructor']) {
      expect((await ask(where, 'GET', path)).status).toBe(404)
    }
    expect(control.asked).toEqual([])
  })

  it('says once that its port is taken, and listens when it is free', async () => {
    const other: Server = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen({ host, port: 0 }, () => resolve((other.address() as { port: number }).port))
    })
    const where = started(port)
    await eventually(() => expect(problems).toEqual([expect.stringContaining('EADDRINUSE')]))
    other.close()
    expect((await ask(await where, 'GET', '/health')).status).toBe(200)
    expect(problems).toHaveLength(1)
  })
})
