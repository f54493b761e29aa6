/**
 * Enables, disables, masks and unmasks, in batches with one Reload.
 * Invariant: what is already as asked costs no change and no Reload; what is reported as done was read back from the
 * disk. Aliases are resolved first: a mask of `mysql.service` would leave `mariadb.service` startable.
 * It never starts or stops anything, and forces no link over a file that is there.
 */
import { messageOf } from '../../core/errors.ts'
import type { Call, FileChangeFailure, FileChanges } from '../../ports/systemd.ts'
import { BusError } from './bus.ts'
import { type FileFacts, failuresOf, isStale, openUnits, type Wanted, type Wish, wishesOf } from './file-wishes.ts'
import type { LinkTarget } from './linked-unit.ts'
import type { Look } from './look.ts'
import { type MaskDropIn, needsDropIn } from './mask-drop-in.ts'

interface Parts {
  readonly look: Look
  readonly dropIn: MaskDropIn
  readonly linkTarget: LinkTarget
}

/** Idempotent: runs from its beginning again when the bus is lost on the way. */
export function changeFiles(parts: Parts, changes: FileChanges, left: () => Call): Promise<FileChangeFailure[]> {
  return new Change(parts, wishesOf(changes), left).run()
}

class Change {
  readonly #look: Look
  readonly #dropIn: MaskDropIn
  readonly #linkTarget: LinkTarget
  readonly #wishes: readonly Wish[]
  readonly #left: () => Call
  readonly #reasons = new Map<string, string>()
  #facts: ReadonlyMap<string, FileFacts> = new Map()
  #changed = false

  constructor(parts: Parts, wishes: readonly Wish[], left: () => Call) {
    this.#look = parts.look
    this.#dropIn = parts.dropIn
    this.#linkTarget = parts.linkTarget
    this.#wishes = wishes
    this.#left = left
  }

  async run(): Promise<FileChangeFailure[]> {
    await this.#read()
    await this.#disable()
    const maskable = this.#open('masked', (unit) => !needsDropIn(unit.fragment))
    await this.#ask('MaskUnitFiles', 'asbb', maskable, [false, false])
    if (maskable.some((unit) => this.#reasons.has(unit))) await this.#read()
    // Those in /etc, and whatever else MaskUnitFiles refused to mask.
    const refused = (unit: FileFacts) => needsDropIn(unit.fragment) || this.#reasons.has(unit.id)
    this.#write(this.#open('masked', refused), (unit) => this.#dropIn.write(unit))
    if (await this.#unmask()) {
      // A mask hides whether the unit is enabled beneath it.
      await this.#read()
      await this.#disable()
    }
    await this.#ask('EnableUnitFiles', 'asbb', this.#open('enabled'), [false, false])
    const stale = [...this.#facts.values()].some((unit) => unit.stale)
    if (this.#changed || stale) await this.#look.manager('Reload', '', [], this.#left())
    if (this.#changed) await this.#read()
    return failuresOf(this.#wishes, this.#facts, this.#reasons)
  }

  async #unmask(): Promise<boolean> {
    const dropIns = this.#open('unmasked', (unit) => unit.dropIn)
    const masked = this.#open('unmasked', (unit) => unit.own === 'masked')
    const runtime = this.#open('unmasked', (unit) => unit.own === 'masked-runtime')
    this.#write(dropIns, (unit) => this.#dropIn.remove(unit))
    await this.#ask('UnmaskUnitFiles', 'asb', masked, [false])
    await this.#ask('UnmaskUnitFiles', 'asb', runtime, [true])
    return dropIns.length + masked.length + runtime.length > 0
  }

  #open(wanted: Wanted, also?: (facts: FileFacts) => boolean): string[] {
    return openUnits(this.#wishes, this.#facts, wanted, also)
  }

  async #disable(): Promise<void> {
    const units = this.#open('disabled')
    const runtime = this.#open('disabled', (unit) => unit.own === 'enabled-runtime')
    const facts = [...this.#facts.values()].filter((unit) => units.includes(unit.id))
    const linked = new Set(facts.map((unit) => this.#linkTarget(unit.fragment)).filter((target) => target !== null))
    await this.#ask('DisableUnitFiles', 'asb', units, [false])
    await this.#ask('DisableUnitFiles', 'asb', runtime, [true])
    await this.#ask('LinkUnitFiles', 'asbb', [...linked], [false, false])
  }

  /** One call for all; when systemd refuses, one for each, since one bad unit must not keep the others from changing. */
  async #ask(member: string, signature: string, units: readonly string[], flags: readonly boolean[]): Promise<void> {
    if (units.length === 0) return
    this.#changed = true
    try {
      await this.#look.manager(member, signature, [units, ...flags], this.#left())
    } catch (thrown) {
      if (!(thrown instanceof BusError) || thrown.answer === '' || thrown.lost) throw thrown
      const [unit, ...more] = units
      if (unit !== undefined && more.length === 0) this.#reasons.set(unit, thrown.message)
      else for (const one of units) await this.#ask(member, signature, [one], flags)
    }
  }

  #write(units: readonly string[], work: (unit: string) => void): void {
    for (const unit of units) {
      this.#changed = true
      try {
        work(unit)
      } catch (thrown) {
        this.#reasons.set(unit, messageOf(thrown))
      }
    }
  }

  async #read(): Promise<void> {
    const call = this.#left()
    const rows = await this.#look.rows(
      this.#wishes.map((wish) => wish.unit),
      call,
    )
    const facts = [...rows].map(async ([name, { id, load, path }]): Promise<[string, FileFacts]> => {
      const [own, fragment, needDaemonReload] = await Promise.all([
        this.#look.ownFileOf(id, call),
        this.#look.property(path, 'Unit', 'FragmentPath', call),
        this.#look.property(path, 'Unit', 'NeedDaemonReload', call),
      ])
      const stale = isStale(load, own, needDaemonReload === true)
      return [name, { id, own, dropIn: this.#dropIn.isThere(id), fragment: String(fragment), stale }]
    })
    this.#facts = new Map(await Promise.all(facts))
  }
}
