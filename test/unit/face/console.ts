/** A terminal that keeps what was written, and a supervisor that decides nothing behind a real control socket. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listenOnControlSocket } from '../../../src/adapters/control/listen.ts'
import { controlServer } from '../../../src/adapters/control/server.ts'
import { run } from '../../../src/face/cli.ts'
import type { Terminal } from '../../../src/face/terminal.ts'
import { FakeControl } from '../../fakes/control.ts'

export interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
}

export class Console {
  readonly folder = mkdtempSync(join(tmpdir(), 'apmode-face-'))
  readonly socketPath = join(this.folder, 'apmode.sock')
  readonly control = new FakeControl()
  private server: Server | null = null

  async listen(): Promise<void> {
    this.server = controlServer(this.control)
    await listenOnControlSocket(this.server, this.socketPath, {})
  }

  close(): void {
    this.server?.close()
    this.server?.closeAllConnections()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async apmode(
    argv: readonly string[],
    how: { terminal?: boolean; width?: number; env?: NodeJS.ProcessEnv } = {},
  ): Promise<Ran> {
    let out = ''
    let err = ''
    const isTerminal = how.terminal ?? false
    const terminal: Terminal = {
      out: (text) => {
        out += text
      },
      err: (text) => {
        err += text
      },
      outIsTerminal: isTerminal,
      errIsTerminal: isTerminal,
      width: how.width ?? (isTerminal ? 80 : Number.POSITIVE_INFINITY),
      environment: { APMODE_SOCKET: this.socketPath, ...how.env },
    }
    const exit = await run(argv, terminal)
    return { exit, out, err }
  }
}
