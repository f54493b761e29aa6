/**
 * What stands behind a balancer of the recipes: web servers and databases as far as a balancer sees them. Its argument is
 * JSON: [{ name, address, port, speaks }]. A web server answers its name; /slow takes two seconds, piece by piece. A
 * "database" greets with its name and says every line again.
 */
import { createServer as createWeb } from 'node:http'
import { createServer } from 'node:net'

export interface Backend {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly speaks: 'http' | 'lines'
}

const PIECES = 20
const PIECE_MS = 100

function web(name: string) {
  return createWeb((request, response) => {
    if (request.url !== '/slow') {
      response.end(`${name}\n`)
      return
    }
    let left = PIECES
    const timer = setInterval(() => {
      left -= 1
      response.write(`${name}\n`)
      if (left > 0) return
      clearInterval(timer)
      response.end()
    }, PIECE_MS)
    response.on('close', () => clearInterval(timer))
  })
}

function lines(name: string) {
  return createServer((socket) => {
    socket.on('error', () => {})
    socket.write(`${name}\n`)
    socket.pipe(socket)
  })
}

for (const { name, address, port, speaks } of JSON.parse(process.argv[2] ?? '[]') as Backend[]) {
  const server = speaks === 'http' ? web(name) : lines(name)
  server.listen(port, address)
}
