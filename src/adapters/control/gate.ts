/**
 * What one server lets in: so many connections for each address at once, so many from everybody in a window of time, and
 * none for longer than its lifetime, whatever it sends or does not read (a stream has a longer one). Invariant: past the
 * window's number the port is shut until the window ends, so that a flood costs the kernel's time and not the supervisor's:
 * a connection that is accepted only to be refused costs nearly as much as an answer.
 */
import type { Server, Socket } from 'node:net'

export interface GateLimits {
  readonly perAddress: number
  readonly perWindow: number
  readonly windowMs: number
  readonly lifetimeMs: number
}

export interface Gate {
  /** From now on this connection has so long to live: for streams, of which somebody else bounds the number. */
  prolong(socket: Socket, lifetimeMs: number): void
  close(): void
}

/** `whenShut` is called before the port shuts and gives what opens it again. */
export function guardGate(server: Server, limits: GateLimits, whenShut: () => () => void): Gate {
  const inside = new Map<string, number>()
  const ends = new WeakMap<Socket, NodeJS.Timeout>()
  let began = Number.NEGATIVE_INFINITY
  let count = 0
  let opening: NodeJS.Timeout | undefined

  const counted = () => {
    const now = performance.now()
    if (now - began >= limits.windowMs) {
      began = now
      count = 0
    }
    count += 1
    if (count < limits.perWindow || !server.listening) return
    const open = whenShut()
    server.close()
    opening = setTimeout(open, Math.max(1, began + limits.windowMs - now))
    opening.unref()
  }

  const endAfter = (socket: Socket, lifetimeMs: number) => {
    clearTimeout(ends.get(socket))
    ends.set(
      socket,
      setTimeout(() => socket.destroy(), lifetimeMs),
    )
  }

  // Before the HTTP server's own listener: what is turned away here never becomes a request.
  server.prependListener('connection', (socket: Socket) => {
    counted()
    const address = socket.remoteAddress ?? ''
    const already = inside.get(address) ?? 0
    if (already >= limits.perAddress) return void socket.destroy()
    inside.set(address, already + 1)
    endAfter(socket, limits.lifetimeMs)
    socket.once('close', () => {
      clearTimeout(ends.get(socket))
      const left = (inside.get(address) ?? 1) - 1
      if (left > 0) inside.set(address, left)
      else inside.delete(address)
    })
  })
  // More at once than the server has places for.
  server.on('drop', counted)
  return {
    prolong: (socket, lifetimeMs) => {
      if (!socket.destroyed) endAfter(socket, lifetimeMs)
    },
    close: () => clearTimeout(opening),
  }
}
