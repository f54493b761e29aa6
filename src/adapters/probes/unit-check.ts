/**
 * One attempt of a unit's check: HTTP with the expected status, a TCP connection, or a program. Whatever goes wrong is a
 * sentence. Every attempt is a new connection: a kept one would not show that a service has stopped accepting.
 */
import { execFile } from 'node:child_process'
import { get } from 'node:http'
import { connect } from 'node:net'
import type { UnitConfig } from '../../core/config.ts'
import { messageOf } from '../../core/errors.ts'
import type { Probe } from '../../ports/probe.ts'

/** null: the unit has no check. */
export function unitProbe(unit: UnitConfig): Probe | null {
  const { check, checkStatus, name } = unit
  if (check === null) return null
  switch (check.kind) {
    case 'http':
      return { about: name, attempt: (signal) => http(check, checkStatus, signal) }
    case 'tcp':
      return { about: name, attempt: (signal) => tcp(check.host, check.port, signal) }
    case 'command':
      return { about: name, attempt: (signal) => command(check.argv, signal) }
  }
}

function http(
  { host, port, path }: { host: string; port: number; path: string },
  expected: number,
  signal: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get({ host, port, path, signal, agent: false, headers: { connection: 'close' } }, (response) => {
      response.resume()
      const { statusCode } = response
      resolve(statusCode === expected ? null : `${path} answers ${statusCode}, expected ${expected}`)
    })
    request.on('error', (error) => resolve(signal.aborted ? `${path} does not answer` : messageOf(error)))
  })
}

function tcp(host: string, port: number, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal })
    socket.on('connect', () => {
      socket.destroy()
      resolve(null)
    })
    socket.on('error', (error) => resolve(signal.aborted ? `port ${port} does not answer` : messageOf(error)))
  })
}

function command(argv: readonly string[], signal: AbortSignal): Promise<string | null> {
  const [program = '', ...words] = argv
  return new Promise((resolve) => {
    execFile(program, words, { signal, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 }, (error, _stdout, stderr) => {
      if (error === null) return resolve(null)
      if (signal.aborted) return resolve(`${program} does not end`)
      const said = stderr.trim().split('\n').at(-1)
      const how = typeof error.code === 'number' ? `ended with ${error.code}` : messageOf(error)
      resolve(said === undefined || said === '' ? `${program} ${how}` : `${program} ${how}: ${said}`)
    })
  })
}
