/** Asks the read-only port of another machine for its part of the cluster: one GET, a limit, nothing sent but the path. */
import { get } from 'node:http'
import { ApmodeError } from '../../core/errors.ts'
import type { ClusterNeighbours } from '../../ports/cluster.ts'
import type { Call } from '../../ports/systemd.ts'
import { parseView } from './view.ts'

const LONGEST_ANSWER = 16 * 1024

export function createNeighbours({ port }: { readonly port: number }): ClusterNeighbours {
  return {
    async ask(address, call) {
      const view = parseView(await textFrom(address, port, call))
      if (typeof view === 'string') throw new ApmodeError('failed', `${address}:${port}: ${view}`)
      return view
    },
  }
}

function textFrom(host: string, port: number, call: Call): Promise<string> {
  const where = `${host}:${port}`
  return new Promise((resolve, reject) => {
    const asked = get({ host, port, path: '/cluster', agent: false, headers: { connection: 'close' } }, (response) => {
      const pieces: Buffer[] = []
      let bytes = 0
      response.on('data', (piece: Buffer) => {
        bytes += piece.length
        if (bytes <= LONGEST_ANSWER) pieces.push(piece)
        else asked.destroy(new ApmodeError('failed', `${where} answers without an end`))
      })
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString('utf8')
        if (response.statusCode === 200) resolve(text)
        else reject(new ApmodeError('failed', `${where} answers ${response.statusCode}`))
      })
      response.on('error', reject)
    })
    const late = () => asked.destroy(new ApmodeError('timeout', `no answer from ${where} within ${call.timeoutMs} ms`))
    const timer = setTimeout(late, call.timeoutMs)
    asked.on('error', (error: NodeJS.ErrnoException) => reject(asApmode(error, where)))
    asked.on('close', () => clearTimeout(timer))
  })
}

function asApmode(error: NodeJS.ErrnoException, where: string): ApmodeError {
  if (error instanceof ApmodeError) return error
  const why = error.code === 'ECONNREFUSED' ? `nothing listens on ${where}` : `${where}: ${error.message}`
  return new ApmodeError('unreachable', why)
}
