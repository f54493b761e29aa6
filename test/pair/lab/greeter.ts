/**
 * The program of a tiny TCP server, in the client's network namespace: it greets each connection with its own name and the address
 * that it came from, which is the proxy's. Usage: node greeter.ts NAME ADDRESS PORT
 */
import { createServer } from 'node:net'

const [name = '', address = '', port = ''] = process.argv.slice(2)

const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.write(`${name} ${socket.remoteAddress}\n`)
})
server.listen(Number(port), address)
