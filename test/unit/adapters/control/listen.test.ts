import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listenOnControlSocket, socketWasPassed } from '../../../../src/adapters/control/listen.ts'
import { ask } from './ask.ts'

let folder: string
let path: string
let servers: Server[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-listen-'))
  path = join(folder, 'run', 'apmode.sock')
  servers = []
})
afterEach(() => {
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true, force: true })
})

function server(): Server {
  const made = createServer((_request, response) => response.end('here'))
  servers.push(made)
  return made
}

describe('where the control server listens', () => {
  it('is a socket for its user alone, in a folder that it creates', async () => {
    const umask = process.umask()
    expect(await listenOnControlSocket(server(), path, {})).toBe(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(process.umask()).toBe(umask)
    expect((await ask({ socketPath: path }, 'GET', '/')).text).toBe('here')
  })

  it('is not where another supervisor listens', async () => {
    await listenOnControlSocket(server(), path, {})
    await expect(listenOnControlSocket(server(), path, {})).rejects.toThrow(/another supervisor listens there/)
    expect((await ask({ socketPath: path }, 'GET', '/')).text).toBe('here')
  })

  it('replaces the socket that a killed supervisor left behind', async () => {
    const program = `const s = require('node:net').createServer().listen(${JSON.stringify(join(folder, 'stale'))}, () => process.kill(process.pid, 'SIGKILL'))`
    await new Promise((resolve) => spawn(process.execPath, ['-e', program]).on('exit', resolve))
    expect(existsSync(join(folder, 'stale'))).toBe(true)
    await listenOnControlSocket(server(), join(folder, 'stale'), {})
    expect((await ask({ socketPath: join(folder, 'stale') }, 'GET', '/')).text).toBe('here')
  })

  it('never removes what is no socket', async () => {
    writeFileSync(join(folder, 'file'), 'precious')
    await expect(listenOnControlSocket(server(), join(folder, 'file'), {})).rejects.toThrow(/something else is there/)
    expect(existsSync(join(folder, 'file'))).toBe(true)
  })

  it("is systemd's socket only when it was passed to this very process", () => {
    expect(socketWasPassed({ LISTEN_PID: String(process.pid), LISTEN_FDS: '1' })).toBe(true)
    expect(socketWasPassed({ LISTEN_PID: '1', LISTEN_FDS: '1' })).toBe(false)
    expect(socketWasPassed({ LISTEN_PID: String(process.pid), LISTEN_FDS: '0' })).toBe(false)
    expect(socketWasPassed({})).toBe(false)
  })
})
