/**
 * Starts the units of a machine that begins the cluster: its database is let be the first member (safe_to_bootstrap in
 * grastate.dat), then started as it. Invariant: where nothing came of it, the mark is gone again: a later start would take it for
 * Galera's own word that nobody can have gone on without this member. Galera's own is left as it was.
 */
import type { UnitConfig } from '../../core/config.ts'
import { messageOf } from '../../core/errors.ts'
import type { Position } from '../../core/galera-state.ts'
import { databaseUnitOf, isDown } from '../../core/observed.ts'
import type { Account } from '../account.ts'
import type { Tell } from '../jobs.ts'
import type { Services } from '../services.ts'
import type { Supervisor } from '../supervisor.ts'
import { ALLOW } from './planned.ts'

export const FILE_MS = 10_000

export class FirstMember {
  readonly #supervisor: Supervisor
  readonly #services: Services

  constructor(supervisor: Supervisor, services: Services) {
    this.#supervisor = supervisor
    this.#services = services
  }

  /** `position`: where its data stands, as it was decided by. `units`: all of them if not given. */
  async start(
    position: Position,
    account: Account,
    tell: Tell,
    grants: AbortSignal,
    units?: readonly UnitConfig[],
  ): Promise<void> {
    const galeras = await this.#isMarked()
    let begun = false
    try {
      await this.#allow(position, account, tell)
      if (!account.failed) await this.#services.start(account, tell, grants, 'first member', units)
      begun = !account.failed
    } finally {
      if (!begun && !galeras) await this.#forbid()
    }
  }

  async isDown(): Promise<boolean> {
    const unit = databaseUnitOf(await this.#supervisor.settler.look('anew'))
    return unit !== undefined && isDown(unit)
  }

  async #isMarked(): Promise<boolean> {
    const { cluster } = this.#supervisor.parts
    // A file that cannot be read is said by whoever writes it next.
    const saved = await cluster?.files.saved({ timeoutMs: FILE_MS }).catch(() => null)
    return saved?.safeToBootstrap === true
  }

  async #allow(position: Position, account: Account, tell: Tell): Promise<void> {
    const { cluster, clock } = this.#supervisor.parts
    const begun = clock.elapsed()
    tell({ type: 'begin', step: ALLOW.step, sentence: ALLOW.sentence })
    let detail = ''
    try {
      await cluster?.files.allowBootstrap(position, { timeoutMs: FILE_MS })
    } catch (thrown) {
      detail = messageOf(thrown)
    }
    const ok = detail === ''
    const record = { ...ALLOW, ms: Math.round((clock.elapsed() - begun) * 10) / 10, ok, detail }
    account.done.push(record)
    if (!ok) account.failed = true
    tell({ type: 'step', ...record })
  }

  async #forbid(): Promise<void> {
    const { cluster, log } = this.#supervisor.parts
    if (!(await this.isDown())) return
    await cluster?.files
      .forbidBootstrap({ timeoutMs: FILE_MS })
      .catch((thrown: unknown) => log.warn({}, messageOf(thrown)))
  }
}
