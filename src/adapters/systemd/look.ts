/**
 * Reads units from systemd: a few small calls instead of GetAll's hundred properties.
 * Invariant: what is returned is what systemd said after the call began; only the states of unit files, which cost
 * systemd 4 ms each, are kept, until systemd says that files changed, and 10 s at most.
 * It changes nothing. A name that is not a unit name is `missing`, never an error.
 */
import { basename } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Call, UnitStatus } from '../../ports/systemd.ts'
import { BusError } from './bus.ts'
import { type Link, MANAGER, MANAGER_PATH, PROPERTIES, SYSTEMD } from './link.ts'
import type { MaskDropIn } from './mask-drop-in.ts'
import { isUnitName } from './unit-name.ts'
import { fileState, missingUnit, type UnitRow, unitRow } from './unit-status.ts'

export class Look {
  readonly #link: Link
  readonly #dropIn: MaskDropIn
  #files = new Map<string, { readonly state: UnitStatus['file']; readonly at: number }>()

  constructor(link: Link, dropIn: MaskDropIn) {
    this.#link = link
    this.#dropIn = dropIn
    // Enable, mask … are told by UnitFilesChanged, changes by hand by the Reload that they need to count.
    link.onSignal(({ member, path }) => {
      if (path === MANAGER_PATH && (member === 'UnitFilesChanged' || member === 'Reloading')) this.#files = new Map()
    })
    link.onState(() => {
      this.#files = new Map()
    })
  }

  manager(member: string, signature: string, body: readonly unknown[], call: Call): Promise<readonly unknown[]> {
    return this.#link.call({ path: MANAGER_PATH, interface: MANAGER, member, signature, body }, call)
  }

  /** One property; `face` is the last word of the interface: `Unit`, `Service`, `Manager`. */
  async property(path: string, face: string, name: string, call: Call): Promise<unknown> {
    const body = [`${SYSTEMD}.${face}`, name]
    const reply = await this.#link.call({ path, interface: PROPERTIES, member: 'Get', signature: 'ss', body }, call)
    return (reply[0] as { value: unknown }).value
  }

  /**
   * By the name that was asked for; one call for all (it loads what is not loaded, and answers with the primary name
   * of an alias). Names that are no unit names have no row.
   */
  async rows(names: readonly string[], call: Call): Promise<Map<string, UnitRow>> {
    const valid = [...new Set(names)].filter(isUnitName)
    const rows = new Map<string, UnitRow>()
    if (valid.length === 0) return rows
    const [list] = await this.manager('ListUnitsByNames', 'as', [valid], call)
    // systemd answers in the order asked for, one row for each valid name (dbus-manager.c, method_list_units_by_names).
    for (const [index, fields] of (list as unknown[][]).entries()) {
      const name = valid[index]
      if (name !== undefined) rows.set(name, unitRow(fields))
    }
    for (const [name, row] of rows) {
      if (row.load !== 'error') continue
      const behind = await this.#behind(row, call)
      if (behind !== null) rows.set(name, behind)
    }
    return rows
  }

  /**
   * An alias of a masked unit does not load (LoadState `error`, "File exists", seen on systemd 252): the file that
   * systemd found for it, the mask, still bears the primary name.
   */
  async #behind(row: UnitRow, call: Call): Promise<UnitRow | null> {
    const id = basename(String(await this.property(row.path, 'Unit', 'FragmentPath', call)))
    if (id === row.id || !isUnitName(id)) return null
    const [list] = await this.manager('ListUnitsByNames', 'as', [[id]], call)
    const [fields] = list as unknown[][]
    return fields === undefined ? null : unitRow(fields)
  }

  async statuses(names: readonly string[], call: Call): Promise<UnitStatus[]> {
    const rows = await this.rows(names, call)
    return Promise.all(
      names.map(async (name) => {
        const row = rows.get(name)
        if (row === undefined) return missingUnit(name)
        const [file, mainPid] = await Promise.all([this.fileOf(row.id, call), this.mainPid(row, call)])
        const { id, active, sub, load, jobPending } = row
        return { name, id, active, sub, file, load, jobPending, mainPid }
      }),
    )
  }

  async mainPid(row: UnitRow, call: Call): Promise<number> {
    if (!row.id.endsWith('.service') || row.active === 'inactive' || row.active === 'missing') return 0
    return Number(await this.property(row.path, 'Service', 'MainPID', call))
  }

  /** The state of the unit's file as it counts: a unit that our drop-in keeps from starting is `masked`. */
  async fileOf(id: string, call: Call): Promise<UnitStatus['file']> {
    if (this.#dropIn.isThere(id)) return 'masked'
    const files = this.#files
    const kept = files.get(id)
    if (kept !== undefined && performance.now() - kept.at < KEEP_FILE_STATE_MS) return kept.state
    const at = performance.now()
    const state = await this.ownFileOf(id, call)
    // Into the map of before the call: what came while files changed goes away with it.
    files.set(id, { state, at })
    return state
  }

  /**
   * The state of the unit's file without regard to our drop-in, looked at now. Manager.GetUnitFileState looks at the disk; the unit's
   * property UnitFileState is a memory of the last look.
   */
  async ownFileOf(id: string, call: Call): Promise<UnitStatus['file']> {
    try {
      const [word] = await this.manager('GetUnitFileState', 's', [id], call)
      return fileState(String(word))
    } catch (thrown) {
      if (thrown instanceof BusError && NO_FILE.has(thrown.answer)) return 'missing'
      throw thrown
    }
  }
}

/** For links put into /etc by hand, without a daemon-reload: systemd itself takes no notice of them either. */
const KEEP_FILE_STATE_MS = 10_000

const NO_FILE = new Set(['org.freedesktop.DBus.Error.FileNotFound', 'org.freedesktop.systemd1.NoSuchUnit'])
