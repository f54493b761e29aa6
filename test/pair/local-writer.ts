/**
 * A client on one machine itself, past the VIP: writes numbered rows through the database's Unix socket, one after the
 * other, and connects again at once when it was ended. It is not part of the machine, so a frozen machine does not stop it.
 * Invariant: a number is written at most once, and "acknowledged" is never a guess.
 */
import mysql from 'mysql2/promise'
import type { LabNode } from './lab/node.ts'

const SOCKET = '/run/mysqld/mysqld.sock'

export interface LocalAcknowledged {
  readonly n: number
  /** Epoch milliseconds. */
  readonly begun: number
  readonly at: number
}

export interface LocalWriter {
  readonly acknowledged: readonly LocalAcknowledged[]
  readonly connects: number
  /** Moment of the newest acknowledgement; 0: none. */
  lastAt(): number
  stop(): Promise<void>
}

export interface LocalWriterOptions {
  readonly user: string
  readonly password: string
  readonly firstNumber: number
  /** Connects anew for each write. */
  readonly briefly?: boolean
}

const now = () => performance.timeOrigin + performance.now()

export function startLocalWriter(node: LabNode, options: LocalWriterOptions): LocalWriter {
  const acknowledged: LocalAcknowledged[] = []
  let on = true
  let connects = 0
  let n = options.firstNumber
  let current: mysql.Connection | null = null

  const session = async () => {
    const pid = node.leaderPid()
    if (pid === null) return
    const { user, password } = options
    const opened = await mysql.createConnection({ user, password, socketPath: `/proc/${pid}/root${SOCKET}` })
    opened.on('error', () => {})
    current = opened
    connects += 1
    try {
      while (on) {
        const number = n++
        const begun = now()
        await opened.query(`INSERT INTO app.entry (n, via) VALUES (${number}, 'local ${node.name}')`)
        acknowledged.push({ n: number, begun, at: now() })
        if (options.briefly === true) return
      }
    } finally {
      opened.destroy()
    }
  }
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  const ended = (async () => {
    while (on) await session().catch(() => pause(1))
  })()
  return {
    acknowledged,
    get connects() {
      return connects
    },
    lastAt: () => acknowledged.at(-1)?.at ?? 0,
    async stop() {
      on = false
      current?.destroy()
      // A query whose connection was destroyed never settles.
      await Promise.race([ended, pause(500)])
    },
  }
}
