/** Those that watch over the control socket: what they are told, how often, and what they cannot do to the others. */
import { mkdtempSync, rmSync } from 'node:fs'
import { type ClientRequest, createServer, request, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { controlServer } from '../../../../src/adapters/control/server.ts'
import { type WatchLimits, watching } from '../../../../src/adapters/control/watching.ts'
import type { Watched } from '../../../../src/ports/control.ts'
import type { HistoryEntry } from '../../../../src/ports/storage.ts'
import { AN_ENTRY, FakeControl } from '../../../fakes/control.ts'
import { ask } from './ask.ts'

const eventually = <T>(claim: () => T | Promise<T>) => vi.waitFor(claim, { timeout: 10_000, interval: 10 })
let folder: string
let control: FakeControl
let server: Server | null
let clients: ClientRequest[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-watching-'))
  control = new FakeControl()
  server = null
  clients = []
})
afterEach(() => {
  for (const client of clients) client.destroy()
  server?.close()
  server?.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

const socketPath = () => join(folder, 'apmode.sock')

async function started(limits: Partial<WatchLimits> = {}): Promise<void> {
  const watch = watching(control, limits)
  server = createServer((asked, response) => watch(asked, response, Number(asked.url?.slice(1))))
  await new Promise<void>((resolve) => server?.listen(socketPath(), resolve))
}

interface Watching {
  readonly client: ClientRequest
  readonly told: readonly Watched[]
  readonly ended: boolean
}

function watch(history: number): Promise<Watching> {
  return new Promise((resolve, reject) => {
    const told: Watched[] = []
    let ended = false
    const client = request({ socketPath: socketPath(), path: `/${history}`, agent: false }, (response) => {
      createInterface({ input: response })
        .on('line', (line) => told.push(JSON.parse(line)))
        .on('error', () => {})
      response.on('error', () => {})
      response.on('close', () => {
        ended = true
      })
      resolve({
        client,
        told,
        get ended() {
          return ended
        },
      })
    })
    client.on('error', reject)
    clients.push(client)
    client.end()
  })
}

const numbered = (n: number): HistoryEntry => ({ ...AN_ENTRY, sentence: `decision ${n}` })
const sentences = ({ told }: Watching) => told.flatMap((line) => (line.type === 'entry' ? [line.entry.sentence] : []))
const statuses = ({ told }: Watching) => told.flatMap((line) => (line.type === 'status' ? [line.status.node] : []))

/** Another decision, kept by the disk or not. */
function decides(n: number, kept = true): void {
  if (kept) control.entries = [...control.entries, numbered(n)]
  control.becomes({ lastChange: numbered(n) })
}

describe('one that watches', () => {
  it('is told the newest decisions, a beat that ends them, and the status at once', async () => {
    control.entries = [numbered(1), numbered(2), numbered(3)]
    control.statusView = { ...control.statusView, lastChange: numbered(3) }
    await started()
    const found = await watch(2)
    await eventually(() => expect(found.told.map(({ type }) => type)).toEqual(['entry', 'entry', 'beat', 'status']))
    expect(sentences(found)).toEqual(['decision 2', 'decision 3'])
  })

  it('is told each change, and nothing where nothing has changed', async () => {
    await started({ betweenMs: 10, beatMs: 10 })
    const found = await watch(0)
    await eventually(() => expect(statuses(found)).toEqual(['host1']))
    control.becomes({})
    control.becomes({ node: 'other' })
    await eventually(() => expect(statuses(found)).toEqual(['host1', 'other']))
    const beats = () => found.told.filter(({ type }) => type === 'beat').length
    const before = beats()
    await eventually(() => expect(beats()).toBeGreaterThan(before + 2))
    expect(statuses(found)).toEqual(['host1', 'other'])
  })

  it('is told at most so many statuses a second, and always the last one', async () => {
    await started({ betweenMs: 100 })
    const found = await watch(0)
    const began = performance.now()
    for (let change = 0; change < 300; change++) {
      control.becomes({ node: `host${change}` })
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await eventually(() => expect(statuses(found).at(-1)).toBe('host299'))
    expect(statuses(found).length).toBeLessThanOrEqual((performance.now() - began) / 100 + 2)
  })

  it('is told each decision once, also two of the same millisecond and one after the clock stepped back', async () => {
    await started({ betweenMs: 1 })
    const found = await watch(1)
    decides(1)
    decides(2)
    await eventually(() => expect(sentences(found)).toHaveLength(3))
    const earlier = { ...numbered(3), at: '2020-01-01T00:00:00.000Z' }
    control.entries = [...control.entries, earlier]
    control.becomes({ lastChange: earlier })
    await eventually(() => expect(sentences(found)).toHaveLength(4))
    expect(sentences(found).slice(1)).toEqual(['decision 1', 'decision 2', 'decision 3'])
  })

  it('is told what a full disk does not keep, and nothing old when it keeps again', async () => {
    control.entries = Array.from({ length: 150 }, (_, n) => numbered(n))
    control.statusView = { ...control.statusView, lastChange: numbered(149) }
    await started({ betweenMs: 1 })
    const found = await watch(0)
    decides(200, false)
    await eventually(() => expect(sentences(found)).toEqual(['decision 200']))
    decides(201)
    await eventually(() => expect(sentences(found)).toEqual(['decision 200', 'decision 201']))
  })

  it('that does not read is let go, however much history it asked for first', async () => {
    const long = 'x'.repeat(1000)
    control.entries = Array.from({ length: 5000 }, (_, n) => ({ ...numbered(n), sentence: `${n} ${long}` }))
    control.statusView = { ...control.statusView, lastChange: control.entries.at(-1) ?? null }
    await started({ betweenMs: 1, beatMs: 1 })
    const reader = await watch(5000)
    await eventually(() => expect(sentences(reader)).toHaveLength(5000))
    expect(reader.ended).toBe(false)
    const lazy = request({ socketPath: socketPath(), path: '/5000', agent: false }, (response) => response.pause())
    lazy.on('error', () => {})
    clients.push(lazy)
    lazy.end()
    await eventually(() => expect(control.listeners.size).toBe(2))
    let count = 0
    await eventually(() => {
      control.becomes({ posture: `${'y'.repeat(200_000)}${count++}` })
      expect(control.listeners.size).toBe(1)
    })
    expect(reader.ended).toBe(false)
  })

  it('has a place among so many; one that has become free goes to the next', async () => {
    await started({ places: 2 })
    const [first] = await Promise.all([watch(0), watch(0)])
    const refused = await ask({ socketPath: socketPath() }, 'GET', '/0')
    expect(refused.status).toBe(503)
    expect(JSON.parse(refused.text).error).toContain('2 watch already')
    first?.client.destroy()
    await eventually(async () => expect((await watch(0)).told.length).toBeGreaterThan(0))
  })

  it('leaves nothing behind when it goes', async () => {
    await started()
    const found = await watch(0)
    await eventually(() => expect(control.listeners.size).toBe(1))
    found.client.destroy()
    await eventually(() => expect(control.listeners.size).toBe(0))
  })

  it('outlives that the supervisor can say nothing for a while', async () => {
    await started({ betweenMs: 1 })
    const found = await watch(0)
    control.broken = true
    control.becomes({ node: 'other' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    control.broken = false
    control.becomes({})
    await eventually(() => expect(statuses(found)).toEqual(['host1', 'other']))
  })
})

describe('the path /events', () => {
  it('takes a number of decisions, and refuses everything else with what is expected', async () => {
    server = controlServer(control)
    await new Promise<void>((resolve) => server?.listen(socketPath(), resolve))
    for (const count of ['-1', 'x', '', '10001']) {
      const answer = await ask({ socketPath: socketPath() }, 'GET', `/events?history=${count}`)
      expect([answer.status, JSON.parse(answer.text).error]).toEqual([
        400,
        `history is "${count}", expected a number from 0 to 10000`,
      ])
    }
    expect(await ask({ socketPath: socketPath() }, 'HEAD', '/events')).toMatchObject({ status: 200, text: '' })
    control.broken = true
    expect((await ask({ socketPath: socketPath() }, 'GET', '/events')).status).toBe(500)
    expect(control.listeners.size).toBe(0)
  })
})
