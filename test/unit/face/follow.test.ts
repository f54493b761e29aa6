/** One that follows: what reaches it across a supervisor that dies, hangs, comes back, or is not there at all. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Client } from '../../../src/face/client.ts'
import { type Followed, follow } from '../../../src/face/follow.ts'
import type { Watched } from '../../../src/ports/control.ts'
import type { HistoryEntry } from '../../../src/ports/storage.ts'
import { A_STATUS, AN_ENTRY } from '../../fakes/control.ts'

const eventually = <T>(claim: () => T | Promise<T>) => vi.waitFor(claim, { timeout: 10_000, interval: 10 })
let folder: string
let server: Server
let open: ServerResponse[]
let asked: string[]
/** What the supervisor has decided so far. */
let decided: HistoryEntry[]
let ended: AbortController
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-follow-'))
  open = []
  asked = []
  decided = []
  ended = new AbortController()
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    open.push(response)
    response.flushHeaders()
    const count = Number(request.url?.split('=')[1])
    for (const entry of decided.slice(-count)) say({ type: 'entry', entry }, response)
    say({ type: 'beat' }, response)
    say({ type: 'status', status: A_STATUS }, response)
  })
  await new Promise<void>((resolve) => server.listen(join(folder, 'apmode.sock'), resolve))
})
afterEach(() => {
  ended.abort()
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

function say(line: Watched, response = open.at(-1)): void {
  response?.write(`${JSON.stringify(line)}\n`)
}

const numbered = (n: number, at = AN_ENTRY.at): HistoryEntry => ({ ...AN_ENTRY, at, sentence: `decision ${n}` })

function decides(...entries: HistoryEntry[]): void {
  decided.push(...entries)
}

interface Following {
  readonly told: readonly Followed[]
  readonly end: Promise<void>
}

function following(history: number, silenceMs = 5000): Following {
  const told: Followed[] = []
  const client = new Client(join(folder, 'apmode.sock'))
  const run = async () => {
    for await (const one of follow(client, { history, ended: ended.signal, silenceMs, againMs: 10 })) told.push(one)
  }
  const end = run()
  end.catch(() => {})
  return { told, end }
}

const sentences = ({ told }: Following) =>
  told.flatMap((one) => (one.type === 'entries' ? one.entries.map(({ sentence }) => sentence) : []))
const lost = ({ told }: Following) => told.flatMap((one) => (one.type === 'lost' ? [one.failure.message] : []))

describe('following', () => {
  it('begins with the newest decisions that were asked for, and the status', async () => {
    decides(numbered(1), numbered(2), numbered(3))
    const found = following(2)
    await eventually(() => expect(found.told.map(({ type }) => type)).toEqual(['entries', 'status']))
    expect(sentences(found)).toEqual(['decision 2', 'decision 3'])
  })

  it('tells what was decided while the supervisor was away, once: also in the same millisecond, and by a clock that stepped back', async () => {
    decides(numbered(1))
    const found = following(1)
    await eventually(() => expect(found.told).toHaveLength(2))
    say({ type: 'entry', entry: numbered(2) })
    decides(numbered(2), numbered(3), numbered(4, '2020-01-01T00:00:00.000Z'))
    await eventually(() => expect(sentences(found)).toHaveLength(2))
    open.at(-1)?.destroy()
    await eventually(() => expect(sentences(found)).toHaveLength(4))
    expect(sentences(found)).toEqual(['decision 1', 'decision 2', 'decision 3', 'decision 4'])
    expect(lost(found)).toHaveLength(1)
  })

  it('that asked for no decisions is told only those from now on, also after the supervisor was away', async () => {
    decides(...Array.from({ length: 50 }, (_, n) => numbered(n)))
    const found = following(0)
    await eventually(() => expect(found.told).toHaveLength(2))
    decides(numbered(100))
    open.at(-1)?.destroy()
    await eventually(() => expect(sentences(found)).toEqual(['decision 100']))
  })

  it('looks through 200 decisions for those that were missed, and asks for no fewer at first', async () => {
    const found = following(1)
    await eventually(() => expect(found.told).toHaveLength(2))
    open.at(-1)?.end()
    await eventually(() => expect(asked).toHaveLength(2))
    expect(asked).toEqual(['/events?history=200', '/events?history=200'])
    expect(lost(found)).toEqual(['the supervisor has ended the connection'])
  })

  it('says that a supervisor is silent which accepts and says nothing more, and asks again', async () => {
    const found = following(0, 200)
    await eventually(() => expect(lost(found)[0]).toMatch(/has said nothing for 0\.2 s$/))
    await eventually(() => expect(asked.length).toBeGreaterThan(1))
  })

  it('does not take its own standing still for silence', async () => {
    const found = following(0, 300)
    await eventually(() => expect(found.told).toHaveLength(2))
    const beat = setInterval(() => say({ type: 'beat' }), 50)
    // As a process that was stopped: its timers are all due at once when it goes on.
    const until = performance.now() + 1000
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 200))
    clearInterval(beat)
    expect(lost(found)).toEqual([])
  })

  it('ends without a word when the person has had enough: while it is told, and while it waits', async () => {
    const found = following(0)
    await eventually(() => expect(found.told).toHaveLength(2))
    ended.abort()
    await found.end
    expect(lost(found)).toEqual([])
  })

  it('of a supervisor that is not there fails at once, with its exit code', async () => {
    server.close()
    await expect(following(0).end).rejects.toMatchObject({ exit: 4, message: expect.stringContaining('cannot reach') })
  })
})
