import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AgentOptions, startAgentServer } from '../../../../src/adapters/control/agent.ts'
import type { Listening } from '../../../../src/adapters/control/listening.ts'
import { FakeControl } from '../../../fakes/control.ts'

const host = '127.0.0.1'
let control: FakeControl
let agent: Listening | null
beforeEach(() => {
  control = new FakeControl()
  agent = null
})
afterEach(() => agent?.close())

async function started(options: Partial<AgentOptions> = {}): Promise<number> {
  const server = startAgentServer(control, { host, port: 0, onProblem: () => {}, ...options })
  agent = server
  return vi.waitFor(() => server.port() ?? Promise.reject(new Error('not listening yet')), { timeout: 10_000 })
}

/** What is said until the other side closes; empty: it was turned away. */
function hear(port: number, send = ''): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    const socket = connect(port, host, () => socket.write(send))
    socket.on('error', () => {})
    socket.on('data', (piece) => {
      said += piece
    })
    socket.on('close', () => resolve(said))
  })
}

describe('the agent check', () => {
  it('says one line and closes, without being asked anything', async () => {
    const port = await started()
    expect(await hear(port)).toBe('up ready 100%\n')
    control.becomes({ mode: 'm', holder: false, writable: false })
    expect(await hear(port)).toBe('maint\n')
    expect(new Set(control.asked)).toEqual(new Set(['known']))
  })

  it('throws away what is sent', async () => {
    const port = await started()
    expect(await hear(port, 'host1\n')).toBe('up ready 100%\n')
    expect(await hear(port, 'GET / HTTP/1.1\r\n'.repeat(5000))).toMatch(/^(up ready 100%\n)?$/)
    expect(await hear(port)).toBe('up ready 100%\n')
  })

  it('says down while the supervisor cannot answer', async () => {
    const port = await started()
    control.broken = true
    expect(await hear(port)).toBe('down #the supervisor cannot answer yet\n')
  })

  it('is shut by a flood for the rest of the window, and open again afterwards', async () => {
    const port = await started({ gate: { perWindow: 5, windowMs: 300 } })
    const said = await Promise.all(Array.from({ length: 30 }, () => hear(port)))
    expect(said.filter((line) => line === '').length).toBeGreaterThan(0)
    await vi.waitFor(async () => expect(await hear(port)).toBe('up ready 100%\n'), { timeout: 10_000 })
  })

  it('ends a client that does not go away', async () => {
    const port = await started({ gate: { lifetimeMs: 100 } })
    const socket = connect({ port, host, allowHalfOpen: true })
    socket.on('error', () => {})
    socket.resume()
    await new Promise((resolve) => socket.on('end', resolve))
    const written = setInterval(() => socket.write('x'), 10)
    await new Promise((resolve) => socket.on('close', resolve))
    clearInterval(written)
  })
})
