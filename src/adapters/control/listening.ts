/**
 * A read-only port that is kept open: a port that cannot be had is a sentence in the log and another try, never a reason to
 * stop; its gate shuts it for a moment when it is flooded, and it opens again where it was.
 */
import type { AddressInfo, Server } from 'node:net'
import { type Gate, type GateLimits, guardGate } from './gate.ts'

/** Connections that may wait in the kernel: they are accepted in one go, and nothing else is done meanwhile. */
const BACKLOG = 32
const GATE: GateLimits = { perAddress: 16, perWindow: 50, windowMs: 250, lifetimeMs: 8000 }
const RETRY_MS = 5000

export interface ListeningOptions {
  readonly host: string
  readonly port: number
  readonly onProblem: (sentence: string) => void
  readonly retryMs?: number
  readonly gate?: Partial<GateLimits>
}

export interface Listening {
  /** The port that it listens on; null while it cannot. */
  port(): number | null
  close(): void
}

/** `purpose` ends the sentence "cannot listen on … for …"; `endClients` is called once, at the end. */
export function keptListening(
  server: Server,
  options: ListeningOptions,
  { purpose, endClients }: { readonly purpose: string; readonly endClients: () => void },
): Listening & { readonly gate: Gate } {
  let retry: NodeJS.Timeout | null = null
  let closed = false
  let said = ''
  let port = options.port
  const listen = () => {
    if (!closed && !server.listening) server.listen({ host: options.host, port, backlog: BACKLOG })
  }
  const gate = guardGate(server, { ...GATE, ...options.gate }, () => {
    // The port that the kernel chose, where any would do.
    port = (server.address() as AddressInfo | null)?.port ?? port
    return listen
  })
  server.on('listening', () => {
    said = ''
  })
  server.on('error', (error: Error) => {
    const sentence = `cannot listen on ${options.host}:${options.port} for ${purpose}: ${error.message}`
    if (sentence !== said) options.onProblem(sentence)
    said = sentence
    retry = setTimeout(listen, options.retryMs ?? RETRY_MS)
    retry.unref()
  })
  listen()
  return {
    gate,
    port: () => (server.address() as AddressInfo | null)?.port ?? null,
    close: () => {
      closed = true
      if (retry) clearTimeout(retry)
      gate.close()
      server.close()
      endClients()
    },
  }
}
