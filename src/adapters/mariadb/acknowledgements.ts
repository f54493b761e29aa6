/** How the acknowledgements of a semi-sync primary come in. It only looks, on the connection for looking. */
import { statements } from '../../core/statements.ts'
import type { Acknowledgements } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { cannot } from './failure.ts'
import type { Row } from './link.ts'
import { countdown, linkOf, type Session } from './session.ts'

export async function acknowledgements(session: Session, call: Call): Promise<Acknowledgements> {
  const left = countdown(call)
  try {
    const link = await linkOf(session, 'observe', left.leftMs())
    return countersOf(await link.rows(statements.acknowledgements(), left.leftMs()))
  } catch (error) {
    throw cannot('see how acknowledgements come in', error, session.where)
  }
}

export function countersOf(rows: readonly Row[]): Acknowledgements {
  const counterOf = (name: string) => Number(rows.find((row) => row.Variable_name === name)?.Value ?? 0)
  return {
    waiting: counterOf('Rpl_semi_sync_master_wait_sessions'),
    received: counterOf('Rpl_semi_sync_master_yes_tx'),
  }
}
