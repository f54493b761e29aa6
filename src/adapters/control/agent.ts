/**
 * HAProxy's agent check (`[health] agent_listen`): whoever connects gets one line, from memory, and is let go. It reads
 * nothing, changes nothing, and has a gate of its own, so that a flood of it leaves the other port alone.
 */
import { createServer, type Socket } from 'node:net'
import { agentLine } from '../../core/agent.ts'
import type { Control } from '../../ports/control.ts'
import { factsOf } from './answers.ts'
import { keptListening, type Listening, type ListeningOptions } from './listening.ts'

const MAX_CONNECTIONS = 64

export interface AgentOptions extends ListeningOptions {
  /** False: engine "none". */
  readonly hasDatabase?: boolean
}

export function startAgentServer(control: Pick<Control, 'known' | 'alive'>, options: AgentOptions): Listening {
  const { hasDatabase = true } = options
  const clients = new Set<Socket>()
  const server = createServer((socket) => {
    socket.on('error', () => {}) // It went away.
    if (socket.destroyed) return // Turned away at the gate.
    clients.add(socket)
    socket.once('close', () => clients.delete(socket))
    // What it may send (`agent-send`) is thrown away: unread, it would turn the end into a reset.
    socket.resume()
    socket.end(`${lineOf()}\n`)
  })
  server.maxConnections = MAX_CONNECTIONS
  const lineOf = () => {
    try {
      return agentLine(factsOf({ control, hasDatabase }))
    } catch {
      return 'down #the supervisor cannot answer yet'
    }
  }
  return keptListening(server, options, {
    purpose: "HAProxy's agent check",
    endClients: () => {
      for (const client of clients) client.destroy()
    },
  })
}
