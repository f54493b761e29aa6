/**
 * A server on a Unix socket that sends one greeting, or nothing at all, and remembers what it was sent. For tests of what
 * happens before anybody has logged in.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'

export interface FakeServer {
  readonly socket: string
  /** Bytes that clients have sent. */
  readonly received: () => number
  close(): Promise<void>
}

/** `packet` null: accepts connections and stays silent. */
export async function fakeServer(packet: Buffer | null): Promise<FakeServer> {
  const folder = mkdtempSync(`${tmpdir()}/mdb-fake-`)
  const socket = `${folder}/s`
  const peers = new Set<net.Socket>()
  let received = 0
  const server = net.createServer((peer) => {
    peers.add(peer)
    peer.on('error', () => {})
    peer.on('data', (data) => {
      received += data.length
    })
    if (packet !== null) peer.write(packet)
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return {
    socket,
    received: () => received,
    async close() {
      for (const peer of peers) peer.destroy()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A protocol 10 greeting with this version, complete enough for a client to answer. */
export function greeting(version: string): Buffer {
  const body = Buffer.concat([
    Buffer.from([10]),
    Buffer.from(`${version}\0`, 'latin1'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('abcdefgh\0', 'latin1'),
    Buffer.from([0xff, 0xf7, 45, 2, 0, 0xff, 0x81, 21]),
    Buffer.alloc(10),
    Buffer.from('abcdefghijkl\0', 'latin1'),
    Buffer.from('mysql_native_password\0', 'latin1'),
  ])
  return framed(body)
}

/** An error packet in place of a greeting, as `Too many connections` comes. */
export function refusal(errno: number, text: string): Buffer {
  return framed(Buffer.concat([Buffer.from([0xff, errno & 0xff, errno >> 8]), Buffer.from(text, 'latin1')]))
}

function framed(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([body.length & 0xff, body.length >> 8, 0, 0]), body])
}
