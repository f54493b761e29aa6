/**
 * A standby by itself, to measure its supervisor without VRRP: on host2 a `keepalived.service` that only sleeps, on host1
 * nothing but a read-only database, which is still the primary that host2 follows, as after a fault of its API. The VIP
 * is put onto host2 by the bench. Invariant: `bringBack` ends with host2 following host1 in mode `ap`, or throws.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { statements } from '../../src/core/statements.ts'
import type { ApmodePair, Machine } from '../../test/pair/apmode-pair.ts'
import { VIP } from '../../test/pair/lab/network.ts'
import { waitFor } from '../../test/pair/lab/wait.ts'
import { sql, startOn, statusOf } from './guest.ts'

const PATIENCE_MS = 15_000
/** As in the lab's configuration. */
const REPLICATION = { user: 'replication', password: 'a secret of the lab', port: 3306 }
const DROP_IN = '/run/systemd/system/keepalived.service.d/bench.conf'
const SLEEPER = '[Service]\nType=exec\nPIDFile=\nExecStart=\nExecStart=/bin/sleep infinity\nExecReload=\n'

/** How the primary is when the standby takes over; `refused`: its database is down, as after a kill. */
export type Primary = 'read-only' | 'refused'

export class IsolatedStandby {
  readonly standby: Machine
  readonly former: Machine
  readonly #ip: ReturnType<typeof startOn>

  private constructor(pair: ApmodePair) {
    this.standby = pair.host2
    this.former = pair.host1
    // Already started, so that no process has to be started while the clock runs.
    this.#ip = startOn(this.standby, ['ip', '-force', '-batch', '-'], 3_600_000)
    this.#ip.stdout.resume()
    this.#ip.stderr.resume()
  }

  static async begin(pair: ApmodePair): Promise<IsolatedStandby> {
    const { host1, host2 } = pair
    await host2.writeFile(DROP_IN, SLEEPER)
    await host2.shell('systemctl daemon-reload; systemctl restart keepalived')
    await host1.shell('systemctl stop apmode.socket apmode.service; systemctl stop keepalived api')
    await sql(host1, 'SET GLOBAL read_only=1')
    const isolated = new IsolatedStandby(pair)
    await isolated.#followed()
    return isolated
  }

  /** keepalived's own part: the kernel has the address when this returns. */
  addVip(): void {
    this.#ip.stdin.write(`address add ${VIP}/24 dev ${this.standby.interface}\n`)
    const limit = performance.now() + PATIENCE_MS
    while (!this.hasVip()) if (performance.now() > limit) throw new Error('cannot put the VIP onto the standby')
  }

  removeVip(): void {
    this.#ip.stdin.write(`address del ${VIP}/24 dev ${this.standby.interface}\n`)
  }

  hasVip(): boolean {
    const table = readFileSync(`/proc/${this.standby.leaderPid()}/net/fib_trie`, 'utf8')
    return table.includes(`|-- ${VIP}\n`)
  }

  /** host2 lets go, host1 gets what was written meanwhile, host2 follows again: by apmode, as after a failover. */
  async bringBack(): Promise<void> {
    this.removeVip()
    // Its own word, not the database's: a fence ends every session after it has set read_only, ours too.
    await waitFor(async () => (await statusOf(this.standby)).lastChange?.to.vrrp === 'backup', {
      patienceMs: PATIENCE_MS,
      reason: `${this.standby.name} fenced`,
    })
    await this.catchUp()
    await this.standby.must(['apmode', 'set', 'ap'], { timeoutMs: 30_000 })
    await this.#followed()
  }

  /** host1 replicates from host2 what host2 has written, and is the primary again. */
  async catchUp(): Promise<void> {
    const { standby, former } = this
    const [row] = await sql(standby, 'SELECT @@global.gtid_binlog_pos AS position')
    await follow(former, standby.address)
    await sql(
      former,
      statements.waitFor(row?.position ?? '', PATIENCE_MS),
      'STOP SLAVE',
      'RESET SLAVE ALL',
      'SET GLOBAL rpl_semi_sync_master_enabled=1',
    )
  }

  /** The same as apmode's `follow`, for the times in which apmode is kept out. */
  async followWithoutApmode(): Promise<void> {
    await sql(this.standby, 'SET GLOBAL read_only=1')
    await this.catchUp()
    await follow(this.standby, this.former.address)
    await waitFor(async () => (await sql(this.standby, 'SHOW SLAVE STATUS'))[0]?.Slave_IO_Running === 'Yes', {
      patienceMs: PATIENCE_MS,
      reason: `${this.standby.name} following ${this.former.name}`,
    })
  }

  /** The former primary's database is killed (and started again), without a word. */
  async primary(state: Primary): Promise<void> {
    if (state === 'refused') {
      await this.former.shell('systemctl kill -s KILL mariadb; systemctl stop mariadb')
      await waitFor(async () => (await statusOf(this.standby)).replication?.io === 'Connecting', {
        patienceMs: PATIENCE_MS,
        reason: `${this.standby.name} without a primary`,
      })
      await pause(500)
    } else if ((await this.former.exec(['systemctl', 'is-active', 'mariadb'])).code !== 0) {
      await this.former.must(['systemctl', 'start', 'mariadb'], { timeoutMs: 30_000 })
    }
  }

  async #followed(): Promise<void> {
    await waitFor(
      async () => {
        const { mode, vrrp, replication, units } = await statusOf(this.standby)
        const disabled = units.every(({ file }) => file === 'disabled')
        return mode === 'ap' && vrrp === 'backup' && replication?.io === 'Yes' && replication.sql && disabled
      },
      { patienceMs: PATIENCE_MS, reason: `${this.standby.name} following ${this.former.name} in ap` },
    )
    // The last change was followed by a look at 200 ms.
    await pause(350)
  }

  end(): void {
    this.#ip.stdin.end()
  }
}

async function follow(replica: Machine, primary: string): Promise<void> {
  const texts = statements.follow(primary, REPLICATION.port, REPLICATION.user, 'clause')
  await sql(replica, ...texts.map((text) => text.replace("'***'", `'${REPLICATION.password}'`)))
}
