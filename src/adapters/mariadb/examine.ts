/** A connection of `apmode doctor` to a MariaDB, its own or the peer's: it asks, and is closed. Throws ApmodeError. */
import { presenceStatements } from '../../core/presence-statements.ts'
import type { Primary } from '../../ports/database.ts'
import type { Sql } from '../../ports/examination.ts'
import type { Call } from '../../ports/systemd.ts'
import { readPassword } from './follow.ts'
import { openLink, type Target } from './link.ts'
import { presenceIn } from './presence.ts'
import { readReplica } from './replica.ts'

export const localSql = (socket: string, call: Call): Promise<Sql> => openSql({ kind: 'local', socket }, call)

export async function remoteSql(peer: Primary, call: Call): Promise<Sql> {
  const { host, port, user, passwordFile } = peer
  return openSql({ kind: 'remote', host, port, user, password: readPassword(passwordFile) }, call)
}

async function openSql(target: Target, call: Call): Promise<Sql> {
  const link = await openLink(target, call.timeoutMs)
  return {
    version: link.version.text,
    rows: (statement, limitMs) => link.rows(statement, limitMs),
    async presence(node, limitMs) {
      const [row] = await link.rows(presenceStatements.presenceOf(node, limitMs), limitMs)
      return row === undefined ? null : presenceIn(row)
    },
    replica: async (limitMs) => (await readReplica(link, limitMs))?.status ?? null,
    close: link.close,
  }
}
