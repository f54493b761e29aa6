/** The page as it is served: what the browser may do with it, and the decisions that it asks for. */
import { createHash } from 'node:crypto'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { buildPage } from '../../../../scripts/page.ts'
import { type HealthServer, startHealthServer } from '../../../../src/adapters/control/health.ts'
import { policyOf } from '../../../../src/adapters/control/page.ts'
import { AN_ENTRY, FakeControl } from '../../../fakes/control.ts'
import { ask } from './ask.ts'

const host = '127.0.0.1'
let html: string
let control: FakeControl
let health: HealthServer | null
beforeAll(async () => {
  html = await buildPage()
})
beforeEach(() => {
  control = new FakeControl()
  health = null
})
afterEach(() => health?.close())

async function started(page: string | null): Promise<{ host: string; port: number }> {
  const server = startHealthServer(control, { host, port: 0, onProblem: () => {}, page })
  health = server
  return { host, port: await vi.waitFor(() => server.port() ?? Promise.reject(new Error('not listening yet'))) }
}

describe('the page', () => {
  it('is one file at /, which no cache keeps and no other page frames', async () => {
    const where = await started(html)
    const { status, headers, text } = await ask(where, 'GET', '/')
    expect([status, text]).toEqual([200, html])
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
    })
    for (const path of ['/', '/events', '/history']) {
      expect(await ask(where, 'OPTIONS', path)).toMatchObject({ status: 200, text: '' })
      expect(await ask(where, 'HEAD', path)).toMatchObject({ status: 200, text: '' })
    }
    control.asked.length = 0
    expect((await ask(where, 'POST', '/')).status).toBe(405)
    expect(control.asked).toEqual([])
  })

  it('may run its own script and style to the letter, ask this port, and nothing else', () => {
    const hash = (name: string) => {
      const text = new RegExp(`<${name}>([^]*)</${name}>`).exec(html)?.[1] ?? ''
      expect(text.length).toBeGreaterThan(1000)
      return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    }
    expect(policyOf(html).split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hash('script')}`,
      `style-src ${hash('style')}`,
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    expect(policyOf(html)).not.toContain('unsafe')
  })

  it('names no other place, and never makes HTML of data', () => {
    // Names of XML, which nobody asks for.
    const places = [...html.matchAll(/\b[a-z]+:\/\/[^\s'"`)]+/g)].map(([place]) => place)
    expect(places.filter((place) => !place.startsWith('http://www.w3.org/2000/svg'))).toEqual([])
    expect(html).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/)
    expect(html).not.toMatch(/ on[a-z]+="| style="|@import|url\(/)
    expect(html).not.toMatch(/method: ?['"](POST|PUT|DELETE|PATCH)/i)
  })

  it('stays small', () => {
    expect(Buffer.byteLength(html)).toBeLessThan(64 * 1024)
  })

  it('is not there when the program was not built, and says what is', async () => {
    const { status, text } = await ask(await started(null), 'GET', '/')
    expect(status).toBe(404)
    expect(JSON.parse(text).error).toContain('/status')
  })
})

describe('the decisions on the read-only port', () => {
  const entries = Array.from({ length: 80 }, (_, index) => ({ ...AN_ENTRY, event: `event ${index}` }))
  const events = (text: string) => (JSON.parse(text) as { event: string }[]).map(({ event }) => event)

  it('are the newest, oldest first, twenty or as many as are asked for', async () => {
    control.entries = entries
    const where = await started(null)
    expect(JSON.parse((await ask(where, 'GET', '/history?n=1')).text)).toEqual([entries.at(-1)])
    const all = await ask(where, 'GET', '/history?n=50')
    expect(all.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(events(all.text)).toEqual(entries.slice(30).map(({ event }) => event))
    expect(events((await ask(where, 'GET', '/history')).text)).toHaveLength(20)
  })

  it.each(['0', '51', '-1', '1e1', 'x', '', '9999999999'])('are not given for n=%s', async (n) => {
    const { status, text } = await ask(await started(null), 'GET', `/history?n=${n}`)
    expect(status).toBe(400)
    expect(JSON.parse(text).error).toMatch(/^n is .*, expected a number from 1 to 50$/)
    expect(control.asked).toEqual([])
  })

  it('are read at most ten times a second, however many ask', async () => {
    const where = await started(null)
    const began = performance.now()
    for (let round = 0; round < 30; round++) await ask(where, 'GET', `/history?n=${round + 1}`)
    const reads = control.asked.filter((one) => one !== 'known')
    expect(reads.length).toBeLessThanOrEqual((performance.now() - began) / 100 + 1)
  })

  it('hold a decision as soon as the status tells of it', async () => {
    const where = await started(null)
    for (let round = 0; round < 20; round++) {
      const entry = { ...AN_ENTRY, at: `2026-01-02T03:04:${10 + round}.000Z` }
      control.entries.push(entry)
      control.becomes({ lastChange: entry })
      expect(JSON.parse((await ask(where, 'GET', '/history?n=1')).text)).toEqual([entry])
    }
  })
})
