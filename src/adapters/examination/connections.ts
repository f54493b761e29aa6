/** Short connections of `apmode doctor`: is a port open, what does the supervisor say. Each ends at its limit; failures throw. */
import { get, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { ApmodeError } from '../../core/errors.ts'
import type { Call } from '../../ports/systemd.ts'

const late = (what: string, call: Call) => new ApmodeError('timeout', `${what} within ${call.timeoutMs} ms`)

export function connectOnce(host: string, port: number, call: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const timer = setTimeout(() => socket.destroy(late('no connection', call)), call.timeoutMs)
    socket.once('connect', () => {
      resolve()
      socket.destroy()
    })
    socket.once('error', (error: NodeJS.ErrnoException) => reject(error))
    socket.once('close', () => clearTimeout(timer))
  })
}

/** The JSON that the supervisor answers on its socket. */
export async function askSupervisor(socketPath: string, path: string, call: Call): Promise<unknown> {
  const { status, text } = await request({ socketPath, path }, call)
  if (status === 200) return JSON.parse(text)
  throw new ApmodeError('failed', `the supervisor answers ${status}: ${text.slice(0, 300)}`)
}

export async function statusOf(host: string, port: number, path: string, call: Call): Promise<number> {
  return (await request({ host, port, path }, call)).status
}

function request(options: RequestOptions, call: Call): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = get({ ...options, agent: false, headers: { connection: 'close' } }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') }),
      )
      response.on('error', reject)
    })
    const timer = setTimeout(() => asked.destroy(late('no answer', call)), call.timeoutMs)
    asked.on('error', reject)
    asked.on('close', () => clearTimeout(timer))
  })
}
