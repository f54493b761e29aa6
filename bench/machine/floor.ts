/**
 * The floor of a promotion: the SQL and the D-Bus calls that it cannot do without, on warm connections, by a script with
 * nothing around them: no decision, no proof, no file. The look's questions go out together, then each statement in order.
 * Meanwhile the supervisor is frozen. Invariant: afterwards the standby is as it was before.
 */

import { MANAGER, MANAGER_PATH, SYSTEMD } from '../../src/adapters/systemd/link.ts'
import { statements } from '../../src/core/statements.ts'
import { BOOT_UNIT, UNITS } from '../../test/pair/apmode-pair.ts'
import { busOf, connectTo, supervisorPid } from './guest.ts'
import type { IsolatedStandby } from './isolated.ts'

const LIMIT_MS = 10_000
const SELF =
  'SELECT @@global.read_only AS read_only, @@global.gtid_binlog_pos AS binlog_pos, @@global.gtid_slave_pos AS slave_pos'

export interface Floor {
  readonly totalMs: number
  readonly parts: Readonly<Record<string, number>>
}

export async function measureFloor(isolated: IsolatedStandby): Promise<Floor> {
  const { standby, former } = isolated
  const pid = supervisorPid(standby)
  process.kill(pid, 'SIGSTOP')
  const [database, looking, peer, bus] = await Promise.all([
    connectTo(standby),
    connectTo(standby),
    connectTo(former),
    busOf(standby),
  ])
  try {
    const names = [...UNITS, BOOT_UNIT]
    const listUnits = () =>
      bus.call(
        {
          destination: SYSTEMD,
          path: MANAGER_PATH,
          interface: MANAGER,
          member: 'ListUnitsByNames',
          signature: 'as',
          body: [names],
        },
        { timeoutMs: LIMIT_MS },
      )
    const look = () =>
      Promise.all([
        listUnits(),
        looking.run([SELF, statements.lastLead(), statements.replication()], LIMIT_MS),
        peer.rows(SELF, LIMIT_MS),
      ])
    // Each question once beforehand: the supervisor has asked them for days.
    await look()
    const replication = await database.rows(statements.replication(), LIMIT_MS)
    const received = replication[0]?.Gtid_IO_Pos ?? ''

    const parts: Record<string, number> = {}
    const begun = performance.now()
    const timed = async (name: string, work: () => Promise<unknown>) => {
      const from = performance.now()
      await work()
      parts[name] = performance.now() - from
    }
    const run = (sql: readonly string[]) => database.run(sql, LIMIT_MS)
    await timed('look', look)
    await timed('drain', () => run([statements.stopReceiving(), statements.waitFor(received, 1000)]))
    await timed('stop-replication', () => run(statements.stopReplication()))
    await timed('record-lead', () => run(statements.recordLead(standby.name, 'bench: the floor')))
    await timed('forget-primary', () => run(statements.forgetPrimary()))
    await timed('allow-writes', () => run(statements.allowWrites()))
    return { totalMs: performance.now() - begun, parts }
  } finally {
    for (const link of [database, looking, peer]) link.close()
    bus.close()
    try {
      await isolated.followWithoutApmode()
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  }
}
