/**
 * Where the control server listens: on systemd's socket (file descriptor 3, sd_listen_fds(3)) when there is one, else on
 * a socket of its own, for its user alone. A stale socket of a dead supervisor is removed; a living one's is not.
 */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { ApmodeError, messageOf } from '../../core/errors.ts'

const FIRST_PASSED_FD = 3
const PROBE_TIMEOUT_MS = 1000

/** Resolves with where it listens, in words for the log. Throws ApmodeError `failed` or `storage`. */
export async function listenOnControlSocket(
  server: Server,
  path: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  if (socketWasPassed(environment)) {
    // A child of ours must not take them for its own.
    for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete environment[name]
    await listening(server, { fd: FIRST_PASSED_FD }, "systemd's socket")
    return "systemd's socket"
  }
  await clearPath(path)
  mkdirSync(dirname(path), { recursive: true })
  // bind(2) happens within listen(): the socket is never there with wider rights, not even for an instant.
  const umask = process.umask(0o177)
  try {
    await listening(server, { path }, path)
  } finally {
    process.umask(umask)
  }
  chmodSync(path, 0o600)
  return path
}

export function socketWasPassed(environment: NodeJS.ProcessEnv): boolean {
  return environment.LISTEN_PID === String(process.pid) && Number(environment.LISTEN_FDS) >= 1
}

function listening(server: Server, where: { fd: number } | { path: string }, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) =>
      reject(new ApmodeError('failed', `cannot listen on ${name}: ${error.message}`, { cause: error }))
    server.once('error', failed)
    server.listen(where, () => {
      server.removeListener('error', failed)
      resolve()
    })
  })
}

async function clearPath(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket())
    throw new ApmodeError('storage', `cannot listen on ${path}: something else is there, no socket`)
  if (await answers(path)) throw new ApmodeError('failed', `cannot listen on ${path}: another supervisor listens there`)
  try {
    unlinkSync(path)
  } catch (error) {
    throw new ApmodeError('storage', `cannot remove the stale socket ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/** Somebody listens; silence within the limit counts as somebody. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    const done = (listens: boolean) => {
      probe.destroy()
      resolve(listens)
    }
    probe.setTimeout(PROBE_TIMEOUT_MS, () => done(true))
    probe.on('connect', () => done(true))
    probe.on('error', () => done(false))
  })
}
